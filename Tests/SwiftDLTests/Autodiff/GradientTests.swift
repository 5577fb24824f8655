import SwiftDL
import TestSupport
import Testing

@Suite struct GradientTests {
  @Test func atIntermediateValues() {
    let x = Tensor([1, 2, 3]).tracked()
    let y = x.squared()
    let z = 3 * y + x
    let parts = gradients(of: z, at: [y, x, z])
    #expect(parts[0].scalars == [3, 3, 3])
    #expect(parts[1].scalars == [7, 13, 19])
    #expect(parts[2].scalars == [1, 1, 1])
    #expect(gradients(of: z, at: [y])[0].scalars == [3, 3, 3])
  }

  @Test func whatIsNotUsedHasNoGradient() {
    let (x, unused) = (Tensor([1, 2]).tracked(), Tensor.ones([3, 1]).tracked())
    let parts = gradients(of: x * x, at: [x, unused])
    #expect(parts[0].scalars == [2, 4])
    #expect(parts[1].shape == [3, 1] && parts[1].scalars == [0, 0, 0])
    #expect(gradients(of: Tensor([5, 5]), at: [unused])[0].scalars == [0, 0, 0], "a constant")
    // A point that is younger than the value.
    let old = x * x
    #expect(gradients(of: old, at: [Tensor([1]).tracked()])[0].scalars == [0])
    #expect(gradients(of: old, at: []).isEmpty)
  }

  @Test func usedTwice() {
    let x = Tensor([3, -2]).tracked()
    #expect(gradients(of: x * x, at: [x])[0].scalars == [6, -4])
    #expect(gradients(of: x + x, at: [x])[0].scalars == [2, 2])
    let twice = gradients(of: x * x, at: [x, x])
    #expect(twice[0].scalars == [6, -4] && twice[1].scalars == [6, -4], "a point asked for twice")
    let y = x.tanh()
    #expect(gradients(of: Tensor.concatenated([y, y], axis: 0), at: [y])[0].scalars == [2, 2])
  }

  @Test func detachedStops() {
    let x = Tensor([3, -2]).tracked()
    #expect(gradients(of: x * x.detached, at: [x])[0].scalars == [3, -2])
    #expect(gradients(of: (x * x).detached, at: [x])[0].scalars == [0, 0])
    #expect(!x.detached.isTracked && x.isTracked)
  }

  @Test func seedsWeighTheElements() {
    let x = Tensor([1, 2, 3]).tracked()
    #expect(gradients(of: x.squared(), at: [x], seed: Tensor([1, 0, -1]))[0].scalars == [2, 0, -6])
    // A seed that takes part in a differentiation counts only where that is wanted.
    let seed = Tensor([1, 1, 1]).tracked()
    #expect(!gradients(of: x.squared(), at: [x], seed: seed)[0].isTracked)
    let slope = gradients(of: x.squared(), at: [x], seed: seed, differentiable: true)[0]
    #expect(gradients(of: slope, at: [seed])[0].scalars == [2, 4, 6])
  }

  @Test func plainUnlessAskedToBeDifferentiable() {
    let x = Tensor([1, 2]).tracked()
    let y = (x * x).tanh()
    #expect(!gradients(of: y, at: [x])[0].isTracked)
    #expect(gradients(of: y, at: [x], differentiable: true)[0].isTracked)
  }

  /// One differentiation inside another one sees only its own point.
  @Test func nestedDifferentiation() {
    let x = Tensor(3).tracked()
    // x · d/dy (x·y) = x², whatever y.
    let y = Tensor(5).tracked()
    let outer = x * gradients(of: x * y, at: [y], differentiable: true)[0]
    #expect(gradients(of: outer, at: [x])[0].scalar == 6)
    // The inner gradient as a constant.
    let held = x * gradients(of: x * y, at: [y])[0]
    #expect(gradients(of: held, at: [x])[0].scalar == 3)
    // A copy of x is a point of its own, though it still depends on x.
    let copy = x.tracked()
    let value = copy * x
    #expect(gradients(of: value, at: [copy])[0].scalar == 3)
    #expect(gradients(of: value, at: [x])[0].scalar == 6)
    let inner = gradients(of: copy.squared() * x, at: [copy], differentiable: true)[0]  // 2·copy·x
    #expect(gradients(of: inner, at: [x])[0].scalar == 12)
  }

  /// The third derivative of tanh against its closed form.
  @Test func gradientOfGradientOfGradient() {
    let x = Tensor((0..<41).map { Float($0) * 0.1 - 2 }).tracked()
    let first = gradients(of: x.tanh(), at: [x], differentiable: true)[0]
    let second = gradients(of: first, at: [x], differentiable: true)[0]
    let third = gradients(of: second, at: [x])[0]
    let t = x.detached.tanh()
    let slope = 1 - t.squared()
    expectClose(first.detached, slope, tolerance: 1e-6)
    expectClose(second.detached, -2 * t * slope, tolerance: 2e-6)
    expectClose(third, slope * (6 * t.squared() - 2), tolerance: 4e-6)
  }

  /// Gradients of one graph from many tasks at once are the gradients from one.
  @Test func manyTasksShareAGraph() async {
    var random = TestRandom(seed: 121)
    let x = random.tensor([8, 8]).tracked()
    let y = matmul(x.tanh(), x).squared()
    let alone = gradients(of: y, at: [x])[0]
    await withTaskGroup(of: Tensor.self) { group in
      for _ in 0..<8 { group.addTask { gradients(of: y, at: [x], differentiable: true)[0].detached } }
      for await slope in group { expectClose(slope, alone, tolerance: 1e-6) }
    }
  }
}
