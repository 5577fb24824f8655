/// A convolution of double width whose second half opens and closes the first: tanh(a)·sigmoid(b).
///
/// Input `[batch, time, input channels]`, or several side by side (a signal and its condition);
/// output `[batch, frames, channels]`. Source: van den Oord et al., "WaveNet", 2016, section 2.3.
public struct GatedUnit: Module {
  /// From the inputs to 2 × channels, without activation.
  public var convolution: Conv1D

  /// - Parameter channels: of the output.
  public init(
    inputChannels: Int, channels: Int, kernelSize: Int, stride: Int = 1, dilation: Int = 1,
    padding: Conv1DPadding = .causal, hasBias: Bool = true,
    initialization: Initialization = .glorotUniform, random: inout RandomStream
  ) {
    convolution = Conv1D(
      inputChannels: inputChannels, outputChannels: 2 * channels, kernelSize: kernelSize,
      stride: stride,
      dilation: dilation, padding: padding, hasBias: hasBias, initialization: initialization,
      random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("convolution", &convolution)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { self([x]) }
  public func callAsFunction(_ inputs: [Tensor]) -> Tensor { convolution(inputs).gated() }

  /// identity + gated sums; of longer inputs and identities the latest frames count.
  public func callAsFunction(_ inputs: [Tensor], addedTo identity: Tensor, rate: ResidualRate = .same)
    -> Tensor
  {
    gatedConv1D(
      inputs, convolution.weight, bias: convolution.bias, stride: convolution.stride,
      dilation: convolution.dilation,
      padding: convolution.zeros(around: inputs.map { $0.shape[1] }.min() ?? 0), addedTo: identity,
      rate: rate)
  }

  /// Frames that come out when `frames` go in.
  public func outputFrames(_ frames: Int) -> Int { convolution.outputFrames(frames) }
  /// The least number of frames that must go in for `frames` to come out.
  public func inputFrames(for frames: Int) -> Int { convolution.inputFrames(for: frames) }
}
