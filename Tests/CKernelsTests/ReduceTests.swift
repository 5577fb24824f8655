import CKernels
import Foundation
import Testing

@Suite struct ReduceTests {
  static let operations: [ck_reduce_op] = [.sum, .sum_of_squares, .maximum, .minimum]

  /// outer, count, inner: rows, columns narrow and wide, everything, nothing, joined rows with a
  /// rest.
  static let shapes: [(Int, Int, Int)] = {
    let small = [0, 1, 2, 3, 5, 7, 16, 17, 24, 33, 64, 65]
    var shapes: [(Int, Int, Int)] = []
    for outer in [0, 1, 3] {
      for count in small { for inner in small { shapes.append((outer, count, inner)) } }
    }
    return shapes + [
      (1, 300_007, 1), (3, 70_001, 1), (1, 9_001, 24), (1, 5_003, 100), (2, 3, 5_000),
      (3, 2_000, 70),
      (4_000, 24, 1), (1, 40_009, 2), (70, 10, 24), (2, 130, 1_500),
    ]
  }()

  /// A float32 chain of at most 264 additions (a block of 4096 over 16 accumulators, and eight more
  /// to join them; runs of rows are shorter), one rounding of each element, and one of the result.
  static func bound(_ magnitudes: Double, _ result: Double) -> Double {
    266 * 0x1p-24 * magnitudes + 0x1p-24 * abs(result)
  }

  @Test(arguments: Rooms.instructionSets)
  func everyVariantIsTheReference(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for (outer, count, inner) in Self.shapes {
        var noise = Noise(outer + 3 * count + 5 * inner)
        let x = Guarded(noise.numbers(outer * count * inner))
        let values = x.values
        var sums = [Float](repeating: 0, count: outer * inner)
        ck_reduce_reference(.sum, outer, count, inner, values.map { abs($0) }, &sums)
        for operation in Self.operations {
          var expected = [Float](repeating: 0, count: outer * inner)
          ck_reduce_reference(operation, outer, count, inner, values, &expected)
          let y = Guarded(count: outer * inner)
          ck_reduce(context, operation, outer, count, inner, x.pointer, y.pointer)
          let wrong = zip(zip(y.values, expected), sums).first { pair, magnitude in
            switch operation {
            case .sum, .sum_of_squares:
              abs(Double(pair.0) - Double(pair.1)) > Self.bound(Double(magnitude), Double(pair.1))
            case .maximum, .minimum: pair.0 != pair.1
            }
          }
          #expect(wrong == nil, "\(operation) over \((outer, count, inner))")
          #expect(y.isIntact, "\(operation) over \((outer, count, inner))")
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func errorDoesNotGrowWithTheCount(_ set: ck_isa) {
    // A float32 accumulator stops at 2^24 ones.
    let count = 20_000_000
    let ones = [Float](repeating: 1, count: count)
    Rooms.withContext(set, threads: 2) { context in
      for (rows, columns) in [(count, 1), (count / 2, 2)] {
        var y: [Float] = [0, 0]
        ck_reduce(context, .sum, 1, rows, columns, ones, &y)
        #expect(y[0] == Float(rows))
      }
      #expect(dot(context, count, ones, ones) == Double(count))
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func extremesCarryNaNAndInfinity(_ set: ck_isa) {
    Rooms.withContext(set) { context in
      for (count, inner) in [(1, 1), (5, 1), (64, 1), (100, 1), (40, 3), (9, 17), (200, 65)] {
        for special in [Float.nan, .infinity, -.infinity] {
          for n in Set([0, count / 2, count - 1]) {
            var noise = Noise(count + inner)
            var x = noise.numbers(count * inner)
            x[n * inner + inner - 1] = special
            for operation in Self.operations {
              var (expected, y) = (
                [Float](repeating: 0, count: inner), [Float](repeating: 0, count: inner)
              )
              ck_reduce_reference(operation, 1, count, inner, x, &expected)
              ck_reduce(context, operation, 1, count, inner, x, &y)
              #expect(same(y[inner - 1], expected[inner - 1]), "\(operation), \(special) at \(n)")
              let others = zip(y, expected).dropLast()
              #expect(others.allSatisfy { $0.isFinite && abs($0 - $1) <= 1e-4 }, "\(operation)")
            }
          }
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func dotIsTheSumOfProducts(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for size in Rooms.sizes + [200_003] {
        var noise = Noise(size)
        let (x, y) = (Guarded(noise.numbers(size)), Guarded(noise.numbers(size), shift: 5))
        let magnitude = inner(x.values.map { abs($0) }, y.values.map { abs($0) })
        let error = dot(context, size, x.pointer, y.pointer) - inner(x.values, y.values)
        #expect(abs(error) <= Self.bound(magnitude, 0), "\(size) elements")
        #expect(
          abs(ck_dot_reference(size, x.pointer, y.pointer) - inner(x.values, y.values)) < 1e-9)
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func productsAreSummed(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for (outer, count, inner) in Self.shapes {
        var noise = Noise(outer + 3 * count + 5 * inner)
        let (x, z) = (noise.whole(outer * count * inner), noise.whole(outer * count * inner))
        var expected = [Float](repeating: 1, count: outer * inner)
        ck_reduce_products_reference(outer, count, inner, x, z, &expected)
        let y = Guarded(count: outer * inner)
        #expect(ck_reduce_products(context, outer, count, inner, x, z, y.pointer) == .ok)
        // Whole numbers: exact.
        #expect(y.isIntact && y.values == expected, "\(outer) × \(count) × \(inner)")
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func momentsAreMeanAndPopulationVariance(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for (outer, count, inner) in Self.shapes where count > 0 {
        for shift: Float in [0, 1000] {
          var noise = Noise(outer + 3 * count + 5 * inner)
          let x = noise.numbers(outer * count * inner).map { $0 + shift }
          let groups = outer * inner
          var (mean, variance) = (
            [Float](repeating: 0, count: groups), [Float](repeating: 0, count: groups)
          )
          ck_moments_reference(outer, count, inner, x, &mean, &variance)
          let (ownMean, ownVariance) = (Guarded(count: groups), Guarded(count: groups))
          ck_moments(context, outer, count, inner, x, ownMean.pointer, ownVariance.pointer)
          #expect(ownMean.isIntact && ownVariance.isIntact)
          // Each term of the mean is at most shift + 1; deviations are at most 2 and off by the
          // mean's error.
          let meanBound = Self.bound(Double(shift) + 1, Double(shift))
          let varianceBound =
            Self.bound(4, 1) + 4 * meanBound * meanBound + 4 * 0x1p-24 * Double(shift)
          #expect(
            zip(ownMean.values, mean).allSatisfy { abs(Double($0) - Double($1)) <= meanBound },
            "mean over \((outer, count, inner))")
          #expect(
            zip(ownVariance.values, variance).allSatisfy {
              abs(Double($0) - Double($1)) <= varianceBound
            },
            "variance over \((outer, count, inner)) about \(shift)")
        }
      }
      // A constant has no variance, whatever its size.
      let constant = [Float](repeating: 1_000.5, count: 24 * 100)
      for (outer, count, inner) in [(24, 100, 1), (1, 100, 24), (1, 2400, 1)] {
        var (mean, variance) = ([Float](repeating: 0, count: 24), [Float](repeating: 1, count: 24))
        ck_moments(context, outer, count, inner, constant, &mean, &variance)
        let groups = outer * inner
        #expect(mean.prefix(groups).allSatisfy { $0 == 1_000.5 })
        #expect(variance.prefix(groups).allSatisfy { $0 == 0 })
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func argmaxIsTheFirstLargest(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for (outer, count, inner) in Self.shapes {
        for specials in [false, true] {
          // Few different values: ties everywhere.
          var noise = Noise(outer + 3 * count + 5 * inner)
          var x = noise.whole(outer * count * inner)
          if specials {
            for i in x.indices where noise.integer(0...9) == 0 {
              x[i] = [Float.nan, .infinity, -.infinity][i % 3]
            }
          }
          var (expected, y) = (
            [Int32](repeating: -1, count: outer * inner),
            [Int32](repeating: -1, count: outer * inner)
          )
          ck_argmax_reference(outer, count, inner, x, &expected)
          ck_argmax(context, outer, count, inner, x, &y)
          expectSame(y, expected, "over \((outer, count, inner))")
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func bitsDoNotDependOnThreads(_ set: ck_isa) {
    var noise = Noise(1)
    let x = noise.numbers(400_000)
    for (outer, count, inner) in [
      (1, 400_000, 1), (5, 80_000, 1), (1, 16_000, 24), (1, 200, 2_000), (50, 80, 100),
    ] {
      Rooms.expectSameBits(set, "\((outer, count, inner))") { context in
        var y = [Float](repeating: 0, count: 3 * outer * inner)
        y.withUnsafeMutableBufferPointer { buffer in
          guard let base = buffer.baseAddress else { return }
          ck_reduce(context, .sum, outer, count, inner, x, base)
          ck_moments(
            context, outer, count, inner, x, base + outer * inner, base + 2 * outer * inner)
        }
        return y + [Float(dot(context, outer * count * inner, x, x))]
      }
    }
  }
}

private func dot(
  _ context: OpaquePointer?, _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>
) -> Double {
  var sum = Double.nan
  #expect(ck_dot(context, count, x, y, &sum) == .ok)
  return sum
}
