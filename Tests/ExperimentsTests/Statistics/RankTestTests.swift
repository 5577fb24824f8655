import Experiments
import SwiftDL
import Testing

@Suite("Mann and Whitney's test")
struct RankTestTests {
  /// Every way to choose `count` of the numbers 0 ..< total.
  private func choices(_ count: Int, of total: Int) -> [Set<Int>] {
    (0..<1 << total).compactMap { bits in
      let chosen = Set((0..<total).filter { bits >> $0 & 1 == 1 })
      return chosen.count == count ? chosen : nil
    }
  }

  @Test("its chance is the share of all orders at least as far from the middle", arguments: [(3, 4), (4, 4), (5, 6)])
  func exactness(n: Int, m: Int) {
    let orders = choices(n, of: n + m)
    func samples(_ chosen: Set<Int>) -> ([Double], [Double]) {
      (chosen.sorted().map(Double.init), (0..<n + m).filter { !chosen.contains($0) }.map(Double.init))
    }
    let distances = orders.map { abs(RankTest(samples($0).0, samples($0).1).statistic - Double(n * m) / 2) }
    for (order, distance) in zip(orders, distances) {
      let share = Double(distances.count { $0 >= distance }) / Double(orders.count)
      let test = RankTest(samples(order).0, samples(order).1)
      #expect(abs(test.probability - share) < 1e-12, "\(order)")
    }
  }

  @Test("four against four that do not overlap: two orders of seventy")
  func nothingInCommon() {
    let test = RankTest([1, 2, 3, 4], [5, 6, 7, 8])
    #expect(test.statistic == 0)
    #expect(abs(test.probability - 2.0 / 70) < 1e-12)
  }

  @Test("ties: the corrected normal approximation")
  func ties() {
    // By hand: 0 + 0.5 + 0.5 + 2.5 + 3.
    let test = RankTest([1.5, 2, 2, 3.5, 4], [2, 3, 3.5, 5, 6, 7])
    #expect(test.statistic == 6.5)
    // 30/12·(12 − (24 + 6)/110) = 29.318; (15 − 6.5 − 0.5)/√29.318 = 1.4775.
    #expect(abs(test.probability - 0.13955) < 1e-4)
    #expect(RankTest([1, 1], [1, 1]).probability == 1)
  }

  @Test("the interval of the ratio holds the true one, and 1 exactly where the test does not reject")
  func intervals() {
    var random = RandomStream(seed: 4)
    var held = 0
    for trial in 0..<300 {
      let change = trial % 2 == 0 ? 1.0 : 1.3
      let first = (0..<8).map { _ in random.number(in: 0.9..<1.1) }
      let second = (0..<8).map { _ in random.number(in: 0.9..<1.1) * change }
      let interval = RankTest.ratioInterval(first, second)
      if interval?.contains(change) == true { held += 1 }
      #expect(interval?.contains(1) == (RankTest(first, second).probability > 0.05))
    }
    // 95 % of 300 are 285; five standard deviations less.
    #expect(held >= 266)
    #expect(RankTest.ratioInterval([1, 2, 3], [4, 5, 6]) == nil)
  }
}
