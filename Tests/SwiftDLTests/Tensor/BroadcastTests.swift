import SwiftDL
import TestSupport
import Testing

/// Pairs of shapes that broadcast together, with what they broadcast to.
let broadcastPatterns: [(x: Shape, y: Shape, result: Shape)] = [
  ([2, 3], [2, 3], [2, 3]),
  ([2, 3], [3], [2, 3]),
  ([3], [2, 3], [2, 3]),
  ([2, 3], [2, 1], [2, 3]),
  ([2, 1], [2, 3], [2, 3]),
  ([2, 1], [3], [2, 3]),
  ([2, 3], [], [2, 3]),
  ([], [2, 3], [2, 3]),
  ([], [], []),
  ([4], [1], [4]),
  ([2, 3, 4], [3, 1], [2, 3, 4]),
  ([2, 3, 4], [1, 3, 1], [2, 3, 4]),
  ([2, 3, 4], [2, 1, 4], [2, 3, 4]),
  ([2, 1, 4], [3, 1], [2, 3, 4]),
  ([1, 3, 1], [2, 1, 4], [2, 3, 4]),
  ([2, 3, 4], [2, 1, 1], [2, 3, 4]),
  ([1, 1, 4], [2, 3, 1], [2, 3, 4]),
  ([2, 3, 2, 3], [3, 2, 1], [2, 3, 2, 3]),
  ([1, 2, 1, 2, 1, 2], [2, 1, 2, 1, 2, 1], [2, 2, 2, 2, 2, 2]),
  ([0, 3], [3], [0, 3]),
  ([2, 1], [2, 0], [2, 0]),
]

@Suite struct BroadcastTests {
  /// The element of `tensor` that stands at `position` of a shape it is broadcast to.
  static func element(_ tensor: Tensor, at position: [Int]) -> Float {
    var offset = 0
    for (axis, extent) in tensor.shape.enumerated() {
      let index = position[position.count - tensor.rank + axis]
      offset = offset * extent + (extent == 1 ? 0 : index)
    }
    return tensor.scalars[offset]
  }

  static func naive(_ x: Tensor, _ y: Tensor, _ shape: Shape, _ f: (Float, Float) -> Float) -> Tensor {
    Tensor(
      shape,
      (0..<shape.elementCount).map { offset in
        let place = position(offset, in: shape)
        return f(element(x, at: place), element(y, at: place))
      })
  }

  @Test func operatorsAgreeWithNaiveLoops() {
    var random = TestRandom(seed: 3)
    for pattern in broadcastPatterns {
      withEvery("shapes", in: ["\(pattern.x) and \(pattern.y)"]) { _ in
        let x = random.tensor(pattern.x)
        let y = random.tensor(pattern.y, awayFromZero: 0.5)
        let shape = pattern.result
        expectIdentical(x + y, Self.naive(x, y, shape, +), "+")
        expectIdentical(x - y, Self.naive(x, y, shape, -), "-")
        expectIdentical(x * y, Self.naive(x, y, shape, *), "*")
        expectClose(x / y, Self.naive(x, y, shape, /), tolerance: 3e-7, "/")
        expectIdentical(.maximum(x, y), Self.naive(x, y, shape, max), "maximum")
        expectIdentical(.minimum(x, y), Self.naive(x, y, shape, min), "minimum")
        expectIdentical(x.broadcast(to: shape), Self.naive(x, y, shape) { x, _ in x }, "broadcast")
      }
    }
  }

  @Test func summingUndoesRepeating() {
    var random = TestRandom(seed: 4)
    for pattern in broadcastPatterns where pattern.result.elementCount > 0 {
      let x = random.tensor(pattern.x)
      let copies = Float(pattern.result.elementCount / pattern.x.elementCount)
      expectClose(x.broadcast(to: pattern.result).sum(to: pattern.x), copies * x, tolerance: 1e-6)
    }
  }

  @Test func withNumbers() {
    let x = Tensor([1, -2, 4])
    #expect((x + 1).scalars == [2, -1, 5])
    #expect((1 - x).scalars == [0, 3, -3])
    #expect((x - 1).scalars == [0, -3, 3])
    #expect((3 * x).scalars == [3, -6, 12])
    #expect((x / 2).scalars == [0.5, -1, 2])
    #expect((8 / x).scalars == [8, -4, 2])
    #expect((-x).scalars == [-1, 2, -4])
    #expect(x.affine(scale: 2, offset: 1).scalars == [3, -3, 9])
  }

  /// Selecting must not compute with what is not selected.
  @Test func extremaOfInfinities() {
    let infinity = Float.infinity
    let (x, y) = (Tensor([infinity, -infinity, 1, infinity]), Tensor([1, 1, -infinity, infinity]))
    #expect(Tensor.maximum(x, y).scalars == [infinity, 1, 1, infinity])
    #expect(Tensor.minimum(x, y).scalars == [1, -infinity, -infinity, infinity])
    let points = [x.tracked(), y.tracked()]
    let parts = gradients(of: .maximum(points[0], points[1]), at: points)
    #expect(parts[0].scalars == [1, 0, 1, 0.5])
    #expect(parts[1].scalars == [0, 1, 0, 0.5])
  }
}
