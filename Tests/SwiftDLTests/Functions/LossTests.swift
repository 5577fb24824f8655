import SwiftDL
import TestSupport
import Testing

@Suite struct LossTests {
  @Test(arguments: GoldenCase.of("softmax", "logSoftmax"))
  func softmax(golden: GoldenCase) {
    let axis = golden.number("axis")
    golden.expectSame {
      golden.kind == "softmax" ? $0.softmax(axis: axis) : $0.logSoftmax(axis: axis)
    }
  }

  @Test(
    arguments: GoldenCase.of(
      "meanSquaredError", "meanAbsoluteError", "binaryCrossEntropyWithLogits"))
  func losses(golden: GoldenCase) {
    let target = golden["target"]
    golden.expectSame { x in
      switch golden.kind {
      case "meanSquaredError": meanSquaredError(x, target, reduction: golden.reduction)
      case "meanAbsoluteError": meanAbsoluteError(x, target, reduction: golden.reduction)
      default: binaryCrossEntropyWithLogits(x, target, reduction: golden.reduction)
      }
    }
  }

  @Test(arguments: GoldenCase.of("crossEntropy"))
  func crossEntropy(golden: GoldenCase) {
    golden.expectSame {
      SwiftDL.crossEntropy(
        $0, golden.indices("classes"), ignoring: golden.number("ignoring"),
        reduction: golden.reduction)
    }
  }

  @Test func gradientsToOrderTwo() {
    var random = TestRandom(seed: 1)
    let x = random.tensor([3, 4])
    let target = random.tensor([3, 4], in: 0..<1)
    expectGradients(of: { $0[0].softmax(axis: 0) }, at: [x])
    expectGradients(of: { $0[0].logSoftmax() }, at: [x])
    expectGradients(of: { meanSquaredError($0[0], $0[1]) }, at: [x, target], step: 1)
    expectGradients(of: { binaryCrossEntropyWithLogits($0[0], $0[1]) }, at: [x, target])
    expectGradients(of: { SwiftDL.crossEntropy($0[0], [3, 1, 0], ignoring: 1) }, at: [x])
    let apart = x + random.tensor(x.shape, awayFromZero: 0.1)
    expectGradients(of: { meanAbsoluteError($0[0], x) }, at: [apart])
  }

  @Test func softmaxSumsToOneAndIgnoresShifts() {
    var random = TestRandom(seed: 2)
    let x = random.tensor([3, 5, 4], in: -3..<3)
    withEvery("axis", in: [0, 1, 2, -1]) { axis in
      let y = x.softmax(axis: axis)
      let total = y.sum(axes: [axis])
      expectClose(total, .ones(total.shape))
      expectClose((x + 90).softmax(axis: axis), y)
      expectClose(x.logSoftmax(axis: axis).exp(), y)
    }
  }

  /// Equal logits: every class has the same probability, and a step towards the right class is 1 −
  /// 1/C long.
  @Test func uniformLogitsCostTheLogarithmOfTheClasses() {
    let logits = Tensor.zeros([2, 8]).tracked()
    let loss = SwiftDL.crossEntropy(logits, [3, 3])
    expectClose(loss.detached, [Float(3) * Tensor([1], repeating: 2).log().scalar])
    let gradient = gradients(of: loss, at: [logits])[0]
    #expect(abs(gradient[0, 3] + 7 / 16) < 1e-6)
    expectClose(gradient.sum(axes: [1]) + 1, .ones([2]))
  }

  /// Two classes are one logit: cross-entropy of (0, x) is that of x.
  @Test func binaryIsCrossEntropyOfTwoClasses() {
    let x = Tensor([5, 1], [-30, -1, 0, 2, 50])
    let pairs = x.padded(axis: 1, before: 1, after: 0)
    for target in 0...1 {
      expectClose(
        binaryCrossEntropyWithLogits(x, Tensor([5, 1], repeating: Float(target)), reduction: .none)
          .reshaped([5]),
        SwiftDL.crossEntropy(pairs, [Int](repeating: target, count: 5), reduction: .none))
    }
  }
}

extension GoldenCase {
  fileprivate var reduction: Reduction {
    switch text("reduction") {
    case "mean": .mean
    case "sum": .sum
    default: .none
    }
  }
}
