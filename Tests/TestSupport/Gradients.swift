public import SwiftDL
public import Testing

/// Expects the gradients of `function` to be the slopes of its values, to a given order.
///
/// Compares the derivative along one random direction with a central difference, then does the same to the
/// gradient function (whose arguments are the points and the seed), `order` times over: HIPS autograd's
/// `check_grads`. Each point is also checked alone, the others constant; and the gradients must not depend
/// on whether they are asked to be differentiable.
///
/// - Parameters:
///   - step: of the central difference. Its error is step²/24 of the third derivative: exact at any
///     step for functions that are linear in every point (1 is best then, for rounding).
///   - tolerance: relative to the norm of the gradients. Float32 rounding of the values is allowed on top.
public func expectGradients(
  of function: ([Tensor]) -> Tensor, at points: [Tensor], order: Int = 2, step: Float = 1e-2,
  tolerance: Double = 2e-3, seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation
) {
  let points = points.map(\.detached)
  func check(_ order: Int, _ wanted: [Int], _ name: String) {
    let constants = points
    Trail.$steps.withValue(Trail.steps + [name]) {
      checkGradients(
        of: { chosen in
          var arguments = constants
          for (index, point) in zip(wanted, chosen) { arguments[index] = point }
          return function(arguments)
        }, at: wanted.map { points[$0] }, level: 1, order: order, step: step, tolerance: tolerance,
        random: TestRandom(seed: seed), sourceLocation)
    }
  }
  check(order, Array(points.indices), "gradients")
  if points.count > 1 {
    for index in points.indices { check(order, [index], "gradient at point \(index) alone") }
  }
}

private func checkGradients(
  of function: ([Tensor]) -> Tensor, at points: [Tensor], level: Int, order: Int, step: Float,
  tolerance: Double, random: TestRandom, _ sourceLocation: SourceLocation
) {
  var random = random
  let tracked = points.map { $0.tracked() }
  let value = function(tracked)
  let seed = random.tensor(value.shape)
  let exact = gradients(of: value, at: tracked, seed: seed)
  let directions = points.map { random.tensor($0.shape) }

  func form(_ shift: Float) -> (value: Double, magnitude: Double) {
    let moved = function(zip(points, directions).map { $0 + shift * $1 })
    let magnitude = zip(moved.scalars, seed.scalars).reduce(0.0) { $0 + Double(abs($1.0 * $1.1)) }
    return (innerProduct(moved, seed), magnitude)
  }
  let (after, before) = (form(step / 2), form(-step / 2))
  let difference = (after.value - before.value) / Double(step)
  let derivative = zip(exact, directions).reduce(0) { $0 + innerProduct($1.0, $1.1) }
  let norm = exact.reduce(0) { $0 + innerProduct($1, $1) }.squareRoot()
  // A few units in the last place of every value, as large as the step makes them.
  let rounding = 4 * Double(Float.ulpOfOne) * (after.magnitude + before.magnitude) / Double(step)
  expectEqual(
    derivative, difference, "order \(level): the derivative and the central difference",
    tolerance * norm + rounding, sourceLocation)

  let recorded = gradients(of: value, at: tracked, seed: seed, differentiable: true)
  for (plain, recorded) in zip(exact, recorded) {
    expectClose(
      recorded.detached, plain, "order \(level): differentiable gradients against plain ones",
      sourceLocation: sourceLocation)
  }

  if level == order { return }
  checkGradients(
    of: { arguments in
      let points = arguments.dropLast().map { $0.tracked() }
      let parts = gradients(
        of: function(points), at: points, seed: arguments[arguments.count - 1], differentiable: true)
      return .concatenated(parts.map { $0.reshaped([-1]) }, axis: 0)
    }, at: points + [seed], level: level + 1, order: order, step: step, tolerance: tolerance,
    random: random, sourceLocation)
}
