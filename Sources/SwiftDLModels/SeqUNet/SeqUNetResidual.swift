public import SwiftDL

/// The shape of a residual Seq-U-Net: everything but its weights.
public struct SeqUNetResidualConfiguration: Codable, Sendable, Hashable {
  /// Symbols in and out, such as the levels of companded audio.
  public var symbols = 256
  /// Rates; the rate halves from one to the next.
  public var levels = 11
  /// Channels of every layer.
  public var width = 180
  /// Taps of every convolution, an odd number.
  public var kernel = 5
  /// Residual layers per block.
  public var depth = 2
  /// Symbols per second, of audio.
  public var sampleRate: Int?
  /// Frames of the usual window's output, at least.
  public var windowFrames = 5000

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if symbols < 2 || symbols > 1 << 16 { return "symbols is \(symbols); 2 to \(1 << 16) are possible" }
    if levels < 2 || levels > 16 { return "levels is \(levels); 2 to 16 are possible" }
    if depth < 1 || depth > 16 { return "depth is \(depth); 1 to 16 are possible" }
    if let problem = levelProblem(Array(repeating: width, count: levels), kernel) { return problem }
    let weights = levels * (6 * depth + 4) * kernel * width * width
    if weights > 500_000_000 {
      return "levels, width and depth make \(weights / 1_000_000) million weights; 500 are possible"
    }
    return windowFrames < 1 || windowFrames > 1 << 20
      ? "windowFrames is \(windowFrames); 1 to \(1 << 20) are possible" : nil
  }

  var lengths: CausalUNetLengths {
    CausalUNetLengths(
      levels: levels, kernel: kernel, blockLayers: depth, upLayers: depth, entranceSpan: kernel - 1,
      transposedLoss: kernel - 1, isPadded: false)
  }

  /// Frames between positions where windows may be cut without changing any value.
  public var totalStride: Int { 1 << (levels - 1) }

  /// The smallest window with at least `frames` output frames, which are a multiple of the total stride: then
  /// every phase of the lowest rate is equally represented.
  public func window(forOutputFrames frames: Int) -> WindowLengths {
    let rounded = (frames + totalStride - 1) / totalStride * totalStride
    return WindowLengths(input: lengths.window(forOutputFrames: rounded).input, output: rounded)
  }

  public var defaultWindow: WindowLengths { window(forOutputFrames: windowFrames) }

  /// The input frames one output frame can depend on, at the most, over all positions of the output.
  public var receptiveField: ReceptiveField {
    ReceptiveField(before: lengths.receptiveFields.max() ?? 0, after: 0)
  }

  /// Piano music at 16 kHz in 256 levels: 26.9 million parameters.
  public static let audio: SeqUNetResidualConfiguration = {
    var c = SeqUNetResidualConfiguration()
    c.sampleRate = 16000
    return c
  }()
  /// The same receptive field with a third of the channels: one core generates 16 kHz faster than real time (27,400
  /// frames a second with float32 weights, 49,500 with bfloat16, measured beside other work on a 2.3 GHz Xeon).
  public static let audioRealtime: SeqUNetResidualConfiguration = {
    var c = audio
    c.width = 64
    // Of a training window; the context before it costs less the longer it is.
    c.windowFrames = 20480
    return c
  }()
  /// For tests of whole pipelines.
  public static let tiny: SeqUNetResidualConfiguration = {
    var c = SeqUNetResidualConfiguration()
    c.symbols = 7
    c.levels = 3
    c.width = 4
    c.depth = 1
    c.windowFrames = 12
    return c
  }()

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: SeqUNetResidualConfiguration)] = [
    ("seq-u-net-audio", audio), ("seq-u-net-audio-realtime", audioRealtime), ("seq-u-net-audio-tiny", tiny),
  ]
}

/// Seq-U-Net of residual gated layers, for raw audio as symbols.
///
/// A layer adds tanh·sigmoid of its convolutions to its input: as it is, with every second frame left out, or
/// with every frame repeated. Skip connections pass through the up blocks' layers, conditioned on the signal
/// from below.
///
/// Output t depends on symbols up to t only: it scores the symbol that follows.
/// Source: Stoller, Tian, Ewert, Dixon, "Seq-U-Net", IJCAI 2020, section 4.4.
public struct SeqUNetResidual: Module {
  public let configuration: SeqUNetResidualConfiguration
  public var input: SymbolConv1D
  public var down: [DownBlock]
  public var bottleneck: [GatedUnit]
  /// From the deepest level to the first.
  public var up: [UpBlock]
  public var output: Conv1D

  public struct DownBlock: Module {
    public var layers: [GatedUnit]
    /// Halves the rate.
    public var thin: GatedUnit

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.modules("layers", &layers)
      visit.module("thin", &thin)
    }
  }

  public struct UpBlock: Module {
    /// Doubles the rate; its sums are gated.
    public var widen: TransposedConv1D
    public var layers: [GatedUnit]

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("widen", &widen)
      visit.modules("layers", &layers)
    }
  }

  /// Fresh weights, drawn as PyTorch draws those of its layers.
  public init(_ configuration: SeqUNetResidualConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "Seq-U-Net: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    func unit(_ inputs: Int, stride: Int = 1) -> GatedUnit {
      GatedUnit(
        inputChannels: inputs, channels: c.width, kernelSize: c.kernel, stride: stride, padding: .valid,
        initialization: .kaimingUniform, random: &random)
    }
    input = SymbolConv1D(
      symbols: c.symbols, outputChannels: c.width, kernelSize: c.kernel, initialization: .kaimingUniform,
      random: &random)
    down = (1..<c.levels).map { _ in
      DownBlock(layers: (0..<c.depth).map { _ in unit(c.width) }, thin: unit(c.width, stride: 2))
    }
    bottleneck = (0..<c.depth).map { _ in unit(c.width) }
    up = (1..<c.levels).map { _ in
      UpBlock(
        // An odd frame has its last tap one frame earlier than an even one: one frame more is whole.
        widen: TransposedConv1D(
          inputChannels: c.width, outputChannels: 2 * c.width, kernelSize: c.kernel, stride: 2,
          cropping: Padding(before: c.kernel - 2, after: c.kernel - 1), initialization: .kaimingUniform,
          random: &random),
        layers: (0..<c.depth).map { _ in unit(2 * c.width) })
    }
    output = Conv1D(
      inputChannels: c.width, outputChannels: c.symbols, kernelSize: 1, initialization: .kaimingUniform,
      random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("input", &input)
    visit.modules("down", &down)
    visit.modules("bottleneck", &bottleneck)
    visit.modules("up", &up)
    visit.module("output", &output)
  }

  /// A score for every symbol per frame.
  ///
  /// - Parameter symbols: numbers `[batch, frames, 1]`, a length from `configuration.window(forOutputFrames:)`.
  /// - Returns: `[batch, output frames, symbols]`; the last one scores what follows the last input frame.
  public func callAsFunction(_ symbols: Tensor) -> Tensor {
    require(problem(withInput: symbols.shape) == nil, "Seq-U-Net: an input that \(problem(withInput: symbols.shape) ?? "")")
    var x = input(symbolNumbers(symbols, below: configuration.symbols), batch: symbols.shape[0])
    var skips: [Tensor] = []
    for block in down {
      for layer in block.layers { x = layer([x], addedTo: x) }
      skips.append(x)
      x = block.thin([x], addedTo: x, rate: .half)
    }
    for layer in bottleneck { x = layer([x], addedTo: x) }
    for block in up {
      let condition = block.widen(x).gated(addedTo: x, rate: .double)
      x = skips.removeLast()
      for layer in block.layers { x = layer([x, condition], addedTo: x) }
    }
    let frames = x.shape[1] / configuration.totalStride * configuration.totalStride
    return output(x.sliced(axis: 1, x.shape[1] - frames..<x.shape[1]).relu())
  }
}

extension SeqUNetResidual: Network {
  public static let architecture = "seq-u-net-residual"
  public static var presets: [(name: String, configuration: SeqUNetResidualConfiguration)] {
    SeqUNetResidualConfiguration.presets
  }
  public static func problem(with configuration: SeqUNetResidualConfiguration) -> String? { configuration.problem }

  public func problem(withInput shape: Shape) -> String? {
    symbolProblem(shape) ?? configuration.lengths.problem(withInput: shape[1])
  }

  public var facts: NetworkFacts {
    NetworkFacts(
      window: configuration.defaultWindow, receptiveField: configuration.receptiveField,
      sampleRate: configuration.sampleRate)
  }
}
