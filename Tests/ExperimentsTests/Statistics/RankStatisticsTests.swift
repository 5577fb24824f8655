import Experiments
import Foundation
import Testing

/// Areas and tests by ranks against scikit-learn, scipy and definitions: scripts/golden/rank_statistics.py.
@Suite("Rank statistics") struct RankStatisticsTests {
  private struct Golden: Decodable {
    struct Area: Decodable {
      let scores: [Float]
      let truth: [Bool]
      let area: Double
    }
    struct Comparison: Decodable {
      let a: [Float]
      let b: [Float]
      let truth: [Bool]
      let first: Double
      let second: Double
      let standardError: Double
      let statistic: Double
      let probability: Double
    }
    struct Pairs: Decodable {
      let a: [Double]
      let b: [Double]
      let statistic: Double
      let probability: Double
    }
    let areas: [Area]
    let delong: [Comparison]
    let wilcoxon: [Pairs]
  }

  private let golden: Golden

  init() throws {
    let path = try #require(Bundle.module.path(forResource: "Fixtures/rank-statistics.json", ofType: nil))
    golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test("areas under the characteristic, with ties") func areas() {
    for case let area in golden.areas {
      let found = RankedArea(scores: area.scores, isPositive: area.truth)
      #expect(abs((found?.value ?? 0) - area.area) < 1e-12)
      let reversed = RankedArea(scores: area.scores.map { -$0 }, isPositive: area.truth)
      #expect(abs((reversed?.value ?? 0) - (1 - area.area)) < 1e-12)
    }
    #expect(RankedArea(scores: [1, 2, 3, 4], isPositive: [false, false, true, true])?.value == 1)
    #expect(RankedArea(scores: [1, 1, 1], isPositive: [false, true, true])?.value == 0.5)
    #expect(RankedArea(scores: [1, 2], isPositive: [true, true]) == nil)
    #expect(RankedArea(scores: [], isPositive: []) == nil)
    #expect(RankedArea(scores: [1, .nan], isPositive: [true, false]) == nil)
  }

  @Test("DeLong's test") func delong() throws {
    for comparison in golden.delong {
      let test = try #require(DeLongTest(comparison.a, comparison.b, isPositive: comparison.truth))
      #expect(abs(test.first - comparison.first) < 1e-12 && abs(test.second - comparison.second) < 1e-12)
      #expect(abs(test.standardError - comparison.standardError) < 1e-12)
      #expect(abs(test.statistic - comparison.statistic) < 1e-9)
      #expect(abs(test.probability - comparison.probability) < 1e-9)
      let same = try #require(DeLongTest(comparison.a, comparison.a, isPositive: comparison.truth))
      #expect(same.statistic == 0 && same.probability == 1)
    }
  }

  @Test("Wilcoxon's signed-rank test") func wilcoxon() {
    for pairs in golden.wilcoxon {
      let test = SignedRankTest(pairs.a, pairs.b)
      #expect(abs(test.statistic - pairs.statistic) < 1e-9, "\(pairs.a.count)")
      #expect(abs(test.probability - pairs.probability) < 1e-9, "\(pairs.a.count)")
    }
    #expect(SignedRankTest([1, 2], [1, 2]).probability == 1)
    // All of five differences to one side: 2 in 2^5.
    #expect(SignedRankTest([1, 2, 3, 4, 5], [0, 0, 0, 0, 0]).probability == 0.0625)
  }
}
