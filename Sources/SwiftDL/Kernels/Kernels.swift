internal import CKernels

/// The C kernels on tensors: shapes become geometries here, and nowhere else in the library.
enum Kernels {
  static var context: OpaquePointer { ComputeContext.current.handle }

  // MARK: Elementwise

  static func fill(_ x: Tensor, _ value: Float) { require(ck_fill(context, x.count, value, x.elements)) }

  static func unary(_ op: ck_unary_op, _ x: Tensor, _ a: Float = 0, _ b: Float = 0) -> Tensor {
    let y = Tensor(uninitialized: x.shape)
    require(ck_unary(context, op, a, b, x.count, x.elements, y.elements))
    return y
  }

  /// op(x, y) for equal shapes, or with one broadcast to the other.
  static func binary(
    _ op: ck_binary_op, reversed: ck_binary_op, _ x: Tensor, _ y: Tensor, _ a: Float = 0
  ) -> Tensor {
    if x.shape == y.shape {
      let z = Tensor(uninitialized: x.shape)
      require(ck_binary(context, op, a, x.count, x.elements, y.elements, z.elements))
      return z
    }
    let shape = Shape.broadcast(x.shape, y.shape, in: op.name)
    if x.shape == shape, let block = shape.block(of: y.shape) {
      let z = Tensor(uninitialized: shape)
      require(
        ck_binary_broadcast(
          context, op, a, block.outer, block.middle, block.inner, x.elements, y.elements, z.elements))
      return z
    }
    if y.shape == shape, let block = shape.block(of: x.shape) {
      let z = Tensor(uninitialized: shape)
      require(
        ck_binary_broadcast(
          context, reversed, a, block.outer, block.middle, block.inner, y.elements, x.elements, z.elements))
      return z
    }
    if x.shape == shape, let z = binaryByExample(op, x, y, a) { return z }
    if y.shape == shape, let z = binaryByExample(reversed, y, x, a) { return z }
    return binary(op, reversed: reversed, broadcast(x, to: shape), broadcast(y, to: shape), a)
  }

  /// op(large, small) where the smaller one varies along the outermost axis and again along inner ones,
  /// such as a value per example and channel. `nil` when the examples are not worth a call each.
  private static func binaryByExample(_ op: ck_binary_op, _ large: Tensor, _ small: Tensor, _ a: Float)
    -> Tensor?
  {
    guard large.rank == small.rank, large.rank > 0, large.shape[0] == small.shape[0],
      let block = Shape(large.shape.dropFirst()).block(of: Shape(small.shape.dropFirst()))
    else { return nil }
    let count = block.outer * block.middle * block.inner
    guard count >= 1024 else { return nil }
    let z = Tensor(uninitialized: large.shape)
    for example in 0..<large.shape[0] {
      require(
        ck_binary_broadcast(
          context, op, a, block.outer, block.middle, block.inner, large.elements + example * count,
          small.elements + example * block.middle, z.elements + example * count))
    }
    return z
  }

  /// 1 where x > y, else 0.
  static func greater(_ x: Tensor, _ y: Tensor) -> Tensor {
    let shape = Shape.broadcast(x.shape, y.shape, in: "greater")
    // There is no reversed comparison, so a smaller x is repeated.
    return binary(.greater, reversed: .greater, broadcast(x, to: shape), y)
  }

  // MARK: Layout

  /// Repeats extents of 1, and missing outer axes, up to a shape.
  static func broadcast(_ x: Tensor, to shape: Shape) -> Tensor {
    if x.shape == shape { return x.detached }
    let lead = shape.rank - x.rank
    let own = x.shape.strides
    var strides = InlineArray<6, Int>(repeating: 0)
    for axis in lead..<shape.rank where x.shape[axis - lead] != 1 { strides[axis] = own[axis - lead] }
    let y = Tensor(uninitialized: shape)
    copy(shape, x.elements, strides, to: y.elements, shape.strides)
    return y
  }

  static func permute(_ x: Tensor, _ axes: [Int]) -> Tensor {
    let shape = Shape(rank: x.rank) { x.shape[axes[$0]] }
    let own = x.shape.strides
    var strides = InlineArray<6, Int>(repeating: 0)
    for (axis, source) in axes.enumerated() { strides[axis] = own[source] }
    let y = Tensor(uninitialized: shape)
    copy(shape, x.elements, strides, to: y.elements, shape.strides)
    return y
  }

  /// The elements start + step·i along an axis.
  static func slice(_ x: Tensor, _ part: AxisPart, to shape: Shape) -> Tensor {
    let y = Tensor(uninitialized: shape)
    if y.count == 0 { return y }
    var strides = x.shape.strides
    let start = x.elements + part.start * strides[part.axis]
    strides[part.axis] *= part.step
    copy(shape, start, strides, to: y.elements, shape.strides)
    return y
  }

  /// The adjoint of `slice`: the elements in their places, zeros elsewhere.
  static func embed(_ y: Tensor, _ part: AxisPart, in shape: Shape) -> Tensor {
    let x = Tensor.zeros(shape)
    place(y, part, in: x)
    return x
  }

  /// Copies `y` into a part of `x`, which nobody else holds yet.
  static func place(_ y: Tensor, _ part: AxisPart, in x: Tensor) {
    if y.count == 0 { return }
    var strides = x.shape.strides
    let start = x.elements + part.start * strides[part.axis]
    strides[part.axis] *= part.step
    copy(y.shape, y.elements, y.shape.strides, to: start, strides)
  }

  /// Positions start, start + step, … along one axis, and everything along the others.
  struct AxisPart {
    let axis: Int
    let start: Int
    var step = 1
  }

  private static func copy(
    _ shape: Shape, _ x: UnsafePointer<Float>, _ xStrides: InlineArray<6, Int>,
    to y: UnsafeMutablePointer<Float>, _ yStrides: InlineArray<6, Int>
  ) {
    shape.extents.withPointer { extents in
      xStrides.withPointer { xStrides in
        yStrides.withPointer { yStrides in
          require(ck_copy_strided(context, shape.rank, extents, x, xStrides, y, yStrides))
        }
      }
    }
  }

  static func gatherRows(_ table: Tensor, _ indices: [Int32], to shape: Shape) -> Tensor {
    let y = Tensor(uninitialized: shape)
    require(
      ck_gather_rows(
        context, indices.count, table.shape[1], table.shape[0], indices, table.elements, y.elements))
    return y
  }

  static func gatherRowsAdjoint(_ y: Tensor, _ indices: [Int32], to shape: Shape) -> Tensor {
    let table = Tensor(uninitialized: shape)
    require(
      ck_gather_rows_adjoint(
        context, indices.count, shape[1], shape[0], indices, y.elements, table.elements))
    return table
  }

  // MARK: Reductions

  /// Reduces neighbouring axes to extent 1.
  static func reduce(_ op: ck_reduce_op, _ x: Tensor, _ axes: Range<Int>) -> Tensor {
    var shape = x.shape
    for axis in axes { shape[axis] = 1 }
    let y = Tensor(uninitialized: shape)
    require(
      ck_reduce(
        context, op, x.shape.elementCount(of: 0..<axes.lowerBound), x.shape.elementCount(of: axes),
        x.shape.elementCount(of: axes.upperBound..<x.rank), x.elements, y.elements))
    return y
  }

  /// Σ x·z over neighbouring axes, which become extent 1.
  static func sumOfProducts(_ x: Tensor, _ z: Tensor, _ axes: Range<Int>) -> Tensor {
    var shape = x.shape
    for axis in axes { shape[axis] = 1 }
    let y = Tensor(uninitialized: shape)
    require(
      ck_reduce_products(
        context, x.shape.elementCount(of: 0..<axes.lowerBound), x.shape.elementCount(of: axes),
        x.shape.elementCount(of: axes.upperBound..<x.rank), x.elements, z.elements, y.elements))
    return y
  }

  /// Mean and population variance over the middle of `[outer, count, inner]`: `[2, outer, 1, inner]`.
  static func moments(_ x: Tensor) -> Tensor {
    let y = Tensor(uninitialized: [2, x.shape[0], 1, x.shape[2]])
    let half = x.shape[0] * x.shape[2]
    require(
      ck_moments(
        context, x.shape[0], x.shape[1], x.shape[2], x.elements, y.elements, y.elements + half))
    return y
  }

  /// x·a + b for `x` `[outer, count, inner]` and, by channel, `a` and `b` `[outer, 1, inner]`.
  static func scale(_ x: Tensor, _ a: Tensor, _ b: Tensor?) -> Tensor {
    let y = Tensor(uninitialized: x.shape)
    require(
      ck_scale(
        context, x.shape[0], x.shape[1], x.shape[2], x.elements, a.elements, b?.elements, 0, y.elements))
    return y
  }

  /// Adds x·a + b to a tensor that nobody else holds.
  static func addScaled(_ x: Tensor, _ a: Tensor, _ b: Tensor?, to y: Tensor) {
    require(
      ck_scale(
        context, x.shape[0], x.shape[1], x.shape[2], x.elements, a.elements, b?.elements, 1, y.elements))
  }

  static func dot(_ x: Tensor, _ y: Tensor) -> Float {
    var sum = 0.0
    require(ck_dot(context, x.count, x.elements, y.elements, &sum))
    return Float(sum)
  }

  static func argmax(_ x: Tensor, axis: Int) -> [Int32] {
    let (outer, inner) = (
      x.shape.elementCount(of: 0..<axis), x.shape.elementCount(of: axis + 1..<x.rank)
    )
    return [Int32](unsafeUninitializedCapacity: outer * inner) { buffer, count in
      if outer * inner > 0 {
        require(ck_argmax(context, outer, x.shape[axis], inner, x.elements, buffer.baseAddress))
      }
      count = outer * inner
    }
  }
}

extension Tensor {
  /// A tensor whose elements a kernel is about to write.
  init(uninitialized shape: Shape) {
    self.init(shape: shape, storage: Storage(count: shape.elementCount))
  }
}

extension ck_binary_op {
  /// What the caller wrote, for messages.
  fileprivate var name: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .maximum: "maximum"
    case .minimum: "minimum"
    default: "pair \(rawValue)"
    }
  }
}

extension InlineArray where Element == Int {
  fileprivate func withPointer(_ body: (UnsafePointer<Int>) -> Void) {
    span.withUnsafeBufferPointer { buffer in if let start = buffer.baseAddress { body(start) } }
  }
}

extension Shape {
  /// The shape two shapes broadcast to: equal extents, or one of them 1, aligned at the last axis.
  static func broadcast(_ a: Shape, _ b: Shape, in operation: @autoclosure () -> String) -> Shape {
    let rank = Swift.max(a.rank, b.rank)
    return Shape(rank: rank) { axis in
      let (i, j) = (axis - rank + a.rank, axis - rank + b.rank)
      let (m, n) = (i < 0 ? 1 : a[i], j < 0 ? 1 : b[j])
      require(m == n || m == 1 || n == 1, "\(operation()): shapes \(a) and \(b) do not broadcast together")
      return m == 1 ? n : m
    }
  }

  /// Self as outer × middle × inner, where `small` broadcasts to self and varies along middle alone.
  func block(of small: Shape) -> (outer: Int, middle: Int, inner: Int)? {
    let lead = rank - small.rank
    guard lead >= 0 else { return nil }
    var first = rank
    var last = -1
    for axis in lead..<rank where small[axis - lead] != 1 {
      first = Swift.min(first, axis)
      last = axis
    }
    if last < 0 { return (elementCount, 1, 1) }
    for axis in first...last where small[axis - lead] != self[axis] { return nil }
    return (
      elementCount(of: 0..<first), elementCount(of: first..<last + 1), elementCount(of: last + 1..<rank)
    )
  }
}
