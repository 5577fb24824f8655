import SwiftDL
import TestSupport
import Testing

/// Losses made of gradients, on a small convolutional net.
@Suite struct HigherOrderTests {
  /// Two fused convolutions with a skip connection between them: `[batch, 9, 2] → [batch]`.
  static func net(_ x: Tensor, _ weights: [Tensor]) -> Tensor {
    let hidden = conv1D(
      [x], weights[0], bias: weights[1], activation: .tanh, stride: 1, padding: Padding(before: 1, after: 0))
    let output = conv1D([x, hidden], weights[2], bias: weights[3], activation: .sigmoid, stride: 2)
    return output.mean(axes: [1, 2])
  }

  static func weights(_ random: inout TestRandom) -> [Tensor] {
    [random.tensor([3, 2, 3]), random.tensor([3]), random.tensor([2, 5, 2]), random.tensor([2])]
  }

  /// WGAN-GP: the penalty's gradient at the critic's weights goes through the critic's gradient at its input.
  @Test func gradientPenalty() {
    var random = TestRandom(seed: 131)
    let mixed = random.tensor([3, 9, 2])
    expectGradients(
      of: { weights in
        let point = mixed.tracked()
        let slope = gradients(of: Self.net(point, weights).sum(), at: [point], differentiable: true)[0]
        return (slope.norm(axes: [1, 2]) - 1).squared().mean()
      }, at: Self.weights(&random), order: 1)
  }

  /// MAML: the gradient of the loss after a step of learning, at the weights before the step.
  @Test func outerGradientThroughAnInnerStep() {
    var random = TestRandom(seed: 132)
    let (support, query) = (random.tensor([3, 9, 2]), random.tensor([3, 9, 2]))
    let targets = random.tensor([3])
    func loss(_ x: Tensor, _ weights: [Tensor]) -> Tensor {
      (Self.net(x, weights) - targets).squared().mean()
    }
    expectGradients(
      of: { weights in
        var adapted = weights
        for _ in 0..<2 {
          let points = adapted.map { $0.tracked() }
          let slopes = gradients(of: loss(support, points), at: points, differentiable: true)
          adapted = zip(points, slopes).map { $0 - 0.5 * $1 }
        }
        return loss(query, adapted)
      }, at: Self.weights(&random), order: 2)
  }

  struct Line: Module {
    var slope = Tensor([0.5, -1])
    var offset = Tensor(0.25)
    mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.parameter("slope", &slope)
      visit.parameter("offset", &offset)
    }
    func callAsFunction(_ x: Tensor) -> Tensor { (x * slope).sum(axes: [1]) + offset }
  }

  /// The same in the words of models: a line learns in one step, and the step is differentiated.
  @Test func adaptedModels() {
    let x = Tensor([3, 2], [1, 2, -1, 0, 3, 1])
    let y = Tensor([1, 0, 2])
    let rate: Float = 0.1
    let (loss, outer) = valueAndGradients(of: Line()) { model in
      let (_, inner) = valueAndGradients(of: model, differentiable: true) { ($0(x) - y).squared().mean() }
      let adapted = model.mapParameters { path, parameter in parameter - rate * inner[path] }
      return (adapted(x) - y).squared().mean()
    }
    // For a quadratic loss ½wᵀHw, one step gives wᵀ(1 - rH)ᵀ H (1 - rH) w: its gradient is (1 - rH) g', with
    // g' the gradient after the step. H comes from gradients of gradients.
    let model = Line()
    let (_, g) = valueAndGradients(of: model) { ($0(x) - y).squared().mean() }
    let adapted = model.mapParameters { path, parameter in parameter - rate * g[path] }
    let (after, stepped) = valueAndGradients(of: adapted) { ($0(x) - y).squared().mean() }
    let (_, product) = valueAndGradients(of: model) { model in
      let (_, g) = valueAndGradients(of: model, differentiable: true) { ($0(x) - y).squared().mean() }
      return (g["slope"] * stepped["slope"]).sum() + g["offset"] * stepped["offset"]
    }
    #expect(abs(loss.scalar - after.scalar) < 1e-6)
    for path in outer.paths {
      expectClose(outer[path], stepped[path] - rate * product[path], tolerance: 1e-5, path)
    }
  }
}
