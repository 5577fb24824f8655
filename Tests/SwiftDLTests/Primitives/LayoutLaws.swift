import SwiftDL
import TestSupport
import Testing

/// Everything that moves elements is linear, and its pullback moves them back.
@Suite struct LayoutLaws {
  @Test func forRandomShapes() {
    LayoutTests.forEachCase(51) { random, x, axis in
      let extent = x.shape[axis]
      let axes = Array(x.shape.indices).shuffled(using: &random)
      expectAdjoint({ $0.permuted(axes) }, at: x)
      let start = random.integer(in: 0...extent - 1)
      expectAdjoint({ $0.sliced(axis: axis, start..<extent) }, at: x)
      let factor = random.integer(in: 1...3)
      expectAdjoint({ $0.decimated(axis: axis, by: factor) }, at: x)
      let (before, after) = (random.integer(in: 1 - extent...2), random.integer(in: 0...2))
      expectAdjoint({ $0.padded(axis: axis, before: before, after: after) }, at: x)
      expectAdjoint({ $0.centerCropped(axis: axis, to: (extent + 1) / 2) }, at: x)
      expectAdjoint({ $0.reshaped([-1]) }, at: x)
      if x.rank < 6 { expectAdjoint({ $0.expanded(at: axis) }, at: x) }
      expectAdjoint({ .concatenated([$0, 2 * $0], axis: axis) }, at: x)
      if x.rank >= 2 { expectAdjoint({ $0.transposed() }, at: x) }
    }
  }

  @Test func concatenationOfSeveral() {
    var random = TestRandom(seed: 52)
    let points = [random.tensor([2, 3]), random.tensor([2, 1]), random.tensor([2, 2])]
    expectGradients(of: { .concatenated($0, axis: 1).squared() }, at: points)
    expectGradients(of: { .stacked([$0[0], $0[0].tanh()], axis: 1) }, at: [points[0]])
    expectGradients(
      of: { tensors in
        let parts = tensors[0].split(axis: 1, extents: [2, 1])
        return parts[0] * parts[1]
      }, at: [points[0]])
  }

  @Test func gathering() {
    var random = TestRandom(seed: 53)
    let table = random.tensor([5, 3])
    expectAdjoint({ $0.gatheredRows([4, 0, 0, 2, 4, 4]) }, at: table)
    expectGradients(of: { $0[0].gatheredRows([1, 1, 3]).squared() }, at: [table])
  }
}
