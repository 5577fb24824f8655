import CKernels
import Foundation
import Testing

/// Philox4x32-10 transcribed from the paper: Salmon, Moraes, Dror, Shaw, "Parallel random numbers:
/// as easy as 1, 2, 3", SC 2011.
func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
  var (c, k) = (counter, key)
  for _ in 0..<10 {
    let (first, second) = (UInt64(c[0]) * 0xD251_1F53, UInt64(c[2]) * 0xCD9E_8D57)
    c = [
      UInt32(second >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: second),
      UInt32(first >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: first),
    ]
    k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
  }
  return c
}

@Suite struct RandomTests {
  enum Distribution: CaseIterable { case uniform, normal, bernoulli }

  static func numbers(
    _ distribution: Distribution, _ context: OpaquePointer?, key: UInt64, offset: UInt64, count: Int
  ) -> [Float] {
    let y = Guarded(count: count, shift: count % 16)
    switch distribution {
    case .uniform: ck_random_uniform(context, key, offset, count, -1, 2, y.pointer)
    case .normal: ck_random_normal(context, key, offset, count, 0.5, 2, y.pointer)
    case .bernoulli: ck_random_bernoulli(context, key, offset, count, 0.3, 4, y.pointer)
    }
    #expect(y.isIntact, "\(distribution), \(count) at \(offset)")
    return y.values
  }

  /// What the header promises, in double precision.
  static func exact(_ distribution: Distribution, key: UInt64, at: UInt64) -> Double {
    let word = Double(ck_random_bits(key, at))
    switch distribution {
    case .uniform: return -1 + 3 * (word / 256).rounded(.down) * 0x1p-24
    case .bernoulli: return word < Double(Float(0.3)) * 0x1p32 ? 4 : 0
    case .normal:
      let radial = Float(Int32(ck_random_bits(key, at & ~1) >> 1)) + 0.5
      let radius = (-2 * log(Double(radial) * 0x1p-31)).squareRoot()
      let angle = 2 * Double.pi * Double(ck_random_bits(key, at | 1)) * 0x1p-32
      return 0.5 + 2 * radius * (at & 1 == 0 ? cos(angle) : sin(angle))
    }
  }

  /// The known answers that come with Random123.
  @Test func knownAnswers() {
    #expect(
      philox([0, 0, 0, 0], [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
    #expect(
      philox(Array(repeating: .max, count: 4), [.max, .max])
        == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
    #expect(
      philox([0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0])
        == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
    var noise = Noise(1)
    for _ in 0..<1_000 {
      let (key, offset) = (noise.word(), noise.word() >> UInt64(noise.integer(0...63)))
      let (block, word) = (offset / 4, Int(offset % 4))
      let answer = philox(
        [UInt32(truncatingIfNeeded: block), UInt32(block >> 32), 0, 0],
        [UInt32(truncatingIfNeeded: key), UInt32(key >> 32)])
      #expect(ck_random_bits(key, offset) == answer[word])
    }
  }

  @Test(arguments: Rooms.instructionSets, Distribution.allCases)
  func everyVariantIsTheDefinition(_ set: ck_isa, _ distribution: Distribution) {
    Rooms.withContext(set, threads: 2) { context in
      var noise = Noise(2)
      for count in Rooms.sizes {
        let (key, offset) = (noise.word(), noise.word() >> UInt64(noise.integer(1...60)))
        let y = Self.numbers(distribution, context, key: key, offset: offset, count: count)
        let wrong = y.indices.first { i in
          // Up to 6.7 · 2, with some roundings of a logarithm, a root and a polynomial.
          let exact = Self.exact(distribution, key: key, at: offset + UInt64(i))
          return abs(Double(y[i]) - exact) > 2e-6
        }
        #expect(wrong == nil, "element \(wrong ?? 0) of \(count) from \(offset), key \(key)")
      }
    }
  }

  /// Any cut of a stream, any instruction set, any number of threads: the same bits.
  @Test(arguments: Distribution.allCases)
  func streamsAreOneStream(_ distribution: Distribution) {
    let (key, offset, count) = (UInt64(77), UInt64.max / 2 - 5, 40_009)
    let whole = Self.numbers(distribution, nil, key: key, offset: offset, count: count)
    for set in Rooms.instructionSets {
      for threads in 1...3 {
        Rooms.withContext(set, threads: Int32(threads)) { context in
          for cut in [0, 1, 2, 3, 4, 5, 1_023, 1_024, 1_027, 16_384, 39_999, count] {
            let front = Self.numbers(distribution, context, key: key, offset: offset, count: cut)
            let back = Self.numbers(
              distribution, context, key: key, offset: offset + UInt64(cut), count: count - cut)
            expectSame(front + back, whole, "cut at \(cut), \(set), \(threads) threads")
          }
        }
      }
    }
    #expect(whole != Self.numbers(distribution, nil, key: key + 1, offset: offset, count: count))
  }

  /// Sums over n numbers stay within six standard deviations of their expectation.
  @Test func momentsAreThoseOfTheDistributions() {
    let count = 1 << 20
    let root = Double(count).squareRoot()
    var y = [Float](repeating: 0, count: count)
    func mean(_ f: (Double) -> Double) -> Double {
      y.reduce(0) { $0 + f(Double($1)) } / Double(count)
    }

    ck_random_uniform(nil, 1, 0, count, 0, 1, &y)
    #expect(y.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(mean { $0 } - 1 / 2.0) < 6 * (1 / 12.0).squareRoot() / root)
    #expect(abs(mean { $0 * $0 } - 1 / 3.0) < 6 * (4 / 45.0).squareRoot() / root)

    ck_random_normal(nil, 2, 0, count, 0, 1, &y)
    // E z = 0, z² = 1, z³ = 0, z⁴ = 3; the variances of these powers are 1, 2, 15, 96.
    for (power, expected, variance) in [(1.0, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
      #expect(abs(mean { pow($0, power) } - expected) < 6 * variance.squareRoot() / root)
    }
    // Kolmogorov–Smirnov: the largest gap exceeds 2.2 / √n with probability 1e-4.
    let gap = y.sorted().enumerated().reduce(0.0) { gap, element in
      let expected = 0.5 * erfc(-Double(element.element) / 2.0.squareRoot())
      return max(gap, abs(expected - (Double(element.offset) + 0.5) / Double(count)))
    }
    #expect(gap < 2.2 / root)
    // Neighbours, which share a radius, are uncorrelated, and so are their squares.
    let pairs = stride(from: 0, to: count, by: 2).map { (Double(y[$0]), Double(y[$0 + 1])) }
    let product = pairs.reduce(0) { $0 + $1.0 * $1.1 } / Double(pairs.count)
    let squares =
      pairs.reduce(0) { $0 + ($1.0 * $1.0 - 1) * ($1.1 * $1.1 - 1) } / Double(pairs.count)
    #expect(abs(product) < 6 / Double(pairs.count).squareRoot())
    #expect(abs(squares) < 6 * 2 / Double(pairs.count).squareRoot())

    for p: Float in [0, 1e-6, 0.1, 0.5, 0.999, 1] {
      ck_random_bernoulli(nil, 3, 0, count, p, 1 / 0.5, &y)
      #expect(y.allSatisfy { $0 == 0 || $0 == 2 })
      let expected = Double(p)
      let deviation = (expected * (1 - expected)).squareRoot() / root
      #expect(abs(mean { $0 / 2 } - expected) <= 6 * deviation + 0x1p-32)
    }
  }

  @Test func uniformNumbersStayBelowTheirEnd() {
    // Rounding low + (high - low) · u may reach high: 24 bits of u, fewer of the sum.
    let count = 200_000
    var y = [Float](repeating: 0, count: count)
    for (low, high) in [(Float(1_000), Float(1_001)), (-1, -0.9999), (0, 0x1p-133), (5, 5)] {
      ck_random_uniform(nil, 4, 0, count, low, high, &y)
      #expect(y.allSatisfy { $0 >= low && ($0 < high || low == high) }, "\(low) ..< \(high)")
    }
  }
}
