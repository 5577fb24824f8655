import SwiftDL
import TestSupport
import Testing

@Test func multiplication() {
  var random = TestRandom(seed: 1)
  let (x, y) = (random.tensor([3, 4]), random.tensor([4]))
  expectTrilinear(*, at: x, y)
  expectGradients(of: { $0[0] * $0[1] }, at: [x, y], order: 3, step: 1)
  expectGradients(of: { $0[0].tanh() }, at: [x], order: 3)
  expectAdjoint({ $0.sum(axes: [1]) }, at: x)
}
