public import SwiftDL

/// Wave-U-Net: separates sources in the waveform itself, by a U-Net of 1-D convolutions.
///
/// Down blocks convolve, keep the result as a skip connection and drop every second frame; up blocks double
/// the rate by interpolation, join the skip connection and convolve; the last layer sees the input again.
///
/// Source: Stoller, Ewert, Dixon, "Wave-U-Net: A Multi-Scale Neural Network for End-to-End Audio Source
/// Separation", ISMIR 2018.
public struct WaveUNet: Module {
  public let configuration: WaveUNetConfiguration
  public var down: [Conv1D]
  public var bottleneck: Conv1D
  /// From the deepest level to the first.
  public var up: [UpBlock]
  public var output: Conv1D

  /// Doubling of the rate, then a convolution over the skip connection and the doubled signal.
  public struct UpBlock: Module {
    /// `[channels]`: the sigmoid of it is the earlier frame's share; `nil` for linear interpolation.
    public var interpolation: Tensor?
    public var conv: Conv1D

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.parameter("interpolation", &interpolation)
      visit.module("conv", &conv)
    }

    /// With context, that is without anything beyond the ends, over the first `frames` frames.
    func callAsFunction(_ x: Tensor, skip: ConvInput, frames: Int) -> Tensor {
      conv([skip.cropped(to: 0..<frames), doubled(x, context: true).cropped(to: 0..<frames)])
    }

    func callAsFunction(_ x: Tensor, skip: Tensor, context: Bool) -> Tensor {
      conv([ConvInput(skip), doubled(x, context: context)])
    }

    private func doubled(_ x: Tensor, context: Bool) -> ConvInput {
      guard let mix = interpolation?.sigmoid() else { return .upsampled(x, edge: context ? .interior : .replicate) }
      return ConvInput(x.upsampled(edge: context ? .interior : .zero, mix: mix))
    }
  }

  /// Fresh weights: Glorot uniform kernels, zero biases, interpolation in the middle.
  public init(_ configuration: WaveUNetConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "Wave-U-Net: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    func conv(_ input: Int, _ output: Int, _ kernel: Int, _ activation: Activation) -> Conv1D {
      Conv1D(
        inputChannels: input, outputChannels: output, kernelSize: kernel,
        padding: c.context ? .valid : .same, activation: activation, random: &random)
    }
    let leaky = Activation.leakyReLU(slope: c.leakySlope)
    down = (1...c.levels).map { level in
      conv(level == 1 ? c.channels : c.channels(atLevel: level - 1), c.channels(atLevel: level), c.downKernel, leaky)
    }
    bottleneck = conv(c.channels(atLevel: c.levels), c.channels(atLevel: c.levels + 1), c.downKernel, leaky)
    up = (1...c.levels).reversed().map { level in
      let (wide, narrow) = (c.channels(atLevel: level + 1), c.channels(atLevel: level))
      return UpBlock(
        interpolation: c.upsampling == .learned ? .zeros([wide]) : nil,
        conv: conv(narrow + wide, narrow, c.upKernel, leaky))
    }
    output = conv(
      c.channels(atLevel: 1) + c.channels, c.predictedSources * c.channels, c.outputKernel,
      c.outputActivation == .tanh ? .tanh : .none)
    // The paper's sources are independent layers of `channels` filters each, so each has its own Glorot limit.
    output.weight = .concatenated(
      (0..<c.predictedSources).map { _ in
        conv(c.channels(atLevel: 1) + c.channels, c.channels, c.outputKernel, .none).weight
      }, axis: 2)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.modules("down", &down)
    visit.module("bottleneck", &bottleneck)
    visit.modules("up", &up)
    visit.module("output", &output)
  }

  /// The estimated sources of a window of audio.
  ///
  /// - Parameter mixture: `[batch, input frames, channels]`, in -1 ... 1; a length from
  ///   `configuration.window(forOutputFrames:)`.
  /// - Returns: `[batch, output frames, sources · channels]`, the channels of the first source first. A
  ///   difference output adds up to the mixture's middle frames.
  public func callAsFunction(_ mixture: Tensor) -> Tensor {
    let c = configuration
    require(
      problem(withInput: mixture.shape) == nil, "Wave-U-Net: an input that \(problem(withInput: mixture.shape) ?? "")")
    // Dropping every second frame is the next convolution's way of reading.
    var thinned = ConvInput(mixture)
    var skips: [Tensor] = []
    for conv in down {
      let skip = conv([thinned])
      skips.append(skip)
      thinned = .decimated(skip, by: 2)
    }
    var x = bottleneck([thinned])
    for block in up {
      x = block(x, skip: skips.removeLast(), context: c.context)
    }
    return sources(predicted: output([mixture, x]), of: mixture)
  }

  /// All sources: those predicted and, of a difference output, what they leave of the mixture's middle.
  func sources(predicted: Tensor, of mixture: Tensor) -> Tensor {
    let c = configuration
    guard c.output == .difference else { return predicted }
    let whole = mixture.centerCropped(axis: 1, to: predicted.shape[1])
    let rest = predicted.split(axis: 2, extents: Array(repeating: c.channels, count: c.predictedSources))
      .reduce(whole) { $0 - $1 }
    return .concatenated([predicted, rest], axis: 2)
  }
}

extension WaveUNet: SeparationNetwork {
  public static let architecture = "wave-u-net"
  public static var presets: [(name: String, configuration: WaveUNetConfiguration)] {
    WaveUNetConfiguration.presets
  }

  public func stream() -> (any SourceStream)? { configuration.context ? WaveUNetStream(self) : nil }
}
