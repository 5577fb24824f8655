import SwiftDL
import TestSupport
import Testing

/// The checks that all else rests on find what is wrong.
@Suite struct LawsCanFail {
  let x = Tensor([2, 3], [0.3, -0.5, 0.7, 1.1, -0.2, 0.4])
  let y = Tensor([3], [0.6, -0.9, 0.8])

  @Test func closeness() {
    withKnownIssue { expectClose([1, 2], [1, 2, 3]) }
    withKnownIssue { expectClose([1, 2.01], [1, 2], tolerance: 1e-3) }
    withKnownIssue { expectClose([.nan], [0]) }
    withKnownIssue { expectClose([.infinity], [1]) }
    withKnownIssue { expectClose([.infinity], [-.infinity]) }
    withKnownIssue { expectClose(x, x.reshaped([3, 2])) }
    withKnownIssue { expectIdentical(Tensor([0]), Tensor([-0.0])) }
    expectClose([.infinity, 100.0001], [.infinity, 100], tolerance: 1e-5)
  }

  @Test func gradientsThatMissAPath() {
    withKnownIssue { expectGradients(of: { $0[0].detached * $0[0] }, at: [x]) }
    // Right to first order, wrong to second: the slope is held constant.
    let held: ([Tensor]) -> Tensor = { tensors in
      let x = tensors[0]
      return (x.detached.exp() * (x - x.detached)) + x.detached.exp()
    }
    expectGradients(of: held, at: [x], order: 1)
    withKnownIssue { expectGradients(of: held, at: [x], order: 2) }
  }

  @Test func mapsThatAreNotLinear() {
    withKnownIssue { expectAdjoint({ $0.squared() }, at: x) }
    withKnownIssue { expectAdjoint({ $0 + 1 }, at: x) }
    withKnownIssue { expectAdjoint({ $0 + $0.detached }, at: x) }
    withKnownIssue { expectTrilinear({ $0 * $1 * $1 }, at: x, y) }
    withKnownIssue { expectTrilinear({ $0 * $1.detached }, at: x, y) }
  }

  @Test func failuresNameTheCombination() {
    withKnownIssue {
      withEvery("stride", in: [3]) { _ in withEvery("side", in: ["left"]) { _ in expectClose([1], [2]) } }
    } matching: { issue in
      issue.comments.contains { $0.rawValue.contains("stride 3, side left") }
    }
  }
}
