// Summation and broadcasting: each is the other's adjoint.
internal import CKernels

private struct Broadcast: LinearMap {
  let small: Shape
  let large: Shape
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    adjoint ? Kernels.sum(x, to: small) : Kernels.broadcast(x, to: large)
  }
}

/// The largest element along an axis. Its pullback shares the cotangent out by constant weights.
private struct Largest: Primitive {
  let axis: Int

  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    // Compared, not subtracted: an infinite maximum equals itself.
    let hits = 1 - Kernels.greater(output.detached, inputs[0].detached)
    return [g * (hits / hits.sum(axes: [axis], keepingAxes: true))]
  }
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { true }
  var keepsOutput: Bool { true }
}

extension Kernels {
  /// Sums over the axes along which `shape` has extent 1 or none.
  static func sum(_ x: Tensor, to shape: Shape) -> Tensor {
    if x.shape == shape { return x.detached }
    let lead = x.rank - shape.rank
    var result = x.detached
    var axis = 0
    func isSummed(_ axis: Int) -> Bool {
      axis < lead || (shape[axis - lead] == 1 && x.shape[axis] != 1)
    }
    while axis < x.rank {
      guard isSummed(axis) else {
        axis += 1
        continue
      }
      var end = axis + 1
      while end < x.rank, isSummed(end) { end += 1 }
      result = reduce(.sum, result, axis..<end)
      axis = end
    }
    return Tensor(shape: shape, storage: result.storage)
  }
}

extension Tensor {
  /// Repeats axes of extent 1, and missing outer axes, up to a shape.
  public func broadcast(to shape: Shape) -> Tensor {
    if self.shape == shape { return self }
    require(
      Shape.broadcast(self.shape, shape, in: "broadcast") == shape,
      "broadcast: \(self.shape) does not broadcast to \(shape)")
    return linear(Broadcast(small: self.shape, large: shape), self)
  }

  /// Sums over the axes along which `shape` has extent 1, and over missing outer axes.
  public func sum(to shape: Shape) -> Tensor {
    if self.shape == shape { return self }
    require(
      Shape.broadcast(self.shape, shape, in: "sum") == self.shape,
      "sum: \(self.shape) does not sum to \(shape)")
    return linear(Broadcast(small: shape, large: self.shape), self, adjoint: true)
  }

  /// The sum of all elements, a number.
  public func sum() -> Tensor { sum(to: Shape(repeatElement(1, count: rank))).reshaped([]) }

  /// The sum along some axes (negative ones count from the end).
  public func sum(axes: [Int], keepingAxes: Bool = false) -> Tensor {
    let axes = axes.map { shape.axis($0, in: "sum") }
    require(Set(axes).count == axes.count, "sum: an axis twice in \(axes)")
    var target = shape
    for axis in axes { target[axis] = 1 }
    let total = sum(to: target)
    if keepingAxes { return total }
    return total.reshaped(Shape(shape.indices.filter { !axes.contains($0) }.map { shape[$0] }))
  }

  /// The mean of all elements, a number.
  public func mean() -> Tensor { sum() / Float(count) }

  /// The mean along some axes.
  public func mean(axes: [Int], keepingAxes: Bool = false) -> Tensor {
    let divisor = axes.reduce(1) { $0 * shape[shape.axis($1, in: "mean")] }
    return sum(axes: axes, keepingAxes: keepingAxes) / Float(divisor)
  }

  /// Mean and population variance along some axes, which keep extent 1.
  public func moments(axes: [Int]) -> (mean: Tensor, variance: Tensor) {
    let mean = mean(axes: axes, keepingAxes: true)
    return (mean, (self - mean).squared().mean(axes: axes, keepingAxes: true))
  }

  /// The Euclidean norm of all elements, a number. Its gradient at 0 is 0, as in PyTorch.
  public func norm() -> Tensor { squared().sum().flatSquareRoot() }

  /// The Euclidean norm along some axes. Its gradient at 0 is 0, as in PyTorch.
  public func norm(axes: [Int], keepingAxes: Bool = false) -> Tensor {
    squared().sum(axes: axes, keepingAxes: keepingAxes).flatSquareRoot()
  }

  /// The largest element along an axis; ties share the gradient equally.
  public func max(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let axis = shape.axis(axis, in: "max")
    let largest = record(Largest(axis: axis), [self], Kernels.reduce(.maximum, self, axis..<axis + 1))
    return keepingAxis ? largest : largest.sum(axes: [axis])
  }

  /// The first position of the largest element along an axis, row major over the other axes.
  public func argmax(axis: Int) -> [Int] {
    Kernels.argmax(self, axis: shape.axis(axis, in: "argmax")).map(Int.init)
  }
}
