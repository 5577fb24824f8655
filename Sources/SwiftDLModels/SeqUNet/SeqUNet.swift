public import SwiftDL

/// Seq-U-Net: models sequences causally at several rates, so that most of its work happens at low ones.
///
/// Down blocks convolve, keep the result as a skip connection and convolve again with stride 2; up blocks
/// double the rate by a transposed convolution, join the skip connection's latest frames and convolve. Every
/// layer is followed by LeakyReLU and dropout; the last one is linear.
///
/// Output t depends on inputs up to t only: it is read as a prediction of what comes after input t.
/// Source: Stoller, Tian, Ewert, Dixon, "Seq-U-Net", IJCAI 2020, section 3.
public struct SeqUNet: Module {
  public let configuration: SeqUNetConfiguration
  public var coder: SymbolCoder?
  public var down: [DownBlock]
  public var bottleneck: Conv1D
  /// From the deepest level to the first.
  public var up: [UpBlock]
  public var output: Conv1D

  public struct DownBlock: Module {
    public var conv: Conv1D
    /// Halves the rate.
    public var thin: Conv1D

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("conv", &conv)
      visit.module("thin", &thin)
    }
  }

  public struct UpBlock: Module {
    /// Doubles the rate.
    public var widen: TransposedConv1D
    public var conv: Conv1D

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("widen", &widen)
      visit.module("conv", &conv)
    }
  }

  /// Fresh weights, drawn as PyTorch draws those of its layers.
  public init(_ configuration: SeqUNetConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "Seq-U-Net: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    let leaky = Activation.leakyReLU(slope: c.leakySlope)
    func conv(_ input: Int, _ output: Int, stride: Int = 1) -> Conv1D {
      Conv1D(
        inputChannels: input, outputChannels: output, kernelSize: c.kernel, stride: stride,
        padding: c.padding == .valid ? .valid : .causal, activation: leaky,
        initialization: .kaimingUniform, random: &random)
    }
    coder = c.symbols.map { SymbolCoder($0, random: &random) }
    down = c.widths.indices.dropLast().map { level in
      DownBlock(
        conv: conv(level == 0 ? c.inputChannels : c.widths[level - 1], c.widths[level]),
        thin: conv(c.widths[level], c.widths[level], stride: 2))
    }
    let bottom = c.widths.count - 1
    bottleneck = conv(c.widths[bottom - 1], c.widths[bottom])
    up = (0..<bottom).reversed().map { level in
      let (wide, narrow) = (c.widths[level + 1], c.widths[level])
      return UpBlock(
        widen: TransposedConv1D(
          inputChannels: wide, outputChannels: wide, kernelSize: c.kernel, stride: 2,
          cropping: Padding(before: c.padding == .valid ? c.kernel - 1 : 0, after: c.kernel - 1),
          activation: leaky, initialization: .kaimingUniform, random: &random),
        conv: conv(wide + narrow, narrow))
    }
    output = Conv1D(
      inputChannels: c.widths[0], outputChannels: c.outputChannels, kernelSize: 1,
      initialization: .kaimingUniform, random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("coder", &coder)
    visit.modules("down", &down)
    visit.module("bottleneck", &bottleneck)
    visit.modules("up", &up)
    visit.module("output", &output)
  }

  /// A prediction per frame.
  ///
  /// - Parameter input: `[batch, frames, inputChannels]`, or symbol numbers `[batch, frames, 1]`; without
  ///   padding a length from `configuration.window(forOutputFrames:)`.
  /// - Returns: `[batch, output frames, outputChannels]`, or a score per symbol; the last one follows the
  ///   last input frame.
  public func callAsFunction(_ input: Tensor, _ context: Context) -> Tensor {
    require(problem(withInput: input.shape) == nil, "Seq-U-Net: an input that \(problem(withInput: input.shape) ?? "")")
    let c = configuration
    var x = coder.map { $0.vectors(input, context) } ?? input
    let frames = x.shape[1]
    if c.padding == .zeros {
      x = x.padded(axis: 1, before: c.lengths.paddedFrames(frames) - frames, after: 0)
    }
    func conv(_ layer: Conv1D, _ inputs: Tensor...) -> Tensor {
      let frames = inputs.map { $0.shape[1] }.min() ?? 0
      return layer(
        inputs.map { ConvInput($0) }, alignment: .latest,
        dropout: context.dropoutMask(
          c.dropout, count: x.shape[0] * layer.outputFrames(frames) * layer.outputChannels))
    }
    var skips: [Tensor] = []
    for block in down {
      let skip = conv(block.conv, x)
      skips.append(skip)
      x = conv(block.thin, skip)
    }
    x = conv(bottleneck, x)
    for block in up {
      let doubled = block.widen(
        x,
        dropout: context.dropoutMask(
          c.dropout, count: x.shape[0] * block.widen.outputFrames(x.shape[1]) * block.widen.outputChannels))
      x = conv(block.conv, doubled, skips.removeLast())
    }
    x = output(x)
    if c.padding == .zeros { x = x.sliced(axis: 1, x.shape[1] - frames..<x.shape[1]) }
    return coder.map { $0.scores(x) } ?? x
  }
}

extension SeqUNet: Network {
  public static let architecture = "seq-u-net"
  public static var presets: [(name: String, configuration: SeqUNetConfiguration)] { SeqUNetConfiguration.presets }
  public static func problem(with configuration: SeqUNetConfiguration) -> String? { configuration.problem }

  public func callAsFunction(_ input: Tensor) -> Tensor { self(input, .inference) }

  public func problem(withInput shape: Shape) -> String? {
    let c = configuration
    if c.symbols != nil {
      if let problem = symbolProblem(shape) { return problem }
    } else if shape.rank != 3 || shape[2] != c.inputChannels || shape[0] == 0 {
      return "has shape \(shape); [batch, frames, \(c.inputChannels)] is expected"
    }
    return c.lengths.problem(withInput: shape[1])
  }

  public var facts: NetworkFacts {
    NetworkFacts(window: configuration.defaultWindow, receptiveField: configuration.receptiveField)
  }
}

extension CausalUNetLengths {
  /// What is wrong with a length, in one line.
  func problem(withInput frames: Int) -> String? {
    if outputFrames(frames) != nil { return nil }
    let context = window(forOutputFrames: 1)
    let near = window(forOutputFrames: max(1, frames - context.input + context.output))
    return "has \(frames) frames, which this network cannot take; \(near.input) would do"
  }
}
