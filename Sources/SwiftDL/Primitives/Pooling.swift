// Pooling: the mean is a linear map, and so is the maximum once its positions are known.
internal import CKernels

/// Windows over an image `[batch, height, width, channels]`; a signal is an image of height 1.
public struct PoolGeometry: Sendable, Hashable {
  public let window: Conv2DGeometry.Pair
  public let stride: Conv2DGeometry.Pair
  public let verticalPadding: Padding
  public let horizontalPadding: Padding

  /// - Parameter stride: the window's own extents when absent.
  public init(
    window: Conv2DGeometry.Pair, stride: Conv2DGeometry.Pair? = nil, verticalPadding: Padding = .none,
    horizontalPadding: Padding = .none
  ) {
    self.window = window
    self.stride = stride ?? window
    require(
      window.isPositive && self.stride.isPositive,
      "PoolGeometry: window \(window), stride \(self.stride)")
    // Then every window holds an element, unless the image has none.
    require(
      max(verticalPadding.before, verticalPadding.after) < window.height
        && max(horizontalPadding.before, horizontalPadding.after) < window.width,
      "PoolGeometry: padding \(verticalPadding), \(horizontalPadding) for window \(window)")
    self.verticalPadding = verticalPadding
    self.horizontalPadding = horizontalPadding
  }

  fileprivate func c(_ shape: Shape) -> ck_pool_geometry {
    ck_pool_geometry(
      batch: shape[0], input_height: shape[1], input_width: shape[2], channels: shape[3],
      window_height: window.height, window_width: window.width, stride_height: stride.height,
      stride_width: stride.width, pad_top: verticalPadding.before, pad_bottom: verticalPadding.after,
      pad_left: horizontalPadding.before, pad_right: horizontalPadding.after)
  }

  fileprivate func outputShape(_ shape: Shape) -> Shape {
    var g = c(shape)
    return [shape[0], ck_pool_output_height(&g), ck_pool_output_width(&g), shape[3]]
  }
}

private struct AveragePool: LinearMap {
  let geometry: PoolGeometry
  let input: Shape
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    var g = geometry.c(input)
    let y = Tensor(uninitialized: adjoint ? input : geometry.outputShape(input))
    if adjoint {
      require(ck_average_pool_adjoint(Kernels.context, &g, x.elements, y.elements))
    } else {
      require(ck_average_pool(Kernels.context, &g, x.elements, y.elements))
    }
    return y
  }
}

private struct PoolAt: LinearMap {
  let geometry: PoolGeometry
  let input: Shape
  let indices: [Int32]
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    var g = geometry.c(input)
    let y = Tensor(uninitialized: adjoint ? input : geometry.outputShape(input))
    if adjoint {
      require(ck_pool_at_adjoint(Kernels.context, &g, indices, x.elements, y.elements))
    } else {
      require(ck_pool_at(Kernels.context, &g, indices, x.elements, y.elements))
    }
    return y
  }
}

extension Tensor {
  /// The mean over windows of an image; padding is left out of the divisor.
  public func averagePooled(_ geometry: PoolGeometry) -> Tensor {
    require(rank == 4, "averagePooled: an image of shape \(shape)")
    return linear(AveragePool(geometry: geometry, input: shape), self)
  }

  /// The maximum over windows of an image; ties take the first element.
  public func maxPooled(_ geometry: PoolGeometry) -> Tensor {
    require(rank == 4, "maxPooled: an image of shape \(shape)")
    var g = geometry.c(shape)
    let y = Tensor(uninitialized: geometry.outputShape(shape))
    let indices = [Int32](unsafeUninitializedCapacity: y.count) { buffer, count in
      if y.count > 0 { require(ck_max_pool(Kernels.context, &g, elements, y.elements, buffer.baseAddress)) }
      count = y.count
    }
    return linear(PoolAt(geometry: geometry, input: shape, indices: indices), self, value: y)
  }
}
