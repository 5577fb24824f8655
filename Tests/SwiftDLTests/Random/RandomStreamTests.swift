import SwiftDL
import TestSupport
import Testing

@Suite struct RandomStreamTests {
  /// The published known answers of Philox4x32-10 for counter and key 0: 6627e8d5 e169c58d bc57ac4c
  /// 9b00dbd8.
  @Test func bitsAreThePublishedOnes() {
    var random = RandomStream(seed: 0)
    let bound = 1 << 62
    #expect(random.integer(below: bound) == Int(0x6627_e8d5_e169_c58d as UInt64 >> 2))
    #expect(random.integer(below: bound) == Int(0xbc57_ac4c_9b00_dbd8 as UInt64 >> 2))
  }

  /// Numbers that must not change from release to release, since runs are resumed across them; see
  /// scripts/golden/random_golden.py.
  @Test func numbersStayWhatTheyWere() {
    let root = RandomStream(seed: 2026)
    #expect(root.stream("data").key == 0x8a59_52f5_4579_1e08)
    #expect(root.stream(7).key == 0x943a_f152_0bec_b49d)
    var random = root.stream("data")
    #expect(
      random.uniform([3]).scalars == [0.7244270443916321, 0.5541023015975952, 0.550650417804718])
    expectClose(
      random.normal([3]).scalars, [-0.1936015485803513, 1.0989000637287598, -0.4292652734244064],
      tolerance: 1e-6)
    #expect(random.permutation(of: 8) == [1, 0, 6, 7, 4, 2, 5, 3])
    #expect(random.number() == 0.40182139072567225)
    #expect(random.position == 21)
  }

  @Test func positionResumes() {
    for skip in [0, 1, 2, 3, 5, 17] {
      var whole = RandomStream(seed: 5)
      let uniform = whole.uniform([40]).scalars
      let normal = whole.normal([41]).scalars
      let coins = whole.bernoulli([40], probability: 0.3).scalars
      var resumed = RandomStream(seed: 5, position: UInt64(skip))
      #expect(resumed.uniform([40 - skip]).scalars == Array(uniform[skip...]))
      resumed.position += UInt64(skip)
      #expect(resumed.normal([41 - skip]).scalars == Array(normal[skip...]))
      #expect(resumed.bernoulli([40], probability: 0.3).scalars == coins)
      #expect(resumed == whole)
    }
  }

  @Test func momentsAreThoseOfTheDistribution() {
    var random = RandomStream(seed: 8)
    let count = 200_000
    func moments(_ tensor: Tensor) -> (mean: Double, variance: Double) {
      let numbers = tensor.scalars.map(Double.init)
      let mean = numbers.reduce(0, +) / Double(count)
      return (mean, numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count))
    }
    // Five standard errors: the mean's is σ/√n; the variance's is σ²√(2/n) for the normal, less for
    // the others.
    let error = 5 / Double(count).squareRoot()
    let uniform = moments(random.uniform([count], in: -1..<3))
    #expect(abs(uniform.mean - 1) < error * 1.16 && abs(uniform.variance - 16.0 / 12) < error * 1.2)
    let normal = moments(random.normal([count], mean: 2, standardDeviation: 3))
    #expect(abs(normal.mean - 2) < error * 3 && abs(normal.variance - 9) < error * 9 * 1.42)
    let coins = moments(random.bernoulli([count], probability: 0.2, value: 5))
    #expect(abs(coins.mean - 1) < error * 2 && abs(coins.variance - 4) < error * 6)
    let extremes = random.uniform([count], in: -1..<3).scalars
    #expect(extremes.allSatisfy { $0 >= -1 && $0 < 3 })
  }

  /// Normal numbers of different streams, and of neighbouring positions, have no correlation beyond
  /// chance.
  @Test func streamsAreIndependent() {
    let root = RandomStream(seed: 1)
    let streams = [
      root, root.stream("a"), root.stream("b"), root.stream(0), root.stream(1), root.stream(-1),
      root.stream("a").stream("b"), root.stream("b").stream("a"), RandomStream(seed: 2),
    ]
    #expect(Set(streams.map(\.key)).count == streams.count)
    let count = 50_000
    let numbers = streams.map { stream in
      var stream = stream
      return stream.normal([count]).scalars
    }
    for (i, a) in numbers.enumerated() {
      for (j, b) in numbers.enumerated() where i < j {
        let correlation = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / Double(count)
        #expect(abs(correlation) < 5 / Double(count).squareRoot(), "streams \(i) and \(j)")
      }
      let lag =
        zip(a, a.dropFirst()).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / Double(count)
      #expect(abs(lag) < 5 / Double(count).squareRoot(), "stream \(i) and itself, one later")
    }
  }

  @Test(arguments: [1, 2, 3, 7, 10, 100]) func integersAreUnbiased(bound: Int) {
    var random = RandomStream(seed: 12)
    let draws = 100_000
    var counts = [Int](repeating: 0, count: bound)
    for _ in 0..<draws { counts[random.integer(below: bound)] += 1 }
    let expected = Double(draws) / Double(bound)
    let chiSquare = counts.reduce(0.0) {
      $0 + (Double($1) - expected) * (Double($1) - expected) / expected
    }
    // Mean bound - 1, variance 2 (bound - 1): five standard deviations and a little for small
    // bounds.
    let freedom = Double(bound - 1)
    #expect(chiSquare <= freedom + 5 * (2 * freedom).squareRoot() + 5)
  }

  @Test func permutationsAreAllEquallyLikely() {
    var random = RandomStream(seed: 21)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 { counts[random.permutation(of: 4), default: 0] += 1 }
    #expect(counts.count == 24 && counts.keys.allSatisfy { $0.sorted() == [0, 1, 2, 3] })
    // 1000 each, standard deviation 31.
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 160 })
    #expect(random.permutation(of: 0) == [] && random.permutation(of: 1) == [0])
    #expect(random.permutation(of: 10_000).sorted() == Array(0..<10_000))
  }
}
