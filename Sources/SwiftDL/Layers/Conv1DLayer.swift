/// Which frames a temporal convolution may look at beyond the ends of its input.
public enum Conv1DPadding: Sendable, Hashable {
  /// None: the output is shorter than the input.
  case valid
  /// Zeros on both sides so that T frames become ⌈T / stride⌉; of an odd number, the extra one at
  /// the end (TensorFlow's "SAME"; PyTorch's `padding="same"` for stride 1).
  case same
  /// Zeros before the first frame only: no output depends on a later frame than its own.
  case causal
  /// The zeros are given.
  case explicit(Padding)
}

/// A convolution over time with bias and activation.
///
/// y[t] = f(bias + Σₖ x[t·stride + k·dilation]·weight[k]).
/// Input `[batch, time, channels]`, or several side by side; output
/// `[batch, frames, output channels]`. Weight `[kernel, input channels / groups, output channels]`,
/// bias `[output channels]`. Fans count kernel × channels / groups. PyTorch's `Conv1d` with weights
/// permuted from `[out, in, kernel]`.
public struct Conv1D: WeightedLayer {
  public var weight: Tensor
  public var bias: Tensor?
  public let stride: Int
  public let dilation: Int
  public let groups: Int
  public let padding: Conv1DPadding
  public let activation: Activation

  /// A layer with given weights.
  public init(
    weight: Tensor, bias: Tensor?, stride: Int = 1, dilation: Int = 1, groups: Int = 1,
    padding: Conv1DPadding = .valid, activation: Activation = .none
  ) {
    require(
      weight.rank == 3 && (bias.map { $0.shape == [weight.shape[2]] } ?? true),
      "Conv1D: weight of shape \(weight.shape), bias of shape \(description(of: bias))"
    )
    require(
      stride > 0 && dilation > 0 && groups > 0 && weight.shape[2] % groups == 0,
      "Conv1D: \(weight.shape[2]) channels in \(groups) groups, stride \(stride), dilation \(dilation)"
    )
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.dilation = dilation
    self.groups = groups
    self.padding = padding
    self.activation = activation
  }

  /// A layer with fresh weights.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: Int, stride: Int = 1, dilation: Int = 1,
    groups: Int = 1, padding: Conv1DPadding = .valid, activation: Activation = .none,
    hasBias: Bool = true,
    initialization: Initialization = .glorotUniform, random: inout RandomStream
  ) {
    require(
      inputChannels % groups == 0, "Conv1D: \(inputChannels) input channels in \(groups) groups")
    let fanIn = kernelSize * inputChannels / groups
    let weight = initialization.weight(
      [kernelSize, inputChannels / groups, outputChannels], fanIn: fanIn,
      fanOut: kernelSize * outputChannels / groups, random: &random)
    let bias = hasBias ? initialization.bias(outputChannels, fanIn: fanIn, random: &random) : nil
    self.init(
      weight: weight, bias: bias, stride: stride, dilation: dilation, groups: groups,
      padding: padding,
      activation: activation)
  }

  public var kernelSize: Int { weight.shape[0] }
  public var inputChannels: Int { weight.shape[1] * groups }
  public var outputChannels: Int { weight.shape[2] }
  public var outputAxis: Int { 2 }

  /// Frames that one output looks at, from the first to the last.
  public var span: Int { windows.span }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("weight", &weight)
    visit.parameter("bias", &bias)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { self([ConvInput(x)]) }

  /// The inputs side by side as channels; longer ones are cropped to the middle of the shortest
  /// one's length.
  public func callAsFunction(_ inputs: [Tensor]) -> Tensor { self(inputs.map { ConvInput($0) }) }

  /// The inputs side by side as channels; longer ones are cropped to the shortest one's length.
  ///
  /// - Parameter dropout: elements of the result to drop (see `Context.dropoutMask`).
  public func callAsFunction(
    _ inputs: [ConvInput], alignment: FrameAlignment = .middle, dropout: DropoutMask? = nil
  ) -> Tensor {
    conv1D(
      inputs, weight, bias: bias, activation: activation, stride: stride, dilation: dilation,
      groups: groups, padding: zeros(around: inputs.map(\.frames).min() ?? 0), alignment: alignment,
      dropout: dropout)
  }

  /// Zeros put around an input of `frames` frames.
  public func zeros(around frames: Int) -> Padding {
    switch padding {
    case .valid: .none
    case .same: windows.zerosForSame(around: frames)
    case .causal: Padding(before: span - 1, after: 0)
    case .explicit(let padding): padding
    }
  }

  /// Frames that come out when `frames` go in.
  public func outputFrames(_ frames: Int) -> Int {
    switch padding {
    case .valid: windows.count(in: frames)
    case .same, .causal: (frames + stride - 1) / stride
    case .explicit(let padding): windows.count(in: frames + padding.before + padding.after)
    }
  }

  /// The least number of frames that must go in for `frames` to come out.
  public func inputFrames(for frames: Int) -> Int {
    switch padding {
    case .valid: windows.extent(of: frames)
    case .same, .causal: max(0, (frames - 1) * stride + 1)
    case .explicit(let padding): max(0, windows.extent(of: frames) - padding.before - padding.after)
    }
  }

  private var windows: Windows {
    Windows(kernelSize: kernelSize, stride: stride, dilation: dilation)
  }
}
