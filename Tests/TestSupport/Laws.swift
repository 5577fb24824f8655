public import SwiftDL
public import Testing

/// ⟨x, y⟩ in float64.
public func innerProduct(_ x: Tensor, _ y: Tensor) -> Double {
  precondition(x.shape == y.shape, "innerProduct: shapes \(x.shape) and \(y.shape)")
  return zip(x.scalars, y.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// The Euclidean norm in float64.
public func euclideanNorm(_ x: Tensor) -> Double { innerProduct(x, x).squareRoot() }

/// Expects that `map` is linear and that its pullback is its adjoint: A(x + 2z) = Ax + 2Az,
/// ⟨Ax, u⟩ = ⟨x, Aᵀu⟩, and the pullback of the pullback is A again.
///
/// - Parameter tolerance: relative to the norms of the vectors multiplied.
public func expectAdjoint(
  _ map: (Tensor) -> Tensor, at x: Tensor, tolerance: Double = 1e-5, seed: UInt64 = 1,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  var random = TestRandom(seed: seed)
  let plain = x.detached
  let z = random.tensor(x.shape)
  let (ax, az) = (map(plain), map(z))
  let sum = map(plain + 2 * z)
  expectClose(
    sum, ax + 2 * az, tolerance: Float(tolerance), "linearity", sourceLocation: sourceLocation)

  let u = random.tensor(ax.shape)
  let point = plain.tracked()
  let seedPoint = u.tracked()
  let back = gradients(of: map(point), at: [point], seed: seedPoint, differentiable: true)[0]
  expectEqual(
    innerProduct(ax, u), innerProduct(plain, back.detached), "⟨Ax, u⟩ = ⟨x, Aᵀu⟩",
    tolerance * (euclideanNorm(ax) * euclideanNorm(u)), sourceLocation)

  let again = gradients(of: back, at: [seedPoint], seed: z)[0]
  expectClose(
    again, az, tolerance: Float(tolerance), "the pullback of the pullback",
    sourceLocation: sourceLocation)
}

/// Expects that `product` is linear in each argument and that its pullbacks solve the same trilinear form for
/// the other slots: ⟨f(x, w), y⟩ = ⟨x, ∂ₓ⟩ = ⟨w, ∂w⟩.
public func expectTrilinear(
  _ product: (Tensor, Tensor) -> Tensor, at x: Tensor, _ w: Tensor, tolerance: Double = 1e-5,
  seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation
) {
  var random = TestRandom(seed: seed)
  let (a, b) = (x.tracked(), w.tracked())
  let value = product(a, b)
  let y = random.tensor(value.shape)
  let parts = gradients(of: value, at: [a, b], seed: y)
  let form = innerProduct(value.detached, y)
  let allowed = tolerance * (euclideanNorm(value.detached) * euclideanNorm(y))
  expectEqual(form, innerProduct(x.detached, parts[0]), "⟨f(x, w), y⟩ = ⟨x, ∂x⟩", allowed, sourceLocation)
  expectEqual(form, innerProduct(w.detached, parts[1]), "⟨f(x, w), y⟩ = ⟨w, ∂w⟩", allowed, sourceLocation)

  expectAdjoint(
    { product($0, w.detached) }, at: x, tolerance: tolerance, seed: seed + 1, sourceLocation: sourceLocation)
  expectAdjoint(
    { product(x.detached, $0) }, at: w, tolerance: tolerance, seed: seed + 2, sourceLocation: sourceLocation)
}

func expectEqual(
  _ a: Double, _ b: Double, _ what: String, _ allowed: Double, _ sourceLocation: SourceLocation
) {
  // Written so that NaN fails.
  if abs(a - b) <= allowed { return }
  recordFailure("\(what): \(a) and \(b) differ by \(abs(a - b)), allowed \(allowed)", sourceLocation)
}
