import SwiftDL
import TestSupport
import Testing

@Suite struct ArithmeticLaws {
  @Test func productsAreTrilinear() {
    var random = TestRandom(seed: 21)
    for pattern in broadcastPatterns where pattern.result.elementCount > 0 {
      withEvery("shapes", in: ["\(pattern.x) and \(pattern.y)"]) { _ in
        let (x, y) = (random.tensor(pattern.x), random.tensor(pattern.y))
        expectTrilinear(*, at: x, y)
        expectGradients(of: { $0[0] * $0[1] }, at: [x, y], order: 3, step: 1)
      }
    }
  }

  @Test func sumsAndDifferences() {
    var random = TestRandom(seed: 22)
    for pattern in broadcastPatterns where pattern.result.elementCount > 0 {
      withEvery("shapes", in: ["\(pattern.x) and \(pattern.y)"]) { _ in
        let points = [random.tensor(pattern.x), random.tensor(pattern.y)]
        expectGradients(of: { $0[0] + $0[1] }, at: points, step: 1)
        expectGradients(of: { $0[0] - $0[1] }, at: points, step: 1)
      }
    }
  }

  @Test func quotients() {
    var random = TestRandom(seed: 23)
    for pattern in broadcastPatterns where pattern.result.elementCount > 0 {
      withEvery("shapes", in: ["\(pattern.x) and \(pattern.y)"]) { _ in
        let points = [random.tensor(pattern.x), random.tensor(pattern.y, awayFromZero: 0.7)]
        expectGradients(of: { $0[0] / $0[1] }, at: points)
      }
    }
  }

  @Test func withNumbers() {
    var random = TestRandom(seed: 24)
    let x = random.tensor([3, 5])
    expectAdjoint({ -2.5 * $0 }, at: x)
    expectAdjoint({ -$0 }, at: x)
    expectAdjoint({ $0 / 4 }, at: x)
    expectGradients(of: { $0[0].affine(scale: 3, offset: -1) }, at: [x], order: 3, step: 1)
    expectGradients(of: { 2 - $0[0] + 1 }, at: [x], order: 3, step: 1)
    expectGradients(of: { 2 / $0[0] }, at: [random.tensor([3, 5], awayFromZero: 0.7)])
  }

  @Test func extrema() {
    var random = TestRandom(seed: 25)
    for pattern in broadcastPatterns where pattern.result.elementCount > 0 {
      // Never so close that a step crosses over.
      let x = random.tensor(pattern.x)
      let y = random.tensor(pattern.y, in: -0.1..<0.1) + 0.5 * (random.integer(in: 0...1) == 0 ? 1 : -1)
      let far = (x.broadcast(to: pattern.result) - y).absoluteValue().scalars.allSatisfy { $0 > 0.05 }
      if !far { continue }
      withEvery("shapes", in: ["\(pattern.x) and \(pattern.y)"]) { _ in
        expectGradients(of: { .maximum($0[0], $0[1]) }, at: [x, y])
        expectGradients(of: { .minimum($0[0], $0[1]).squared() }, at: [x, y])
      }
    }
    // Crossing steps are excluded above; here is a pair that surely is not.
    let (x, y) = (Tensor([2, 2], [1, -1, 3, 0]), Tensor([0, 2]))
    expectGradients(of: { .maximum($0[0], $0[1]).squared() }, at: [x, y])
    expectGradients(of: { .minimum($0[0], $0[1]).squared() }, at: [x, y])
  }
}
