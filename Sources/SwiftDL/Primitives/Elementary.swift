// Functions of single elements: each says what it computes and what its slope is.
internal import CKernels

extension Tensor {
  /// eˣ
  public func exp() -> Tensor { pointwise(Exp(), self) }
  /// eˣ - 1, accurate near 0.
  public func expm1() -> Tensor { pointwise(Expm1(), self) }
  /// Natural logarithm.
  public func log() -> Tensor { pointwise(Log(), self) }
  /// ln(1 + x), accurate near 0.
  public func log1p() -> Tensor { pointwise(Log1p(), self) }
  public func squareRoot() -> Tensor { pointwise(SquareRoot(), self) }
  /// The square root with slope 0 at 0: what a norm needs, whose arguments' own slopes are 0 there.
  package func flatSquareRoot() -> Tensor { pointwise(FlatSquareRoot(), self) }
  public func squared() -> Tensor { pointwise(Square(), self) }
  /// 1 / x
  public func reciprocal() -> Tensor { pointwise(Reciprocal(), self) }
  /// xᵖ for a fixed exponent.
  public func power(_ exponent: Float) -> Tensor { pointwise(Power(exponent: exponent), self) }
  /// |x|; its slope at 0 is 0.
  public func absoluteValue() -> Tensor { pointwise(AbsoluteValue(), self) }
  /// -1, 0 or 1; its slope is 0.
  public func sign() -> Tensor { pointwise(Sign(), self) }
  public func sine() -> Tensor { pointwise(Sine(), self) }
  public func cosine() -> Tensor { pointwise(Cosine(), self) }
  /// x limited to a range; its slope outside is 0.
  public func clamped(to range: ClosedRange<Float>) -> Tensor { pointwise(Clamp(range: range), self) }
}

private struct Exp: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.exp, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { y }
  var slopeReadsInput: Bool { false }
  var slopeReadsOutput: Bool { true }
}

private struct Expm1: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.expm1, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { y + 1 }
  var slopeReadsInput: Bool { false }
  var slopeReadsOutput: Bool { true }
}

private struct Log: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.log, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { x.reciprocal() }
}

private struct Log1p: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.log1p, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { (x + 1).reciprocal() }
}

private struct SquareRoot: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.sqrt, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { 0.5 * y.reciprocal() }
  var slopeReadsInput: Bool { false }
  var slopeReadsOutput: Bool { true }
}

private struct FlatSquareRoot: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.sqrt, x) }
  /// 1 / 2y, and 0 where y is 0: there 1 is added first and what it brought is taken away again.
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? {
    let isZero = 1 - y.detached.sign()
    return 0.5 * ((y + isZero).reciprocal() - isZero)
  }
  var slopeReadsInput: Bool { false }
  var slopeReadsOutput: Bool { true }
}

private struct Square: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.square, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { 2 * x }
}

private struct Reciprocal: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.reciprocal, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { -y.squared() }
  var slopeReadsInput: Bool { false }
  var slopeReadsOutput: Bool { true }
}

private struct Power: PointwiseFunction {
  let exponent: Float
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.power, x, exponent) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? {
    // Not 0 · x⁻¹, which is no number at 0.
    exponent == 0 ? nil : exponent * x.power(exponent - 1)
  }
}

private struct AbsoluteValue: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.absolute, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { x.sign() }
}

private struct Sign: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.sign, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { nil }
  var slopeReadsInput: Bool { false }
}

private struct Sine: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.sin, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { x.cosine() }
}

private struct Cosine: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.cos, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { -x.sine() }
}

private struct Clamp: PointwiseFunction {
  let range: ClosedRange<Float>
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.clamp, x, range.lowerBound, range.upperBound) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? {
    Kernels.unary(.inside, x, range.lowerBound, range.upperBound)
  }
}
