/// A transposed convolution of images with bias and activation.
///
/// Input `[batch, height, width, input channels]`. The weight is that of the convolution whose
/// input gradient this is:
/// `[kernel height, kernel width, output channels / groups, input channels]`; bias
/// `[output channels]`. Cropping takes rows and columns away at the edges (negative: adds empty
/// ones). PyTorch's `ConvTranspose2d` with weights permuted from `[in, out, height, width]`,
/// `padding` p and `output_padding` q is a cropping of (p, p − q). Fan in counts kernel area ×
/// output channels / groups, as PyTorch's does.
public struct TransposedConv2D: WeightedLayer {
  public typealias Pair = Conv2DGeometry.Pair

  public var weight: Tensor
  public var bias: Tensor?
  public let stride: Pair
  public let dilation: Pair
  public let groups: Int
  public let verticalCropping: Padding
  public let horizontalCropping: Padding
  public let activation: Activation

  /// A layer with given weights.
  public init(
    weight: Tensor, bias: Tensor?, stride: Pair = .one, dilation: Pair = .one, groups: Int = 1,
    verticalCropping: Padding = .none, horizontalCropping: Padding = .none,
    activation: Activation = .none
  ) {
    require(
      weight.rank == 4 && (bias.map { $0.shape == [weight.shape[2] * groups] } ?? true),
      """
      TransposedConv2D: weight of shape \(weight.shape) in \(groups) groups, bias of shape \
      \(description(of: bias))
      """)
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.dilation = dilation
    self.groups = groups
    self.verticalCropping = verticalCropping
    self.horizontalCropping = horizontalCropping
    self.activation = activation
  }

  /// A layer with fresh weights.
  public init(
    inputChannels: Int, outputChannels: Int, kernel: Pair, stride: Pair = .one,
    dilation: Pair = .one,
    groups: Int = 1, verticalCropping: Padding = .none, horizontalCropping: Padding = .none,
    activation: Activation = .none, hasBias: Bool = true,
    initialization: Initialization = .glorotUniform,
    random: inout RandomStream
  ) {
    require(
      inputChannels % groups == 0 && outputChannels % groups == 0,
      "TransposedConv2D: \(inputChannels) to \(outputChannels) channels in \(groups) groups")
    let area = kernel.height * kernel.width
    let fanIn = area * outputChannels / groups
    let weight = initialization.weight(
      [kernel.height, kernel.width, outputChannels / groups, inputChannels], fanIn: fanIn,
      fanOut: area * inputChannels / groups, random: &random)
    let bias = hasBias ? initialization.bias(outputChannels, fanIn: fanIn, random: &random) : nil
    self.init(
      weight: weight, bias: bias, stride: stride, dilation: dilation, groups: groups,
      verticalCropping: verticalCropping, horizontalCropping: horizontalCropping,
      activation: activation)
  }

  public var kernel: Pair { Pair(weight.shape[0], weight.shape[1]) }
  public var inputChannels: Int { weight.shape[3] }
  public var outputChannels: Int { weight.shape[2] * groups }
  public var outputAxis: Int { 2 }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("weight", &weight)
    visit.parameter("bias", &bias)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    require(
      x.rank == 4 && x.shape[3] == inputChannels,
      "TransposedConv2D: an image of shape \(x.shape) for \(inputChannels) channels")
    let rows = Windows(kernelSize: kernel.height, stride: stride.height, dilation: dilation.height)
    let columns = Windows(kernelSize: kernel.width, stride: stride.width, dilation: dilation.width)
    let height = rows.extent(of: x.shape[1]) - verticalCropping.before - verticalCropping.after
    let width =
      columns.extent(of: x.shape[2]) - horizontalCropping.before - horizontalCropping.after
    require(
      height >= 0 && width >= 0, "TransposedConv2D: nothing is left of an image of shape \(x.shape)"
    )
    let geometry = Conv2DGeometry(
      batch: x.shape[0], input: Pair(height, width), inputChannels: outputChannels,
      outputChannels: inputChannels, kernel: kernel, stride: stride, dilation: dilation,
      groups: groups,
      verticalPadding: verticalCropping, horizontalPadding: horizontalCropping)
    let sum = conv2DInputGradient(weight, x, geometry)
    return (bias.map { sum + $0 } ?? sum).activated(activation)
  }
}
