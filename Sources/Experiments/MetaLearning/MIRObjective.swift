import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// What a network is told to do about a task's examples, and how well it does it.
struct MIRObjective: Sendable {
  let kind: MIRTaskKind
  /// The network's, with the head of the task.
  let shape: UniversalMIRConfiguration

  init(_ task: MIRTask, _ shape: UniversalMIRConfiguration) {
    kind = task.kind
    var headed = shape
    headed.head = task.kind.head(classes: max(2, task.classes.count))
    self.shape = headed
  }

  private var frames: Int { shape.clipSamples / shape.frameSamples }
  private func time(ofFrame frame: Int) -> Double { (Double(frame) + 0.5) / shape.framesPerSecond }

  /// The sounds of examples, `[batch, samples, channels]`.
  func sounds(_ examples: [MIRExample]) -> Tensor {
    Tensor([examples.count, shape.clipSamples, shape.channels], examples.flatMap(\.sound))
  }

  // MARK: - Loss

  /// Cross-entropy of classes or logits, or the squared error of a sound as a share of the mixture's power: a number of
  /// the order of 1 for every kind.
  func loss(_ output: Tensor, _ examples: [MIRExample]) -> Tensor {
    switch kind {
    case .tempo, .key, .classes: return crossEntropy(output, examples.map(\.number))
    case .chords: return crossEntropy(output, examples.flatMap(chordClasses), ignoring: -1)
    case .source:
      let target = Tensor(output.shape, examples.flatMap(\.target))
      // As loud as 1, each: a soft clip counts as much as a loud one.
      let power = sounds(examples).squared().mean(axes: [1, 2], keepingAxes: true) + 1e-6
      return ((output - target).squared() / power).mean()
    case .activity, .onsets, .beats, .notes:
      return binaryCrossEntropyWithLogits(output, Tensor(output.shape, examples.flatMap(truth)))
    }
  }

  /// The chord in the middle of every frame, -1 where it is no class.
  private func chordClasses(_ example: MIRExample) -> [Int] {
    guard case .spans(let spans) = example.labels else { return [] }
    let none = ChordLabel.classCount - 1
    return (0..<frames).map { frame in
      let time = time(ofFrame: frame)
      return spans.first { $0.start <= time && time < $0.end }?.number ?? none
    }
  }

  /// One or zero for every frame and output.
  private func truth(_ example: MIRExample) -> [Float] {
    let outputs = shape.head.outputs
    var truth = [Float](repeating: 0, count: frames * outputs)
    switch example.labels {
    case .times(let times):
      for time in times { truth[min(frames - 1, Int(time * shape.framesPerSecond))] = 1 }
    case .spans(let spans):
      for span in spans {
        let output = kind == .notes ? span.number - MIRTaskKind.keys.lowerBound : 0
        // A note begins in the frame its onset lies in; activity is where the middle of a frame is.
        let shift = kind == .notes ? 0 : 0.5
        let first = max(0, Int((span.start * shape.framesPerSecond + shift).rounded(.down)))
        let end = min(frames, Int((span.end * shape.framesPerSecond + shift).rounded(.down)))
        for frame in first..<max(first, end) { truth[frame * outputs + output] = 1 }
      }
    default: break
    }
    return truth
  }

  // MARK: - Figures

  /// What a network says about examples, some at a time.
  func outputs(of network: UniversalMIR, _ examples: [MIRExample]) -> [Tensor] {
    stride(from: 0, to: examples.count, by: 8).flatMap { first in
      let part = Array(examples[first..<min(first + 8, examples.count)])
      let output = network(sounds(part))
      return part.indices.map { output.sliced(axis: 0, $0..<$0 + 1) }
    }
  }

  /// Whether a threshold decides what was found.
  private var needsThreshold: Bool { [.onsets, .beats, .notes].contains(kind) }

  /// The threshold on probabilities that suits examples best; 0.5 where none is needed.
  func threshold(of network: UniversalMIR, on examples: [MIRExample]) -> Double {
    guard needsThreshold else { return 0.5 }
    let outputs = outputs(of: network, examples)
    let choices = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    let scores = choices.map { score(outputs, examples, threshold: $0) }
    // The middle of equally good ones.
    let best = choices.indices.filter { scores[$0] == scores.max() }
    return choices[best[best.count / 2]]
  }

  /// The task's figure: a mean over examples, or one over all frames for AU-ROC. Higher is better.
  func score(_ outputs: [Tensor], _ examples: [MIRExample], threshold: Double) -> Double {
    if kind == .activity {
      let truths = examples.flatMap(truth).map { $0 > 0 }
      return RankedArea(scores: outputs.flatMap(\.scalars), isPositive: truths)?.value ?? .nan
    }
    let scores = zip(outputs, examples).map { score($0, $1, threshold) }.filter { !$0.isNaN }
    return scores.isEmpty ? .nan : scores.reduce(0, +) / Double(scores.count)
  }

  private func score(_ output: Tensor, _ example: MIRExample, _ threshold: Double) -> Double {
    switch kind {
    case .activity: return .nan
    case .source:
      func sound(_ samples: [Float]) -> AudioBuffer {
        AudioBuffer(samples: samples, channels: shape.channels, sampleRate: shape.sampleRate)
      }
      // Where the source rests there is no ratio.
      if sound(example.target).rms < 1e-3 { return .nan }
      return EnergyScores(reference: sound(example.target), estimate: sound(output.scalars)).scaleInvariantRatio
    case .tempo:
      guard case .oneOf(_, let tempo) = example.labels else { return .nan }
      return tempoScore(reference: (0, tempo), weight: 0, estimate: (0, MIRTaskKind.tempi[output.argmax(axis: 2)[0]]))
    case .key:
      return MIRTaskKind.key(ofClass: example.number).score(ofEstimate: MIRTaskKind.key(ofClass: output.argmax(axis: 2)[0]))
    case .classes: return output.argmax(axis: 2)[0] == example.number ? 1 : 0
    case .onsets, .beats:
      guard case .times(let times) = example.labels else { return .nan }
      // Nothing to find and nothing found says nothing.
      let found = peaks(output.sigmoid().scalars.map(Double.init), threshold)
      if times.isEmpty && found.isEmpty { return .nan }
      return eventScores(reference: times, estimate: found, tolerance: kind == .beats ? 0.07 : 0.05).fMeasure
    case .chords:
      guard case .spans(let spans) = example.labels else { return .nan }
      let length = example.seconds
      let reference = spans.map { span in
        TimedChord(
          start: max(0, span.start), end: min(span.end, length),
          label: span.number < 0 ? .other : ChordLabel(index: span.number))
      }
      let estimate = output.argmax(axis: 2).enumerated().map { frame, index in
        TimedChord(
          start: Double(frame) / shape.framesPerSecond, end: Double(frame + 1) / shape.framesPerSecond,
          label: ChordLabel(index: index))
      }
      return chordOverlap(reference: reference, estimate: estimate)
    case .notes:
      guard case .spans(let spans) = example.labels else { return .nan }
      let reference = spans.filter { $0.start > 0 }.map { TranscribedNote(start: $0.start, end: $0.end, key: $0.number) }
      let found = notes(output.sigmoid().scalars.map(Double.init), threshold)
      if reference.isEmpty && found.isEmpty { return .nan }
      return noteScores(reference: reference, estimate: found).fMeasure
    }
  }

  /// The times of frames that stand out above a threshold.
  private func peaks(_ values: [Double], _ threshold: Double) -> [Double] {
    values.indices.filter { index in
      values[index] > threshold && (index == 0 || values[index] >= values[index - 1])
        && (index + 1 == values.count || values[index] > values[index + 1])
    }.map(time(ofFrame:))
  }

  /// Stretches above a threshold, of each key. One that the clip begins with began before it.
  private func notes(_ values: [Double], _ threshold: Double) -> [TranscribedNote] {
    let keys = MIRTaskKind.keys
    var notes: [TranscribedNote] = []
    for (place, key) in keys.enumerated() {
      var first: Int?
      for frame in 0...frames {
        let isOn = frame < frames && values[frame * keys.count + place] > threshold
        if isOn, first == nil { first = frame }
        guard !isOn, let start = first else { continue }
        if start > 0 { notes.append(TranscribedNote(start: time(ofFrame: start), end: time(ofFrame: frame), key: key)) }
        first = nil
      }
    }
    return notes
  }
}

extension MIRExample {
  /// The number of the class.
  fileprivate var number: Int {
    guard case .oneOf(let number, _) = labels else { return 0 }
    return number
  }
}
