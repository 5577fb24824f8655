import SwiftDL
import TestSupport
import Testing

/// Moving elements, against index arithmetic, for random shapes of every rank.
@Suite struct LayoutTests {
  static let cases = 60

  /// A random tensor, a random axis of it, and what else a case needs.
  static func forEachCase(_ seed: UInt64, _ body: (inout TestRandom, Tensor, Int) -> Void) {
    var random = TestRandom(seed: seed)
    for _ in 0..<cases {
      let shape = random.shape(ranks: 1...6, extents: 1...4)
      let axis = random.integer(in: 0...shape.rank - 1)
      let tensor = random.tensor(shape)
      withEvery("tensor", in: ["\(shape), axis \(axis)"]) { _ in body(&random, tensor, axis) }
    }
  }

  /// A tensor whose element at each index is the element of another one at the index `source` gives, or 0.
  static func naive(_ x: Tensor, _ shape: Shape, _ source: ([Int]) -> [Int]?) -> Tensor {
    let scalars = x.scalars
    return Tensor(
      shape,
      (0..<shape.elementCount).map { offset -> Float in
        guard let index = source(position(offset, in: shape)) else { return 0 }
        return scalars[zip(index, x.shape).reduce(0) { $0 * $1.1 + $1.0 }]
      })
  }

  @Test func permuted() {
    Self.forEachCase(11) { random, x, _ in
      let axes = Array(x.shape.indices).shuffled(using: &random)
      let expected = Self.naive(x, Shape(axes.map { x.shape[$0] })) { index in
        var source = index
        for (axis, from) in axes.enumerated() { source[from] = index[axis] }
        return source
      }
      expectIdentical(x.permuted(axes), expected, "\(axes)")
    }
  }

  @Test func slicedAndDecimated() {
    Self.forEachCase(12) { random, x, axis in
      let start = random.integer(in: 0...x.shape[axis])
      let end = random.integer(in: start...x.shape[axis])
      var small = x.shape
      small[axis] = end - start
      let expected = Self.naive(x, small) { index in
        var source = index
        source[axis] += start
        return source
      }
      expectIdentical(x.sliced(axis: axis, start..<end), expected, "\(start)..<\(end)")
      expectIdentical(x.sliced(axis: axis - x.rank, start..<end), expected, "axis from the end")

      let factor = random.integer(in: 1...5)
      small[axis] = (x.shape[axis] + factor - 1) / factor
      let decimated = Self.naive(x, small) { index in
        var source = index
        source[axis] *= factor
        return source
      }
      expectIdentical(x.decimated(axis: axis, by: factor), decimated, "every \(factor)th")
    }
  }

  @Test func paddedAndCropped() {
    Self.forEachCase(13) { random, x, axis in
      let before = random.integer(in: -x.shape[axis]...3)
      let after = random.integer(in: -(x.shape[axis] + min(0, before))...3)
      var shape = x.shape
      shape[axis] += before + after
      let expected = Self.naive(x, shape) { index in
        var source = index
        source[axis] -= before
        return (0..<x.shape[axis]).contains(source[axis]) ? source : nil
      }
      expectIdentical(x.padded(axis: axis, before: before, after: after), expected, "\(before), \(after)")

      let extent = random.integer(in: 0...x.shape[axis])
      let surplus = x.shape[axis] - extent
      expectIdentical(
        x.centerCropped(axis: axis, to: extent),
        x.padded(axis: axis, before: -(surplus / 2), after: surplus / 2 - surplus), "to \(extent)")
    }
  }

  @Test func concatenatedAndSplit() {
    Self.forEachCase(14) { random, x, axis in
      let parts = (0..<random.integer(in: 1...4)).map { _ in
        var shape = x.shape
        shape[axis] = random.integer(in: 0...3)
        return random.tensor(shape)
      }
      let whole = Tensor.concatenated(parts, axis: axis)
      let extents = parts.map { $0.shape[axis] }
      #expect(whole.shape[axis] == extents.reduce(0, +), trail)
      for (part, piece) in zip(parts, whole.split(axis: axis, extents: extents)) {
        expectIdentical(piece, part)
      }
      // Element by element, so that both could not be wrong in the same way.
      var start = 0
      for part in parts {
        expectIdentical(
          Self.naive(whole, part.shape) { index in
            var source = index
            source[axis] += start
            return source
          }, part)
        start += part.shape[axis]
      }
    }
  }

  @Test func stackedAlongANewAxis() {
    var random = TestRandom(seed: 15)
    let parts = (0..<3).map { _ in random.tensor([2, 4]) }
    withEvery("axis", in: [0, 1, 2, -1]) { axis in
      let whole = Tensor.stacked(parts, axis: axis)
      let place = axis < 0 ? 2 : axis
      for (number, part) in parts.enumerated() {
        expectIdentical(whole.sliced(axis: place, number..<number + 1).reshaped([2, 4]), part)
      }
    }
  }

  @Test func reshaped() {
    let x = Tensor([2, 6], (0..<12).map(Float.init))
    #expect(x.reshaped([3, 4]).scalars == x.scalars)
    #expect(x.reshaped([-1, 2]).shape == [6, 2])
    #expect(x.reshaped([12, -1]).shape == [12, 1])
    #expect(x.expanded(at: -1).shape == [2, 6, 1])
    #expect(x.expanded(at: 0).shape == [1, 2, 6])
    #expect(Tensor(3).reshaped([1, 1]).shape == [1, 1])
  }

  @Test func gatheredRows() {
    let table = Tensor([3, 2], [0, 1, 10, 11, 20, 21])
    #expect(table.gatheredRows([2, 0, 2]).scalars == [20, 21, 0, 1, 20, 21])
    let point = table.tracked()
    let slope = gradients(
      of: point.gatheredRows([2, 0, 2]), at: [point], seed: Tensor([3, 2], [1, 2, 3, 4, 5, 6]))[0]
    #expect(slope.scalars == [3, 4, 0, 0, 6, 8], "a row taken twice gets both cotangents")
  }

  @Test func argmaxIsTheFirstOfEquals() {
    let x = Tensor([2, 3], [1, 5, 5, -1, -3, -1])
    #expect(x.argmax(axis: 1) == [1, 0])
    #expect(x.argmax(axis: 0) == [0, 0, 0])
  }
}
