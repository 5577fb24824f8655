import SwiftDL
import TestSupport
import Testing

@Suite struct GradientArithmeticTests {
  @Test(arguments: [("clip-norm", Float(0.5)), ("clip-norm-loose", 100)])
  func normClippingMatchesPyTorch(name: String, limit: Float) {
    let golden = OptimizerTests.golden
    let shapes: [String: Shape] = ["weight": [5, 3], "bias": [7]]
    let gradients = ParameterValues(
      paths: ["weight", "bias"],
      tensors: ["weight", "bias"].map {
        golden["gradients.\($0)"].sliced(axis: 0, 0..<1).reshaped(shapes[$0] ?? [])
      })
    let before = gradients.tensors.map(\.scalars)
    let (clipped, norm) = gradients.clipped(toGlobalNorm: limit)
    expectClose([norm], golden["\(name).norm"].scalars, tolerance: 1e-6)
    for path in clipped.paths {
      expectClose(clipped[path], golden["\(name).\(path)"], tolerance: 1e-6, path)
    }
    #expect(clipped.norm <= limit * 1.000_001)
    #expect(gradients.tensors.map(\.scalars) == before, "the original stays")
  }

  @Test func normsThatAreNotFiniteChangeNothing() {
    var gradients = ParameterValues(paths: ["a", "b"], tensors: [Tensor([1, .nan]), Tensor([3])])
    #expect(gradients.clip(toGlobalNorm: 1).isNaN)
    #expect(gradients["b"].scalars == [3])
    #expect(!gradients.isFinite)
  }

  @Test func valueClipping() {
    let gradients = ParameterValues(paths: ["a"], tensors: [Tensor([-3, -0.5, 0, 0.25, 7])])
    #expect(gradients.clipped(toValue: 0.5)["a"].scalars == [-0.5, -0.5, 0, 0.25, 0.5])
    #expect(gradients["a"].scalars == [-3, -0.5, 0, 0.25, 7])
  }

  @Test func accumulatedHalvesEqualTheWhole() {
    var sum = ParameterValues()
    let parts = (0..<4).map { TwoTensors.gradients(step: $0) }
    for part in parts { sum += part }
    sum *= 0.25
    for path in sum.paths {
      let expected = (parts[0][path] + parts[1][path] + parts[2][path] + parts[3][path]) * 0.25
      expectClose(sum[path], expected, tolerance: 1e-6)
    }
    expectIdentical(parts[0]["weight"], TwoTensors.gradients(step: 0)["weight"], "terms stay")
  }

  @Test func movingAverageFollowsItsFormula() {
    var model = TwoTensors()
    var average = ExponentialMovingAverage(of: model, decay: 0.75)
    var expected = model.weight.scalars.map(Double.init)
    var optimizer = SGD(learningRate: 0.1)
    for step in 0..<20 {
      optimizer.update(&model, with: TwoTensors.gradients(step: step))
      average.update(from: model)
      expected = zip(expected, model.weight.scalars).map { 0.75 * $0 + 0.25 * Double($1) }
    }
    expectClose(average.values["weight"].scalars, expected.map(Float.init), tolerance: 1e-6)
    let averaged = average.applied(to: model)
    expectIdentical(averaged.weight, average.values["weight"])
    expectIdentical(averaged.statistics, model.statistics)
  }
}
