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
  func keeps(input index: Int, tracked: [Bool]) -> Bool { false }
}

extension Tensor {
  public static func + (x: Tensor, y: Tensor) -> Tensor {
    record(Add(weight: 1), [x, y], Kernels.binary(.add, reversed: .add, x, y))
  }

  public static func - (x: Tensor, y: Tensor) -> Tensor {
    record(
      Add(weight: -1), [x, y], Kernels.binary(.subtract, reversed: .reverse_subtract, x, y))
  }
}

// MARK: - Products: a trilinear form Σ x·w·y over the broadcast shape

private struct MultiplyForm: TrilinearForm {
  let x: Shape
  let w: Shape

  func contract(solvingFor slot: Slot, _ a: Tensor, _ b: Tensor) -> Tensor {
    let product = Kernels.binary(.multiply, reversed: .multiply, a, b)
    switch slot {
    case .x: return Kernels.sum(product, to: x)
    case .w: return Kernels.sum(product, to: w)
    case .y: return product
    }
  }
}

extension Tensor {
  public static func * (x: Tensor, y: Tensor) -> Tensor {
    trilinear(MultiplyForm(x: x.shape, w: y.shape), solvingFor: .y, x, y)
  }

  public static func / (x: Tensor, y: Tensor) -> Tensor { x * y.reciprocal() }

  public static prefix func - (x: Tensor) -> Tensor { -1 * x }
}

// MARK: - With numbers

private struct Affine: PointwiseFunction {
  let scale: Float
  let offset: Float
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.affine, x, scale, offset) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { .init(scale) }
  var slopeReadsInput: Bool { false }
  func fusedPullback(_ g: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor? {
    scale == 1 ? g : Kernels.unary(.affine, g, scale, 0)
  }
}

extension Tensor {
  /// scale · x + offset.
  public func affine(scale: Float, offset: Float) -> Tensor {
    pointwise(Affine(scale: scale, offset: offset), self)
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

extension Tensor {
  /// The larger of two values per element; where they are equal, each side gets half the gradient (as in
  /// PyTorch).
  public static func maximum(_ x: Tensor, _ y: Tensor) -> Tensor {
    selection(x, y, xShare: share(x.detached - y.detached))
  }

  /// The smaller of two values per element.
  public static func minimum(_ x: Tensor, _ y: Tensor) -> Tensor {
    selection(x, y, xShare: share(y.detached - x.detached))
  }

  /// 1 where the difference is positive, ½ where it is zero, 0 where it is negative.
  private static func share(_ difference: Tensor) -> Tensor { 0.5 * difference.sign() + 0.5 }

  private static func selection(_ x: Tensor, _ y: Tensor, xShare: Tensor) -> Tensor {
    x * xShare + y * (1 - xShare)
  }
}
