import SwiftDL

/// The shape of a mask TCN: everything but its weights.
public struct MaskTCNConfiguration: Codable, Sendable, Hashable {
  /// Names of the separated sources, in output order; the last one is what the others leave of the mixture.
  public var sources = ["vocals", "accompaniment"]
  public var channels = 2
  /// Frames per second of the audio the network works on.
  public var sampleRate = 44100
  /// Samples per frame of the spectrogram, even, and from one frame to the next.
  public var frameSize = 2048
  public var hop = 1024
  /// Channels of every block; the dilation doubles from one to the next.
  public var width = 256
  public var blocks = 6
  public var kernel = 3
  /// Frames of the spectrogram that are waited for before a mask is made; 0 is causal.
  public var lookahead = 0
  /// The share of every convolution's output that training drops.
  public var dropout: Float = 0
  /// Samples of the usual window, at least.
  public var windowFrames = 262144

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if sources.count < 2 { return "sources must name at least two sources, of which the last one is the rest" }
    if Set(sources).count < sources.count { return "sources names one source twice" }
    for (name, value, range) in [
      ("channels", channels, 1...64), ("sampleRate", sampleRate, 1000...768_000), ("frameSize", frameSize, 4...1 << 16),
      ("hop", hop, 1...1 << 16), ("width", width, 1...4096), ("blocks", blocks, 1...16), ("kernel", kernel, 2...64),
      ("lookahead", lookahead, 0...1 << 16), ("windowFrames", windowFrames, 1...1 << 24),
    ] where !range.contains(value) {
      return "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) are possible"
    }
    if frameSize % 2 != 0 { return "frameSize is \(frameSize); an even number is needed" }
    if hop >= frameSize { return "hop is \(hop); frames of \(frameSize) samples have to overlap" }
    if !(dropout >= 0 && dropout < 1) { return "dropout is \(dropout); 0 ..< 1 is possible" }
    if parameterCount > 500_000_000 {
      return "width, frameSize and channels make \(parameterCount / 1_000_000) million weights; 500 are possible"
    }
    return nil
  }

  /// Frequencies of a frame, over all channels.
  var features: Int { channels * (frameSize / 2 + 1) }

  /// From the entrance to the masks.
  var network: TCNConfiguration {
    var c = TCNConfiguration()
    c.inputChannels = width
    c.widths = Array(repeating: width, count: blocks)
    c.outputChannels = (sources.count - 1) * features
    c.kernel = kernel
    c.dropout = dropout
    return c
  }

  /// Frames of the spectrogram that a mask depends on, before its newest one.
  public var remembered: Int { network.receptiveField.before }

  /// Trained numbers: of the entrance, the blocks with their lengths, and the masks.
  public var parameterCount: Int {
    let block = 2 * (kernel * width * width + 2 * width)
    return (features + 1) * width + blocks * block + (width + 1) * (sources.count - 1) * features
  }
}

// MARK: - Lengths

extension MaskTCNConfiguration: SeparationNetworkConfiguration {
  public var lastSourceIsRest: Bool { true }
  public var totalStride: Int { hop }

  public func window(forOutputFrames frames: Int) -> WindowLengths {
    require(frames > 0, "mask TCN: a window of \(frames) samples")
    let length = max(0, (frames - frameSize + hop - 1) / hop) * hop + frameSize
    return WindowLengths(input: length, output: length)
  }

  public var defaultWindow: WindowLengths { window(forOutputFrames: windowFrames) }

  public func accepts(inputFrames: Int) -> Bool {
    inputFrames >= frameSize && (inputFrames - frameSize) % hop == 0
  }

  public var edges: WindowEdges {
    .blurred(before: receptiveField.before, after: receptiveField.after)
  }

  /// The input samples one output sample can depend on, at the most. What the last frame adds of the future, `frameSize`
  /// − 1 samples and `lookahead` · `hop`, is the delay of a live separation.
  public var receptiveField: ReceptiveField {
    ReceptiveField(
      before: max(0, remembered - lookahead) * hop + frameSize - 1,
      after: lookahead * hop + frameSize - 1)
  }

  /// Multiply–adds of one window, forward, transforms included.
  public func multiplyAdds(_ window: WindowLengths) -> Int {
    let frames = (window.input - frameSize) / hop + 1
    let transform = frames * frameSize * (frameSize + 2) * channels
    let weights = features * width + blocks * 2 * kernel * width * width + width * (sources.count - 1) * features
    return transform * sources.count + frames * weights
  }
}

// MARK: - Presets

extension MaskTCNConfiguration {
  private init(_ change: (inout MaskTCNConfiguration) -> Void) {
    self.init()
    change(&self)
  }

  /// Stereo at 44.1 kHz, masks made of 5.3 s before a frame and 0.6 s after it: 3.4 million parameters.
  public static let full = MaskTCNConfiguration { $0.lookahead = 24 }
  /// Stereo at 44.1 kHz with a delay of 23 ms, causal but for its frames: 2.9 million parameters.
  public static let live = MaskTCNConfiguration {
    $0.frameSize = 1024
    $0.hop = 512
  }
  /// Stereo at 22.05 kHz, for voices: 2.9 million parameters.
  public static let voice = MaskTCNConfiguration {
    $0 = full
    $0.sampleRate = 22050
    $0.lookahead = 32
    $0.frameSize = 1024
    $0.hop = 512
    $0.windowFrames = 131072
  }
  /// Stereo at 22.05 kHz with a delay of 46 ms: 2.9 million parameters.
  public static let liveVoice = MaskTCNConfiguration {
    $0 = voice
    $0.lookahead = 0
  }
  /// For tests of whole pipelines.
  public static let tiny = MaskTCNConfiguration {
    $0.channels = 1
    $0.sampleRate = 8000
    $0.frameSize = 32
    $0.hop = 16
    $0.width = 6
    $0.blocks = 2
    $0.lookahead = 3
    $0.windowFrames = 400
  }

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: MaskTCNConfiguration)] = [
    ("mask-tcn", full), ("mask-tcn-live", live), ("mask-tcn-voice", voice), ("mask-tcn-voice-live", liveVoice),
    ("mask-tcn-tiny", tiny),
  ]
}
