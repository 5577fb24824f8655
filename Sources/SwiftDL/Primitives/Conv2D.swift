// Two-dimensional convolution: conv1D's form over rows and columns.
internal import CKernels

/// Everything about a 2-D convolution except its values. Images are `[batch, height, width, channels]`,
/// weights `[kernel height, kernel width, input channels / groups, output channels]`.
public struct Conv2DGeometry: Sendable, Hashable {
  /// A pair of numbers for height and width.
  public struct Pair: Sendable, Hashable, CustomStringConvertible {
    public let height: Int
    public let width: Int
    public init(_ height: Int, _ width: Int) {
      self.height = height
      self.width = width
    }
    public static let one = Pair(1, 1)
    public var description: String { "\(height)×\(width)" }
    var isPositive: Bool { height > 0 && width > 0 }
  }

  public let batch: Int
  public let input: Pair
  public let inputChannels: Int
  public let outputChannels: Int
  public let kernel: Pair
  public let stride: Pair
  public let dilation: Pair
  public let groups: Int
  public let verticalPadding: Padding
  public let horizontalPadding: Padding

  public init(
    batch: Int, input: Pair, inputChannels: Int, outputChannels: Int, kernel: Pair, stride: Pair = .one,
    dilation: Pair = .one, groups: Int = 1, verticalPadding: Padding = .none,
    horizontalPadding: Padding = .none
  ) {
    require(
      kernel.isPositive && stride.isPositive && dilation.isPositive && groups > 0,
      "Conv2D: kernel \(kernel), stride \(stride), dilation \(dilation), groups \(groups)")
    require(
      inputChannels % groups == 0 && outputChannels % groups == 0,
      "Conv2D: \(inputChannels) to \(outputChannels) channels in \(groups) groups")
    self.batch = batch
    self.input = input
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.groups = groups
    self.verticalPadding = verticalPadding
    self.horizontalPadding = horizontalPadding
  }

  /// Height and width of the result.
  public var output: Pair {
    func extent(_ input: Int, _ padding: Padding, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
      let free = input + padding.before + padding.after - dilation * (kernel - 1) - 1
      return free < 0 ? 0 : free / stride + 1
    }
    return Pair(
      extent(input.height, verticalPadding, kernel.height, stride.height, dilation.height),
      extent(input.width, horizontalPadding, kernel.width, stride.width, dilation.width))
  }

  var inputShape: Shape { [batch, input.height, input.width, inputChannels] }
  var weightShape: Shape { [kernel.height, kernel.width, inputChannels / groups, outputChannels] }
  var outputShape: Shape { [batch, output.height, output.width, outputChannels] }

  var c: ck_conv2d_geometry {
    ck_conv2d_geometry(
      batch: batch, input_height: input.height, input_width: input.width,
      input_channels: inputChannels, output_channels: outputChannels, kernel_height: kernel.height,
      kernel_width: kernel.width, stride_height: stride.height, stride_width: stride.width,
      dilation_height: dilation.height, dilation_width: dilation.width, groups: groups,
      pad_top: verticalPadding.before, pad_bottom: verticalPadding.after,
      pad_left: horizontalPadding.before, pad_right: horizontalPadding.after)
  }
}

extension Conv2DGeometry: TrilinearForm {
  func contract(solvingFor slot: Slot, _ a: Tensor, _ b: Tensor) -> Tensor {
    var g = c
    switch slot {
    case .y:
      let y = Tensor(uninitialized: outputShape)
      var image = ck_image(
        data: a.elements, channels: inputChannels, pixel_stride: inputChannels,
        row_stride: input.width * inputChannels,
        batch_stride: input.height * input.width * inputChannels)
      require(ck_conv2d(Kernels.context, &g, 1, &image, b.elements, nil, y.elements))
      return y
    case .x:
      let x = Tensor(uninitialized: inputShape)
      var image = ck_mutable_image(
        data: x.elements, channels: inputChannels, pixel_stride: inputChannels,
        row_stride: input.width * inputChannels,
        batch_stride: input.height * input.width * inputChannels)
      require(ck_conv2d_input_gradient(Kernels.context, &g, b.elements, a.elements, 1, &image))
      return x
    case .w:
      let w = Tensor(uninitialized: weightShape)
      var image = ck_image(
        data: a.elements, channels: inputChannels, pixel_stride: inputChannels,
        row_stride: input.width * inputChannels,
        batch_stride: input.height * input.width * inputChannels)
      require(ck_conv2d_weight_gradient(Kernels.context, &g, 1, &image, b.elements, w.elements))
      return w
    }
  }
}

/// The convolution of `x` `[batch, height, width, channels]` with `weight` `[kernel height, kernel width,
/// input channels / groups, output channels]`.
public func conv2D(
  _ x: Tensor, _ weight: Tensor, stride: Conv2DGeometry.Pair = .one, dilation: Conv2DGeometry.Pair = .one,
  groups: Int = 1, verticalPadding: Padding = .none, horizontalPadding: Padding = .none
) -> Tensor {
  require(
    x.rank == 4 && weight.rank == 4 && weight.shape[2] * groups == x.shape[3],
    "conv2D: an image of shape \(x.shape) and weights of shape \(weight.shape) in \(groups) groups")
  let geometry = Conv2DGeometry(
    batch: x.shape[0], input: .init(x.shape[1], x.shape[2]), inputChannels: x.shape[3],
    outputChannels: weight.shape[3], kernel: .init(weight.shape[0], weight.shape[1]), stride: stride,
    dilation: dilation, groups: groups, verticalPadding: verticalPadding,
    horizontalPadding: horizontalPadding)
  return trilinear(geometry, solvingFor: .y, x, weight)
}

/// The transposed convolution: the gradient of a convolution of this geometry with respect to its input.
public func conv2DInputGradient(_ weight: Tensor, _ y: Tensor, _ geometry: Conv2DGeometry) -> Tensor {
  require(
    y.shape == geometry.outputShape && weight.shape == geometry.weightShape,
    "conv2DInputGradient: shapes \(y.shape) and \(weight.shape) for \(geometry)")
  return trilinear(geometry, solvingFor: .x, weight, y)
}

/// The gradient of a convolution with respect to its weights.
public func conv2DWeightGradient(_ x: Tensor, _ y: Tensor, _ geometry: Conv2DGeometry) -> Tensor {
  require(
    x.shape == geometry.inputShape && y.shape == geometry.outputShape,
    "conv2DWeightGradient: shapes \(x.shape) and \(y.shape) for \(geometry)")
  return trilinear(geometry, solvingFor: .w, x, y)
}
