import SwiftDL
import TestSupport
import Testing

@Suite struct ReductionLaws {
  /// Some axes of a rank-4 shape, single, neighbouring and apart.
  static let axisSets = [[], [0], [1], [3], [-1], [0, 1], [1, 2], [0, 3], [0, 2], [1, 3], [0, 1, 2, 3]]
  static let shape: Shape = [2, 3, 4, 5]

  static func naiveSum(_ x: Tensor, _ axes: [Int], keepingAxes: Bool) -> Tensor {
    let axes = axes.map { $0 < 0 ? $0 + x.rank : $0 }
    var kept = x.shape
    for axis in axes { kept[axis] = 1 }
    var sums = [Double](repeating: 0, count: kept.elementCount)
    for (offset, value) in x.scalars.enumerated() {
      let place = position(offset, in: x.shape)
      let target = kept.indices.reduce(0) { $0 * kept[$1] + (kept[$1] == 1 ? 0 : place[$1]) }
      sums[target] += Double(value)
    }
    let shape = keepingAxes ? kept : Shape(x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
    return Tensor(shape, sums.map { Float($0) })
  }

  @Test func sums() {
    var random = TestRandom(seed: 41)
    let x = random.tensor(Self.shape)
    withEvery("axes", in: Self.axisSets) { axes in
      withEvery("keepingAxes", in: [false, true]) { keeping in
        let expected = Self.naiveSum(x, axes, keepingAxes: keeping)
        expectClose(x.sum(axes: axes, keepingAxes: keeping), expected, tolerance: 1e-6)
        expectAdjoint({ $0.sum(axes: axes, keepingAxes: keeping) }, at: x)
        let count = Float(x.count) / Float(expected.count)
        expectClose(
          x.mean(axes: axes, keepingAxes: keeping), (1 / count) * expected, tolerance: 1e-6)
        expectAdjoint({ $0.mean(axes: axes, keepingAxes: keeping) }, at: x)
      }
    }
    expectClose(x.sum(), Self.naiveSum(x, [0, 1, 2, 3], keepingAxes: false), tolerance: 1e-6)
    expectAdjoint({ $0.sum() }, at: x)
    expectAdjoint({ $0.mean() }, at: x)
  }

  @Test func sumToAndBroadcastAreAdjoint() {
    var random = TestRandom(seed: 42)
    for pattern in broadcastPatterns where pattern.result.elementCount > 0 {
      withEvery("shapes", in: ["\(pattern.x) and \(pattern.result)"]) { _ in
        expectAdjoint({ $0.broadcast(to: pattern.result) }, at: random.tensor(pattern.x))
        expectAdjoint({ $0.sum(to: pattern.x) }, at: random.tensor(pattern.result))
      }
    }
  }

  @Test func moments() {
    var random = TestRandom(seed: 43)
    let x = random.tensor(Self.shape)
    withEvery("axes", in: [[0], [1, 2], [0, 3]]) { axes in
      let (mean, variance) = x.moments(axes: axes)
      expectClose(mean, x.mean(axes: axes, keepingAxes: true))
      let square = x.squared().mean(axes: axes, keepingAxes: true)
      expectClose(variance, square - mean.squared(), tolerance: 1e-5)
      expectGradients(of: { $0[0].moments(axes: axes).variance }, at: [x], order: 2, step: 1)
    }
  }

  @Test func norms() {
    var random = TestRandom(seed: 44)
    let x = random.tensor([3, 4], awayFromZero: 0.5)
    expectClose(x.norm(), [Float(euclideanNorm(x))], tolerance: 1e-6)
    expectClose(x.norm(axes: [1]), x.squared().sum(axes: [1]).squareRoot())
    expectGradients(of: { $0[0].norm() }, at: [x])
    expectGradients(of: { $0[0].norm(axes: [0], keepingAxes: true) }, at: [x])
  }

  /// As in PyTorch, the norm is flat at 0 to every order: a gradient penalty there is no NaN.
  @Test func normAtZero() {
    let x = Tensor([2, 2], [0, 0, 3, 4]).tracked()
    let slope = gradients(of: x.norm(axes: [1]).sum(), at: [x], differentiable: true)[0]
    expectClose(slope.detached, [0, 0, 0.6, 0.8], tolerance: 1e-6)
    let curvature = gradients(of: (slope.norm(axes: [1]) - 1).squared().sum(), at: [x])[0]
    #expect(curvature.isFinite)
  }

  @Test func largest() {
    var random = TestRandom(seed: 45)
    // A permutation scaled to steps of 0.25: no two elements within a step of the difference.
    let order = (0..<60).map { Float($0) * 0.25 }.shuffled(using: &random)
    let x = Tensor([3, 4, 5], order)
    withEvery("axis", in: [0, 1, 2, -1]) { axis in
      let place = axis < 0 ? axis + 3 : axis
      var expected = x.sliced(axis: axis, 0..<1)
      for index in 1..<x.shape[place] {
        expected = .maximum(expected, x.sliced(axis: axis, index..<index + 1))
      }
      expectIdentical(x.max(axis: axis, keepingAxis: true), expected)
      #expect(x.max(axis: axis).rank == 2, trail)
      expectGradients(of: { $0[0].max(axis: axis).squared() }, at: [x])
    }
  }

  @Test func largestOfEqualsAndInfinities() {
    let infinity = Float.infinity
    let x = Tensor(
      [4, 3], [2, 2, 1, infinity, 0, infinity, -infinity, 5, -infinity, -infinity, -infinity, -infinity]
    )
    .tracked()
    let largest = x.max(axis: 1)
    #expect(largest.scalars == [2, infinity, 5, -infinity])
    let slope = gradients(of: largest, at: [x])[0]
    expectClose(
      slope, [0.5, 0.5, 0, 0.5, 0, 0.5, 0, 1, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3], tolerance: 1e-6)
  }
}
