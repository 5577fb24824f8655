import SwiftDL

/// The shape of a U-Net over spectrograms: everything but its weights.
public struct SpectrogramUNetConfiguration: Codable, Sendable, Hashable {
  /// Names of the separated sources, in output order; each has a network of its own.
  public var sources = ["accompaniment", "vocals"]
  /// Frames per second of the audio the network works on, which is mono.
  public var sampleRate = 8192
  /// Samples per frame of the spectrogram, even, and from one frame to the next.
  public var frameSize = 1024
  public var hop = 768
  /// Times both axes of the spectrogram are halved.
  public var levels = 6
  /// Features of the first level, which double from one to the next.
  public var features = 16
  public var kernel = 5
  /// Slope of LeakyReLU below zero.
  public var leakySlope: Float = 0.2
  /// The share of the outputs of the three deepest up blocks that training drops.
  public var dropout: Float = 0.5
  /// Samples of the usual window, at least.
  public var windowFrames = 98560

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if sources.isEmpty { return "sources must name at least one source" }
    if Set(sources).count < sources.count { return "sources names one source twice" }
    for (name, value, range) in [
      ("sampleRate", sampleRate, 1000...768_000), ("levels", levels, 1...10), ("features", features, 1...1024),
      ("frameSize", frameSize, 4...1 << 16), ("hop", hop, 1...1 << 16), ("windowFrames", windowFrames, 1...1 << 24),
    ] where !range.contains(value) {
      return "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) are possible"
    }
    if kernel < 3 || kernel > 31 || kernel % 2 == 0 { return "kernel is \(kernel); odd numbers from 3 to 31 are possible" }
    if frameSize % (2 << levels) != 0 {
      return "frameSize is \(frameSize); \(levels) levels need a multiple of \(2 << levels)"
    }
    if hop >= frameSize { return "hop is \(hop); frames of \(frameSize) samples have to overlap" }
    if !(leakySlope >= 0 && leakySlope < 1) { return "leakySlope is \(leakySlope); 0 ..< 1 is possible" }
    if !(dropout >= 0 && dropout < 1) { return "dropout is \(dropout); 0 ..< 1 is possible" }
    if parameterCount > 500_000_000 {
      return "levels, features and kernel make \(parameterCount / 1_000_000) million weights; 500 are possible"
    }
    return nil
  }

  /// Features after down block i, from 0.
  func features(atLevel level: Int) -> Int { features << level }

  /// Convolutions with bias on the way down, then up, as inputs and outputs; the last one makes the mask.
  var layers: (down: [(Int, Int)], up: [(Int, Int)]) {
    let down = (0..<levels).map { ($0 == 0 ? 1 : features(atLevel: $0 - 1), features(atLevel: $0)) }
    let up = (0..<levels).reversed().map { level in
      (features(atLevel: level) * (level == levels - 1 ? 1 : 2), level == 0 ? 1 : features(atLevel: level - 1))
    }
    return (down, up)
  }

  /// Trained numbers: weights, biases and the offsets of the normalisations.
  public var parameterCount: Int {
    let (down, up) = layers
    let convolutions = (down + up).reduce(0) { $0 + kernel * kernel * $1.0 * $1.1 + $1.1 }
    let offsets = (down + up.dropLast()).reduce(0) { $0 + $1.1 }
    return sources.count * (convolutions + offsets)
  }
}

// MARK: - Lengths

extension SpectrogramUNetConfiguration: SeparationNetworkConfiguration {
  public var channels: Int { 1 }
  public var lastSourceIsRest: Bool { false }

  /// Spectrogram frames that the network takes at a time: a multiple of this.
  private var frameStride: Int { 1 << levels }
  public var totalStride: Int { hop * frameStride }

  public func window(forOutputFrames frames: Int) -> WindowLengths {
    require(frames > 0, "spectrogram U-Net: a window of \(frames) samples")
    let needed = max(1, (frames - frameSize + hop - 1) / hop + 1)
    let length = ((needed + frameStride - 1) / frameStride * frameStride - 1) * hop + frameSize
    return WindowLengths(input: length, output: length)
  }

  public var defaultWindow: WindowLengths { window(forOutputFrames: windowFrames) }

  public func accepts(inputFrames: Int) -> Bool {
    inputFrames >= frameSize && (inputFrames - frameSize) % hop == 0
      && ((inputFrames - frameSize) / hop + 1) % frameStride == 0
  }

  public var edges: WindowEdges {
    .blurred(before: receptiveField.before, after: receptiveField.after)
  }

  /// The spectrogram frames that one frame depends on, at the most, over all positions.
  private var frameField: (before: Int, after: Int) {
    let (before, after) = ((kernel - 2) / 2, kernel - 2 - (kernel - 2) / 2)
    func half(_ n: Int) -> Int { n >> 1 }
    var field = (before: 0, after: 0)
    for position in 0..<frameStride {
      // Downwards through the skip connections, as the network is read from its output.
      var ranges = [(low: position, high: position)]
      for _ in 0..<levels {
        let (low, high) = ranges[ranges.count - 1]
        // Of the transposed convolution: input i reaches outputs 2i − before … 2i + after + 1.
        ranges.append((half(low - after), half(high + before)))
      }
      var (low, high) = ranges[levels]
      for level in (0..<levels).reversed() {
        // Of the convolution: output i reads inputs 2i − before … 2i + after + 1.
        (low, high) = (2 * low - before, 2 * high + after + 1)
        if level > 0 { (low, high) = (min(low, ranges[level].low), max(high, ranges[level].high)) }
      }
      field.before = max(field.before, position - low)
      field.after = max(field.after, high - position)
    }
    return field
  }

  /// The input samples one output sample can depend on, at the most.
  public var receptiveField: ReceptiveField {
    let field = frameField
    return ReceptiveField(
      before: field.before * hop + frameSize - 1, after: field.after * hop + frameSize - 1)
  }

  /// Multiply–adds of one window, forward, transforms included.
  public func multiplyAdds(_ window: WindowLengths) -> Int {
    let frames = (window.input - frameSize) / hop + 1
    let (down, up) = layers
    var cells = frames * frameSize / 2
    var network = 0
    for (inputs, outputs) in down {
      cells /= 4
      network += cells * kernel * kernel * inputs * outputs
    }
    for (inputs, outputs) in up {
      network += cells * kernel * kernel * inputs * outputs
      cells *= 4
    }
    let transform = frames * frameSize * (frameSize + 2)
    return transform + sources.count * (network + transform)
  }
}

// MARK: - Presets

extension SpectrogramUNetConfiguration {
  private init(_ change: (inout SpectrogramUNetConfiguration) -> Void) {
    self.init()
    change(&self)
  }

  /// U7, and U7a, which differs in its loss alone: 19.6 million parameters.
  public static let u7 = SpectrogramUNetConfiguration()
  /// For tests of whole pipelines.
  public static let tiny = SpectrogramUNetConfiguration {
    $0.sampleRate = 8000
    $0.frameSize = 32
    $0.hop = 24
    $0.levels = 2
    $0.features = 4
    $0.windowFrames = 400
  }

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: SpectrogramUNetConfiguration)] = [
    ("spectrogram-u-net-u7", u7), ("spectrogram-u-net-u7a", u7), ("spectrogram-u-net-tiny", tiny),
  ]
}
