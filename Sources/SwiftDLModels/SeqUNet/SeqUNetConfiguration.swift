/// The shape of a Seq-U-Net: everything but its weights.
///
/// Source: Stoller, Tian, Ewert, Dixon, "Seq-U-Net: A One-Dimensional Causal U-Net for Efficient Sequence
/// Modelling", IJCAI 2020.
public struct SeqUNetConfiguration: Codable, Sendable, Hashable {
  /// What stands before the first frame.
  public enum Padding: String, Codable, Sendable {
    /// Nothing: the output is shorter than the input by the context.
    case valid
    /// Zeros before every layer: as many frames come out as go in.
    case zeros
  }

  /// Symbols in and out; `nil` for signals. Their vectors have `inputChannels` numbers.
  public var symbols: SymbolConfiguration?
  public var inputChannels = 88
  public var outputChannels = 88
  /// Channels of each level, full rate first; the rate halves from one to the next.
  public var widths = [150, 150, 150, 150]
  /// Taps of every convolution, an odd number.
  public var kernel = 5
  /// Slope of LeakyReLU below zero.
  public var leakySlope: Float = 0.01
  /// The share of every layer's output that training drops.
  public var dropout: Float = 0
  public var padding = Padding.valid
  /// Frames of the usual window's output, at least.
  public var windowFrames = 256

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if let problem = symbols?.problem { return problem }
    if let symbols, symbols.channels != inputChannels || symbols.channels != outputChannels {
      return
        "symbols.channels is \(symbols.channels), inputChannels \(inputChannels), outputChannels \(outputChannels); the table is tied, so all are equal"
    }
    if let problem = levelProblem(widths, kernel) { return problem }
    for (name, channels) in [("inputChannels", inputChannels), ("outputChannels", outputChannels)]
    where channels < 1 || channels > 4096 {
      return "\(name) is \(channels); 1 to 4096 are possible"
    }
    if !(leakySlope >= 0 && leakySlope < 1) { return "leakySlope is \(leakySlope); 0 ..< 1 is possible" }
    if windowFrames < 1 || windowFrames > 1 << 20 {
      return "windowFrames is \(windowFrames); 1 to \(1 << 20) are possible"
    }
    return dropoutProblem("dropout", dropout)
  }

  var lengths: CausalUNetLengths {
    CausalUNetLengths(
      levels: widths.count, kernel: kernel, blockLayers: 1, upLayers: 1, entranceSpan: 0,
      transposedLoss: kernel, isPadded: padding == .zeros)
  }

  /// Frames between positions where windows may be cut without changing any value.
  public var totalStride: Int { 1 << (widths.count - 1) }

  /// The smallest window with at least `frames` output frames.
  public func window(forOutputFrames frames: Int) -> WindowLengths { lengths.window(forOutputFrames: frames) }

  public var defaultWindow: WindowLengths { window(forOutputFrames: windowFrames) }

  /// The input frames one output frame can depend on, at the most, over all positions of the output.
  public var receptiveField: ReceptiveField {
    ReceptiveField(before: lengths.receptiveFields.max() ?? 0, after: 0)
  }
}

func levelProblem(_ widths: [Int], _ kernel: Int) -> String? {
  if widths.count < 2 || widths.count > 16 { return "widths has \(widths.count) levels; 2 to 16 are possible" }
  if let wrong = widths.first(where: { $0 < 1 || $0 > 4096 }) { return "widths has \(wrong); 1 to 4096 are possible" }
  if kernel < 3 || kernel > 63 || kernel % 2 == 0 { return "kernel is \(kernel); odd numbers from 3 to 63 are possible" }
  let weights = widths.reduce(0) { $0 + 8 * kernel * $1 * $1 }
  return weights > 500_000_000 ? "widths and kernel make \(weights / 1_000_000) million weights; 500 are possible" : nil
}

// MARK: - Presets

extension SeqUNetConfiguration {
  private init(_ change: (inout SeqUNetConfiguration) -> Void) {
    self.init()
    change(&self)
  }

  /// Characters of the Penn Treebank: 5.9 million parameters.
  public static let char = SeqUNetConfiguration {
    $0.symbols = SymbolConfiguration(count: 50, channels: 100, dropout: 0.1, start: .uniform)
    $0.inputChannels = 100
    $0.outputChannels = 100
    $0.widths = [390, 390, 390, 100]
    $0.kernel = 3
    $0.dropout = 0.1
    $0.windowFrames = 320
  }
  /// Words of the Penn Treebank: 14.9 million parameters.
  public static let word = SeqUNetConfiguration {
    $0 = char
    $0.symbols = SymbolConfiguration(count: 10000, channels: 600, dropout: 0.25, start: .normal)
    $0.inputChannels = 600
    $0.outputChannels = 600
    $0.widths = [390, 390, 390, 600]
    $0.dropout = 0.5
    $0.windowFrames = 45
  }
  /// Piano rolls of MuseData, Nottingham and Piano-midi: 1.8 million parameters.
  public static let muse = SeqUNetConfiguration {
    $0.padding = .zeros
    $0.dropout = 0.2
  }
  /// Piano rolls of Bach's chorales: 0.5 million parameters.
  public static let chorales = SeqUNetConfiguration {
    $0 = muse
    $0.widths = [175, 175]
    $0.kernel = 3
    $0.dropout = 0.5
  }
  /// Ten symbols to be remembered over a thousand frames.
  public static let copy = SeqUNetConfiguration {
    $0.inputChannels = 1
    $0.outputChannels = 10
    $0.widths = Array(repeating: 10, count: 8)
    $0.kernel = 7
    $0.padding = .zeros
  }
  /// For tests of whole pipelines.
  public static let tiny = SeqUNetConfiguration {
    $0.inputChannels = 3
    $0.outputChannels = 2
    $0.widths = [6, 5, 4]
    $0.kernel = 3
    $0.windowFrames = 16
  }

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: SeqUNetConfiguration)] = [
    ("seq-u-net-char", char), ("seq-u-net-word", word), ("seq-u-net-muse", muse),
    ("seq-u-net-nottingham", muse), ("seq-u-net-jsb", chorales), ("seq-u-net-piano-midi", muse),
    ("seq-u-net-copy", copy), ("seq-u-net-tiny", tiny),
  ]
}
