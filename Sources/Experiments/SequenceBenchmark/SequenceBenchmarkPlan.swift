import SwiftDL
import SwiftDLModels

/// What the suite shall measure.
public struct SequenceBenchmarkSettings: Sendable {
  /// Smaller and fewer: under a minute.
  public var quick: Bool
  public var divisions = BenchmarkSubject.Division.allCases
  public var tasks = SequenceBenchmarkPlan.tasks
  /// Only models whose name contains one of these; all when empty.
  public var models: [String] = []
  public var measurements = SequenceMeasurement.allCases
  /// Receptive fields of the sweep over context.
  public var contexts: [Int]
  public var threads = ComputeContext.current.threads
  /// Windows per training step of raw audio; the paper's figures are for 2.
  public var audioBatch = 1
  /// Repetitions of a group of benchmarks at the most, and at the least: in between, `seconds` decide.
  public var repetitions: ClosedRange<Int>
  /// Seconds after which a group does not repeat any more.
  public var seconds: Double

  public init(quick: Bool = false) {
    self.quick = quick
    contexts = quick ? [1 << 10, 1 << 12, 1 << 14] : [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18]
    repetitions = quick ? 2...5 : 4...11
    seconds = quick ? 0.5 : 2
  }
}

/// The benchmarks of a run in groups. Those of a group are compared with each other, so they are repeated in turn:
/// what disturbs the machine disturbs all of them alike.
public struct SequenceBenchmarkPlan: Sendable {
  struct Entry: Sendable {
    let subject: BenchmarkSubject
    let model: SequenceModel

    /// Whether PyTorch runs it too: what is compared with the paper or matched, and the picture of cost over context.
    /// Streams are ours alone, but for WaveNet's, whose cached loop everybody writes.
    var isWorthAPeer: Bool {
      switch subject.measurement {
      case .training: !subject.division.isSweep
      case .inference: !subject.division.isSweep || subject.division == .contextSweep
      case .naiveGeneration: subject.division == .asPublished
      case .cachedGeneration:
        if case .waveNet = model { subject.precision == StreamWeights.float32.rawValue } else { false }
      }
    }
  }
  struct Group: Sendable {
    let title: String
    let entries: [Entry]
  }

  public static let tasks = PublishedTable.tasks
  /// Parameters of the networks that have equally many.
  static let matchedParameters = 1_000_000
  /// The receptive field of matched networks where it is not swept.
  static let matchedContext = 4096

  let groups: [Group]
  /// The benchmarks' names, in the order they are run.
  public var names: [String] { groups.flatMap(\.entries).map(\.subject.name) }
  /// Names of all networks that the plan knows, whatever was asked for.
  public static var modelNames: [String] {
    published.map(\.name) + ["seq-u-net-audio-realtime", "wavenet-64-channels"]
      + MatchedModels.Kind.allCases.map(\.rawValue)
  }

  public init(_ settings: SequenceBenchmarkSettings) {
    var groups: [Group] = []
    func add(_ division: BenchmarkSubject.Division, _ entries: [(SequenceMeasurement) -> Entry?]) {
      guard settings.divisions.contains(division) else { return }
      for measurement in settings.measurements {
        let entries = entries.compactMap { $0(measurement) }.filter { entry in
          settings.models.isEmpty || settings.models.contains { entry.subject.model.contains($0) }
        }
        guard let subject = entries.first?.subject else { continue }
        let title = [division.rawValue, subject.task, measurement.rawValue].joined(separator: " ")
        groups.append(Group(title: title, entries: entries))
      }
    }
    for task in settings.tasks where !settings.quick || task != "word" && task != "muse" {
      add(
        .asPublished,
        Self.published.filter { $0.task == task }.map { published in
          { published.entry($0, settings) }
        })
    }
    let matched: [BenchmarkSubject.Division] = [.matchedParameters] + (settings.quick ? [] : [.matchedContext])
    for division in matched {
      add(division, Self.matched(division, context: Self.matchedContext, settings, outputs: 4096))
    }
    for context in settings.contexts {
      add(.contextSweep, Self.matched(.contextSweep, context: context, settings, outputs: 8192))
    }
    for outputs in settings.quick ? [] : [1024, 4096, 16384] {
      add(.lengthSweep, Self.matched(.lengthSweep, context: Self.matchedContext, settings, outputs: outputs))
    }
    for batch in settings.quick ? [1, 4] : [1, 2, 4] {
      add(.batchSweep, Self.matched(.batchSweep, context: 1024, settings, outputs: 1024, batch: batch))
    }
    for threads in settings.quick ? [] : Self.threadCounts(upTo: settings.threads) {
      add(
        .threadsSweep,
        Self.matched(
          .threadsSweep, context: Self.matchedContext, settings, outputs: 4096, threads: threads))
    }
    add(.precisionSweep, Self.precisions(settings))
    self.groups = groups
  }

  /// 1, 2, 4, … and all.
  static func threadCounts(upTo most: Int) -> [Int] {
    Array(sequence(first: 1) { $0 * 2 < most ? $0 * 2 : nil }) + (most > 1 ? [most] : [])
  }

  /// Of generation: the context of one frame, or as many frames as make whole cycles of every network's rates.
  fileprivate static func window(of model: SequenceModel, _ measurement: SequenceMeasurement) -> WindowLengths? {
    switch measurement {
    case .training, .inference: nil
    case .naiveGeneration: model.window(forOutputFrames: 1)
    case .cachedGeneration: WindowLengths(input: model.receptiveField, output: 1024)
    }
  }

  // MARK: As published

  struct Published: Sendable {
    let task: String
    let name: String
    /// Frames in and out of a training step; the latter ones are scored.
    let window: WindowLengths
    /// The paper's; of audio, the settings tell.
    let batch: Int

    func entry(_ measurement: SequenceMeasurement, _ settings: SequenceBenchmarkSettings) -> Entry? {
      guard let model = SequenceModel(preset: name) else { return nil }
      // A training step of raw audio takes seconds.
      if settings.quick && task == "audio" && measurement == .training { return nil }
      // Caches hold the same, however the parallel pass crops.
      if measurement == .cachedGeneration && name.hasSuffix("cropped") { return nil }
      return Entry(
        subject: BenchmarkSubject(
          .asPublished, task: task, name, model, measurement,
          batch: measurement.isGeneration ? 1 : task == "audio" ? settings.audioBatch : batch,
          window: SequenceBenchmarkPlan.window(of: model, measurement) ?? window,
          threads: measurement == .cachedGeneration ? 1 : settings.threads),
        model: model)
    }
  }

  /// Windows as in the paper; pieces of music at the mean length of their data set's training pieces.
  static let published: [Published] = [
    Published(task: "char", name: "seq-u-net-char", window: .init(input: 397, output: 325), batch: 16),
    Published(task: "char", name: "tcn-char", window: .init(input: 400, output: 320), batch: 16),
    Published(task: "word", name: "seq-u-net-word", window: .init(input: 117, output: 45), batch: 16),
    Published(task: "word", name: "tcn-word", window: .init(input: 117, output: 45), batch: 16),
    Published(task: "muse", name: "seq-u-net-muse", window: .init(input: 468, output: 468), batch: 1),
    Published(task: "muse", name: "tcn-muse", window: .init(input: 468, output: 468), batch: 1),
    Published(task: "jsb", name: "seq-u-net-jsb", window: .init(input: 60, output: 60), batch: 1),
    Published(task: "jsb", name: "tcn-jsb", window: .init(input: 60, output: 60), batch: 1),
    Published(task: "audio", name: "seq-u-net-audio", window: .init(input: 36857, output: 5120), batch: 1),
    Published(task: "audio", name: "wavenet-audio", window: .init(input: 37764, output: 5000), batch: 1),
    Published(task: "audio", name: "wavenet-audio-cropped", window: .init(input: 37764, output: 5000), batch: 1),
  ]

  // MARK: Precision

  /// Steps and passes in every precision that the instruction set tells apart; generation with weights kept in
  /// every way, also of a WaveNet of usual size and of the Seq-U-Net meant for generation.
  private static func precisions(_ settings: SequenceBenchmarkSettings) -> [(SequenceMeasurement) -> Entry?] {
    var usual = WaveNetConfiguration.audio
    (usual.stacks, usual.layers, usual.width, usual.skipWidth) = (3, 10, 64, 256)
    let large = settings.quick ? [] : ["seq-u-net-audio", "wavenet-audio"]
    let presets = (large + ["seq-u-net-audio-realtime"]).compactMap { name in
      SequenceModel(preset: name).map { (name, $0) }
    }
    let streams = presets + [("wavenet-64-channels", SequenceModel.waveNet(usual))]
    let generation = streams.flatMap { name, model in
      StreamWeights.allCases.map { weights in
        { (measurement: SequenceMeasurement) -> Entry? in
          guard measurement == .cachedGeneration else { return nil }
          return entry(.precisionSweep, "audio", name, model, measurement, outputs: 1024, precision: weights.rawValue)
        }
      }
    }
    let precisions = ComputeContext.current.instructionSet == "amx" ? Precision.allCases : [.highest, .high]
    return generation
      + MatchedModels.Kind.allCases.flatMap { kind in
        precisions.map { precision in
          { (measurement: SequenceMeasurement) -> Entry? in
            if measurement.isGeneration { return nil }
            let model = MatchedModels.matching(context: matchedContext, parameters: matchedParameters, kind)
            return entry(
              .precisionSweep, "symbols", kind.rawValue, model, measurement, outputs: 4096, threads: settings.threads,
              precision: precision.rawValue)
          }
        }
      }
  }

  /// Of a window with so many outputs. A stream runs on one thread.
  private static func entry(
    _ division: BenchmarkSubject.Division, _ task: String, _ name: String, _ model: SequenceModel,
    _ measurement: SequenceMeasurement, batch: Int = 1, outputs: Int, threads: Int = 1, precision: String? = nil
  ) -> Entry {
    Entry(
      subject: BenchmarkSubject(
        division, task: task, name, model, measurement, batch: batch,
        window: window(of: model, measurement) ?? model.window(forOutputFrames: outputs),
        threads: measurement == .cachedGeneration ? 1 : threads, precision: precision),
      model: model)
  }

  // MARK: Matched

  private static func matched(
    _ division: BenchmarkSubject.Division, context: Int, _ settings: SequenceBenchmarkSettings, outputs: Int,
    batch: Int = 1, threads: Int? = nil
  ) -> [(SequenceMeasurement) -> Entry?] {
    MatchedModels.Kind.allCases.map { kind in
      { measurement in
        // Sweeps tell of steps, the one over context of passes too; and of steps only up to 2^14, whose cost grows
        // with the context like the passes': beyond, they take most of a run.
        if measurement.isGeneration && division.isSweep { return nil }
        if measurement == .cachedGeneration && kind == .waveNetCropped { return nil }
        if division == .contextSweep {
          if measurement == .training && (settings.quick || context > 1 << 14) { return nil }
        } else if division.isSweep && measurement != .training {
          return nil
        }
        let model =
          division == .matchedContext
          ? MatchedModels.matching(context: context, kind)
          : MatchedModels.matching(context: context, parameters: matchedParameters, kind)
        return entry(
          division, "symbols", kind.rawValue, model, measurement, batch: batch, outputs: outputs,
          threads: threads ?? settings.threads)
      }
    }
  }
}
