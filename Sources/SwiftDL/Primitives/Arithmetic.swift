// Sums, differences, products and quotients of tensors, broadcast as in numpy and PyTorch.
internal import CKernels

// MARK: - Sum family

private struct Add: Primitive {
  /// x + weight · y
  let weight: Float
  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    [
      wanted[0] ? g.sum(to: inputs[0].shape) : nil,
      wanted[1] ? (weight == 1 ? g : weight * g).sum(to: inputs[1].shape) : nil,
    ]
  }
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { false }
}

extension Tensor {
  public static func + (x: Tensor, y: Tensor) -> Tensor {
    let value = Kernels.binary(.add, reversed: .add, x, y)
    return x.isTracked || y.isTracked ? record(Add(weight: 1), [x, y], value) : value
  }

  public static func - (x: Tensor, y: Tensor) -> Tensor {
    let value = Kernels.binary(.subtract, reversed: .reverse_subtract, x, y)
    return x.isTracked || y.isTracked ? record(Add(weight: -1), [x, y], value) : value
  }
}

// MARK: - Products: a trilinear form Σ x·w·y over the broadcast shape

private struct MultiplyForm: TrilinearForm {
  let x: Shape
  let w: Shape

  func contract(solvingFor slot: Slot, _ a: Tensor, _ b: Tensor) -> Tensor {
    let wanted: Shape? = slot == .x ? x : slot == .w ? w : nil
    if let wanted, a.shape == b.shape, let axes = a.shape.axes(summedTo: wanted) {
      return Tensor(shape: wanted, storage: Kernels.sumOfProducts(a, b, axes).storage)
    }
    let product = Kernels.binary(.multiply, reversed: .multiply, a, b)
    return wanted.map { Kernels.sum(product, to: $0) } ?? product
  }
}

extension Shape {
  /// The neighbouring axes that are summed when this shape becomes a smaller one; nil where there are none, or others
  /// between them.
  fileprivate func axes(summedTo small: Shape) -> Range<Int>? {
    let lead = rank - small.rank
    let summed = (0..<rank).filter { $0 < lead || (small[$0 - lead] == 1 && self[$0] != 1) }
    guard let first = summed.first, let last = summed.last, last - first + 1 == summed.count else { return nil }
    return first..<last + 1
  }
}

/// Σ x·y over the axes that become 1 in a smaller shape, in one pass.
func sumOfProducts(_ x: Tensor, _ y: Tensor, to shape: Shape) -> Tensor {
  require(x.shape == y.shape, "sumOfProducts: shapes \(x.shape) and \(y.shape)")
  return trilinear(MultiplyForm(x: x.shape, w: shape), solvingFor: .w, x, y)
}

extension Tensor {
  public static func * (x: Tensor, y: Tensor) -> Tensor {
    trilinear(MultiplyForm(x: x.shape, w: y.shape), solvingFor: .y, x, y)
  }

  public static func / (x: Tensor, y: Tensor) -> Tensor { x * y.reciprocal() }

  public static prefix func - (x: Tensor) -> Tensor { -1 * x }
}

// MARK: - With numbers

private struct Affine: Primitive {
  let scale: Float
  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    [scale == 1 ? g : scale * g]
  }
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { false }
}

extension Tensor {
  /// scale · x + offset.
  public func affine(scale: Float, offset: Float) -> Tensor {
    let value = Kernels.unary(.affine, self, scale, offset)
    return isTracked ? record(Affine(scale: scale), [self], value) : value
  }

  public static func + (x: Tensor, y: Float) -> Tensor { x.affine(scale: 1, offset: y) }
  public static func + (x: Float, y: Tensor) -> Tensor { y.affine(scale: 1, offset: x) }
  public static func - (x: Tensor, y: Float) -> Tensor { x.affine(scale: 1, offset: -y) }
  public static func - (x: Float, y: Tensor) -> Tensor { y.affine(scale: -1, offset: x) }
  public static func * (x: Tensor, y: Float) -> Tensor { x.affine(scale: y, offset: 0) }
  public static func * (x: Float, y: Tensor) -> Tensor { y.affine(scale: x, offset: 0) }
  public static func / (x: Tensor, y: Float) -> Tensor { x.affine(scale: 1 / y, offset: 0) }
  public static func / (x: Float, y: Tensor) -> Tensor { x * y.reciprocal() }
}

// MARK: - Larger and smaller of two

/// The larger or smaller value per element. Its pullback shares the cotangent out by constant weights.
private struct Extremum: Primitive {
  let isMaximum: Bool

  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    let (x, y) = (inputs[0].detached, inputs[1].detached)
    let (larger, smaller) = isMaximum ? (x, y) : (y, x)
    // Compared, not subtracted: infinities of one sign are equal.
    let xWins = Kernels.greater(larger, smaller)
    let yWins = Kernels.greater(smaller, larger)
    let xShare = 0.5 * (xWins - yWins) + 0.5
    return [
      wanted[0] ? (g * xShare).sum(to: x.shape) : nil,
      wanted[1] ? (g * (1 - xShare)).sum(to: y.shape) : nil,
    ]
  }

  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { true }
}

extension Tensor {
  /// The larger of two values per element; where they are equal, each side gets half the gradient (as in
  /// PyTorch).
  public static func maximum(_ x: Tensor, _ y: Tensor) -> Tensor {
    record(Extremum(isMaximum: true), [x, y], Kernels.binary(.maximum, reversed: .maximum, x, y))
  }

  /// The smaller of two values per element, with the gradient shared as in `maximum`.
  public static func minimum(_ x: Tensor, _ y: Tensor) -> Tensor {
    record(Extremum(isMaximum: false), [x, y], Kernels.binary(.minimum, reversed: .minimum, x, y))
  }
}
