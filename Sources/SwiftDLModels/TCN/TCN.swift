public import SwiftDL

/// The shape of a TCN: everything but its weights.
public struct TCNConfiguration: Codable, Sendable, Hashable {
  /// Symbols in and out; `nil` for signals. Their vectors have `inputChannels` numbers.
  public var symbols: SymbolConfiguration?
  public var inputChannels = 88
  /// Channels of each block; the dilation doubles from one to the next.
  public var widths = [215, 215, 215, 215]
  /// Channels of a last layer of kernel 1; `nil` for none.
  public var outputChannels: Int? = 88
  public var kernel = 5
  /// The share of every convolution's output that training drops.
  public var dropout: Float = 0
  /// Frames of the usual window.
  public var windowFrames = 256

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if let problem = symbols?.problem { return problem }
    if let symbols, symbols.channels != inputChannels || symbols.channels != (outputChannels ?? widths.last) {
      return
        "symbols.channels is \(symbols.channels), inputChannels \(inputChannels), the last layer's \(outputChannels ?? widths.last ?? 0); the table is tied, so all are equal"
    }
    if widths.isEmpty || widths.count > 16 { return "widths has \(widths.count) blocks; 1 to 16 are possible" }
    for channels in widths + [inputChannels, outputChannels ?? 1] where channels < 1 || channels > 4096 {
      return "a width is \(channels); 1 to 4096 are possible"
    }
    if kernel < 2 || kernel > 64 { return "kernel is \(kernel); 2 to 64 are possible" }
    if windowFrames < 1 || windowFrames > 1 << 20 {
      return "windowFrames is \(windowFrames); 1 to \(1 << 20) are possible"
    }
    return dropoutProblem("dropout", dropout)
  }

  /// 1 + 2·(kernel − 1)·(2^blocks − 1) frames.
  public var receptiveField: ReceptiveField {
    ReceptiveField(before: 2 * (kernel - 1) * ((1 << widths.count) - 1), after: 0)
  }

  private init(_ change: (inout TCNConfiguration) -> Void) {
    self.init()
    change(&self)
  }

  /// Characters of the Penn Treebank: 5.9 million parameters.
  public static let char = TCNConfiguration {
    $0.symbols = SymbolConfiguration(count: 50, channels: 100, dropout: 0.1, start: .uniform)
    $0.inputChannels = 100
    $0.widths = [600, 600, 600, 100]
    $0.outputChannels = nil
    $0.kernel = 3
    $0.dropout = 0.1
    $0.windowFrames = 400
  }
  /// Words of the Penn Treebank: 14.7 million parameters.
  public static let word = TCNConfiguration {
    $0 = char
    $0.symbols = SymbolConfiguration(count: 10000, channels: 600, dropout: 0.25, start: .normal)
    $0.inputChannels = 600
    $0.widths = [600, 600, 600, 600]
    $0.dropout = 0.5
    $0.windowFrames = 117
  }
  /// Piano rolls of MuseData, Nottingham and Piano-midi: 1.8 million parameters.
  public static let muse = TCNConfiguration { $0.dropout = 0.2 }
  /// Piano rolls of Bach's chorales: 0.5 million parameters.
  public static let chorales = TCNConfiguration {
    $0.widths = [220, 220]
    $0.kernel = 3
    $0.dropout = 0.5
  }
  /// Ten symbols to be remembered over a thousand frames.
  public static let copy = TCNConfiguration {
    $0.inputChannels = 1
    $0.widths = Array(repeating: 10, count: 8)
    $0.outputChannels = 10
    $0.kernel = 7
  }
  /// For tests of whole pipelines.
  public static let tiny = TCNConfiguration {
    $0.inputChannels = 3
    $0.widths = [5, 5, 4]
    $0.outputChannels = 2
    $0.kernel = 3
    $0.windowFrames = 40
  }

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: TCNConfiguration)] = [
    ("tcn-char", char), ("tcn-word", word), ("tcn-muse", muse), ("tcn-nottingham", muse),
    ("tcn-jsb", chorales), ("tcn-piano-midi", muse), ("tcn-copy", copy), ("tcn-tiny", tiny),
  ]
}

/// Temporal convolutional network: residual blocks of two dilated causal convolutions.
///
/// Block i: twice (weight-normalised convolution of dilation 2^i with zeros in front, ReLU, dropout), added to
/// the block's input (through a convolution of kernel 1 where the widths differ), ReLU.
///
/// Source: Bai, Kolter, Koltun, "An empirical evaluation of generic convolutional and recurrent networks for
/// sequence modeling", 2018.
public struct TCN: Module {
  public let configuration: TCNConfiguration
  public var coder: SymbolCoder?
  public var blocks: [Block]
  public var output: Conv1D?

  public struct Block: Module {
    public var first: WeightNorm<Conv1D>
    public var second: WeightNorm<Conv1D>
    public var shortcut: Conv1D?

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("first", &first)
      visit.module("second", &second)
      visit.module("shortcut", &shortcut)
    }

    func callAsFunction(_ x: Tensor, dropout: Float, _ context: Context) -> Tensor {
      func conv(_ layer: WeightNorm<Conv1D>, _ x: Tensor) -> Tensor {
        let layer = layer.normalized()
        return layer(
          [ConvInput(x)],
          dropout: context.dropoutMask(dropout, count: x.shape[0] * x.shape[1] * layer.outputChannels))
      }
      return activatedSum(conv(second, conv(first, x)), shortcut.map { $0(x) } ?? x, .relu)
    }
  }

  /// Fresh weights: shortcuts normal with standard deviation 0.01, the rest as PyTorch draws it. (The original draws the
  /// blocks' convolutions from the same normal distribution too, but writes it where weight normalisation writes
  /// again before the weights are first used.)
  public init(_ configuration: TCNConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "TCN: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    func conv(_ input: Int, _ output: Int, _ dilation: Int) -> WeightNorm<Conv1D> {
      WeightNorm(
        Conv1D(
          inputChannels: input, outputChannels: output, kernelSize: c.kernel, dilation: dilation,
          padding: .causal, activation: .relu, initialization: .kaimingUniform, random: &random))
    }
    func pointwise(_ input: Int, _ output: Int) -> Conv1D {
      Conv1D(
        inputChannels: input, outputChannels: output, kernelSize: 1, initialization: .kaimingUniform,
        random: &random)
    }
    func shortcut(_ input: Int, _ output: Int) -> Conv1D {
      var layer = pointwise(input, output)
      layer.weight = random.normal(layer.weight.shape, standardDeviation: 0.01)
      return layer
    }
    coder = c.symbols.map { SymbolCoder($0, random: &random) }
    blocks = c.widths.indices.map { index in
      let (input, width) = (index == 0 ? c.inputChannels : c.widths[index - 1], c.widths[index])
      return Block(
        first: conv(input, width, 1 << index), second: conv(width, width, 1 << index),
        shortcut: input == width ? nil : shortcut(input, width))
    }
    output = c.outputChannels.map { pointwise(c.widths.last ?? c.inputChannels, $0) }
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("coder", &coder)
    visit.modules("blocks", &blocks)
    visit.module("output", &output)
  }

  /// A prediction per frame, which depends on input frames up to its own only.
  ///
  /// - Parameter input: `[batch, frames, inputChannels]`, or symbol numbers `[batch, frames, 1]`.
  /// - Returns: `[batch, frames, outputChannels]`, or a score per symbol.
  public func callAsFunction(_ input: Tensor, _ context: Context) -> Tensor {
    require(problem(withInput: input.shape) == nil, "TCN: an input that \(problem(withInput: input.shape) ?? "")")
    var x = coder.map { $0.vectors(input, context) } ?? input
    for block in blocks { x = block(x, dropout: configuration.dropout, context) }
    x = output.map { $0(x) } ?? x
    return coder.map { $0.scores(x) } ?? x
  }
}

extension TCN: Network {
  public static let architecture = "tcn"
  public static var presets: [(name: String, configuration: TCNConfiguration)] { TCNConfiguration.presets }
  public static func problem(with configuration: TCNConfiguration) -> String? { configuration.problem }

  public func callAsFunction(_ input: Tensor) -> Tensor { self(input, .inference) }

  public func problem(withInput shape: Shape) -> String? {
    if configuration.symbols != nil { return symbolProblem(shape) }
    return shape.rank == 3 && shape[2] == configuration.inputChannels && shape[0] > 0
      ? nil : "has shape \(shape); [batch, frames, \(configuration.inputChannels)] is expected"
  }

  public var facts: NetworkFacts {
    NetworkFacts(
      window: WindowLengths(input: configuration.windowFrames, output: configuration.windowFrames),
      receptiveField: configuration.receptiveField)
  }
}
