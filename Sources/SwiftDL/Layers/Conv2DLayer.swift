/// What a convolution of images sees beyond their edges.
public enum Conv2DPadding: Sendable, Hashable {
  /// Nothing: the output is smaller than the input.
  case valid
  /// Zeros so that each extent becomes ⌈extent / stride⌉; of an odd number, the extra one at the
  /// end.
  case same
  /// The zeros are given.
  case explicit(vertical: Padding, horizontal: Padding)
}

/// A convolution of images with bias and activation.
///
/// Input `[batch, height, width, channels]`, weight
/// `[kernel height, kernel width, input channels / groups, output channels]`, bias
/// `[output channels]`. Fans count kernel area × channels / groups. PyTorch's `Conv2d` with weights
/// permuted from `[out, in, height, width]`.
public struct Conv2D: WeightedLayer {
  public typealias Pair = Conv2DGeometry.Pair

  public var weight: Tensor
  public var bias: Tensor?
  public let stride: Pair
  public let dilation: Pair
  public let groups: Int
  public let padding: Conv2DPadding
  public let activation: Activation

  /// A layer with given weights.
  public init(
    weight: Tensor, bias: Tensor?, stride: Pair = .one, dilation: Pair = .one, groups: Int = 1,
    padding: Conv2DPadding = .valid, activation: Activation = .none
  ) {
    require(
      weight.rank == 4 && (bias.map { $0.shape == [weight.shape[3]] } ?? true),
      "Conv2D: weight of shape \(weight.shape), bias of shape \(description(of: bias))"
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
    inputChannels: Int, outputChannels: Int, kernel: Pair, stride: Pair = .one,
    dilation: Pair = .one,
    groups: Int = 1, padding: Conv2DPadding = .valid, activation: Activation = .none,
    hasBias: Bool = true,
    initialization: Initialization = .glorotUniform, random: inout RandomStream
  ) {
    require(
      inputChannels % groups == 0 && outputChannels % groups == 0,
      "Conv2D: \(inputChannels) to \(outputChannels) channels in \(groups) groups")
    let area = kernel.height * kernel.width
    let fanIn = area * inputChannels / groups
    let weight = initialization.weight(
      [kernel.height, kernel.width, inputChannels / groups, outputChannels], fanIn: fanIn,
      fanOut: area * outputChannels / groups, random: &random)
    let bias = hasBias ? initialization.bias(outputChannels, fanIn: fanIn, random: &random) : nil
    self.init(
      weight: weight, bias: bias, stride: stride, dilation: dilation, groups: groups,
      padding: padding,
      activation: activation)
  }

  public var kernel: Pair { Pair(weight.shape[0], weight.shape[1]) }
  public var inputChannels: Int { weight.shape[2] * groups }
  public var outputChannels: Int { weight.shape[3] }
  public var outputAxis: Int { 3 }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("weight", &weight)
    visit.parameter("bias", &bias)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    require(x.rank == 4, "Conv2D: an image of shape \(x.shape)")
    let zeros = zeros(around: Pair(x.shape[1], x.shape[2]))
    let sum = conv2D(
      x, weight, stride: stride, dilation: dilation, groups: groups,
      verticalPadding: zeros.vertical,
      horizontalPadding: zeros.horizontal)
    return (bias.map { sum + $0 } ?? sum).activated(activation)
  }

  private func zeros(around image: Pair) -> (vertical: Padding, horizontal: Padding) {
    switch padding {
    case .valid: return (.none, .none)
    case .explicit(let vertical, let horizontal): return (vertical, horizontal)
    case .same:
      let rows = Windows(
        kernelSize: kernel.height, stride: stride.height, dilation: dilation.height)
      let columns = Windows(
        kernelSize: kernel.width, stride: stride.width, dilation: dilation.width)
      return (rows.zerosForSame(around: image.height), columns.zerosForSame(around: image.width))
    }
  }
}
