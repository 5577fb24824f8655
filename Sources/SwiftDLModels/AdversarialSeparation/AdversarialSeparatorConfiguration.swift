import SwiftDL

/// The shape of a separator by an `AdversarialUNet`: everything but its weights.
public struct AdversarialSeparatorConfiguration: Codable, Sendable, Hashable {
  /// Names of the separated sources, in output order.
  public var sources = ["accompaniment", "vocals"]
  /// Frames per second of the audio the network works on, which is mono.
  public var sampleRate = 8192
  /// Samples per frame of the spectrogram, even, and from one frame to the next.
  public var frameSize = 512
  public var hop = 256
  /// Times both axes of the spectrogram are halved.
  public var levels = 4
  /// Features of the first level, which double from one to the next.
  public var features = 16
  /// Frames of the spectrogram that a window gives, at least.
  public var windowFrames = 64

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if Set(sources).count < sources.count { return "sources names one source twice" }
    for (name, value, range) in [
      ("sampleRate", sampleRate, 1000...768_000), ("frameSize", frameSize, 4...1 << 14), ("hop", hop, 1...1 << 14),
      ("windowFrames", windowFrames, 1...1 << 14),
    ] where !range.contains(value) {
      return "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) are possible"
    }
    if frameSize % 2 != 0 { return "frameSize is \(frameSize); an even number is needed" }
    if hop >= frameSize { return "hop is \(hop); frames of \(frameSize) samples have to overlap" }
    return network.problem
  }

  /// Frequencies of a frame.
  public var bins: Int { frameSize / 2 + 1 }

  /// The network over spectrograms, which sees zeros below the lowest and above the highest frequency.
  public var network: AdversarialUNetConfiguration {
    var network = AdversarialUNetConfiguration()
    (network.sources, network.levels, network.features) = (sources, levels, features)
    (network.bins, network.frames) = (bins, windowFrames)
    return network
  }

  /// Frames of the spectrogram that the network takes in on one side of those it gives.
  public var contextFrames: Int { (network.inputSize.frames - network.outputSize.frames) / 2 }

  /// Samples that so many frames cover, the faded ends included.
  public func samples(ofFrames frames: Int) -> Int { (frames - 1) * hop + frameSize }
}

// MARK: - Lengths

extension AdversarialSeparatorConfiguration: SeparationNetworkConfiguration {
  public var channels: Int { 1 }
  public var lastSourceIsRest: Bool { false }
  public var edges: WindowEdges { .context }
  public var totalStride: Int { hop << levels }

  /// Samples at either end of the estimated frames that no other frame completes.
  var fadedSamples: Int { frameSize - hop }

  /// Of input and output frames of the spectrogram.
  private func window(frames: (input: Int, output: Int)) -> WindowLengths {
    WindowLengths(
      input: samples(ofFrames: frames.input), output: samples(ofFrames: frames.output) - 2 * fadedSamples)
  }

  public func window(forOutputFrames frames: Int) -> WindowLengths {
    require(frames > 0, "adversarial separator: a window of \(frames) samples")
    var network = network
    // Whole samples begin behind one faded end and stop before the other.
    network.frames = max(1, (frames + frameSize + hop - 1) / hop - 1)
    return window(frames: (network.inputSize.frames, network.outputSize.frames))
  }

  public var defaultWindow: WindowLengths { window(frames: (network.inputSize.frames, network.outputSize.frames)) }

  public func accepts(inputFrames: Int) -> Bool {
    guard inputFrames >= frameSize, (inputFrames - frameSize) % hop == 0,
      let output = network.outputExtent(of: (inputFrames - frameSize) / hop + 1)
    else { return false }
    return samples(ofFrames: output) > 2 * fadedSamples
  }

  /// The input samples one output sample can depend on, at the most, wherever it stands between two halvings.
  public var receptiveField: ReceptiveField {
    let frames = contextFrames + (1 << levels) - 1
    return ReceptiveField(before: frames * hop + frameSize - 1, after: frames * hop + frameSize - 1)
  }

  /// Multiply–adds of one window, forward, transforms included.
  public func multiplyAdds(_ window: WindowLengths) -> Int {
    let frames = (window.input - frameSize) / hop + 1
    var (height, width) = (network.inputSize.bins - 2, frames - 2)
    var total = height * width * 9 * features
    for level in 1...levels {
      (height, width) = (height / 2 - 2, width / 2 - 2)
      total += height * width * 9 * (features << (level - 1)) * (features << level)
    }
    for level in (0..<levels).reversed() {
      let few = features << level
      total += height * width * 4 * 2 * few * few
      (height, width) = (2 * height - 2, 2 * width - 2)
      total += height * width * 9 * 2 * few * few
    }
    total += height * width * (features + 1) * sources.count
    return total + (frames + sources.count * width) * frameSize * (frameSize + 2)
  }
}

// MARK: - Presets

extension AdversarialSeparatorConfiguration {
  /// For tests of whole pipelines.
  public static let tiny = {
    var tiny = AdversarialSeparatorConfiguration()
    (tiny.sampleRate, tiny.frameSize, tiny.hop) = (8000, 32, 16)
    (tiny.levels, tiny.features, tiny.windowFrames) = (2, 3, 8)
    return tiny
  }()

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: AdversarialSeparatorConfiguration)] = [
    ("adversarial-separator", AdversarialSeparatorConfiguration()), ("adversarial-separator-tiny", tiny),
  ]
}
