/// A transposed convolution over time with bias and activation: every input frame adds a scaled
/// kernel to the output, `stride` frames after the one before.
///
/// Input `[batch, time, input channels]`, output `[batch, frames, output channels]`. The weight is
/// that of the convolution whose input gradient this is:
/// `[kernel, output channels / groups, input channels]`; bias `[output channels]`. `cropping` takes
/// frames away at the ends (negative: adds empty ones). PyTorch's `ConvTranspose1d` with weights
/// permuted from `[in, out, kernel]`, `padding` p and `output_padding` q is `cropping` (p, p − q).
/// Fan in counts kernel × output channels / groups, as PyTorch's does.
public struct TransposedConv1D: WeightedLayer {
  public var weight: Tensor
  public var bias: Tensor?
  public let stride: Int
  public let dilation: Int
  public let groups: Int
  public let cropping: Padding
  public let activation: Activation

  /// A layer with given weights.
  public init(
    weight: Tensor, bias: Tensor?, stride: Int = 1, dilation: Int = 1, groups: Int = 1,
    cropping: Padding = .none, activation: Activation = .none
  ) {
    require(
      weight.rank == 3 && (bias.map { $0.shape == [weight.shape[1] * groups] } ?? true),
      """
      TransposedConv1D: weight of shape \(weight.shape) in \(groups) groups, bias of shape \
      \(description(of: bias))
      """)
    require(
      stride > 0 && dilation > 0 && groups > 0 && weight.shape[2] % groups == 0,
      """
      TransposedConv1D: \(weight.shape[2]) channels in \(groups) groups, stride \(stride), \
      dilation \(dilation)
      """)
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.dilation = dilation
    self.groups = groups
    self.cropping = cropping
    self.activation = activation
  }

  /// A layer with fresh weights.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: Int, stride: Int = 1, dilation: Int = 1,
    groups: Int = 1, cropping: Padding = .none, activation: Activation = .none,
    hasBias: Bool = true,
    initialization: Initialization = .glorotUniform, random: inout RandomStream
  ) {
    require(
      outputChannels % groups == 0,
      "TransposedConv1D: \(outputChannels) output channels in \(groups) groups")
    let fanIn = kernelSize * outputChannels / groups
    let weight = initialization.weight(
      [kernelSize, outputChannels / groups, inputChannels], fanIn: fanIn,
      fanOut: kernelSize * inputChannels / groups, random: &random)
    let bias = hasBias ? initialization.bias(outputChannels, fanIn: fanIn, random: &random) : nil
    self.init(
      weight: weight, bias: bias, stride: stride, dilation: dilation, groups: groups,
      cropping: cropping,
      activation: activation)
  }

  public var kernelSize: Int { weight.shape[0] }
  public var inputChannels: Int { weight.shape[2] }
  public var outputChannels: Int { weight.shape[1] * groups }
  public var outputAxis: Int { 1 }

  /// Frames that one input frame reaches.
  public var span: Int { windows.span }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("weight", &weight)
    visit.parameter("bias", &bias)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { self(x, dropout: nil) }

  /// - Parameter dropout: elements of the result to drop (see `Context.dropoutMask`).
  public func callAsFunction(_ x: Tensor, dropout: DropoutMask?) -> Tensor {
    require(
      x.rank == 3 && x.shape[2] == inputChannels,
      "TransposedConv1D: a signal of shape \(x.shape) for \(inputChannels) channels")
    let geometry = Conv1DGeometry(
      batch: x.shape[0], inputFrames: outputFrames(x.shape[1]), inputChannels: outputChannels,
      outputChannels: inputChannels, kernelSize: kernelSize, stride: stride, dilation: dilation,
      groups: groups, padding: cropping)
    return transposedConv1D(
      x, weight, bias: bias, geometry, activation: activation, dropout: dropout)
  }

  /// Frames that come out when `frames` go in.
  public func outputFrames(_ frames: Int) -> Int {
    frames == 0 ? 0 : max(0, windows.extent(of: frames) - cropping.before - cropping.after)
  }

  /// The least number of frames that must go in for at least `frames` to come out.
  public func inputFrames(for frames: Int) -> Int {
    if frames == 0 { return 0 }
    let missing = frames + cropping.before + cropping.after - span
    return missing <= 0 ? 1 : (missing + stride - 1) / stride + 1
  }

  private var windows: Windows {
    Windows(kernelSize: kernelSize, stride: stride, dilation: dilation)
  }
}
