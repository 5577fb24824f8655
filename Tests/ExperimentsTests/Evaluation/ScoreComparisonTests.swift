import Experiments
import Testing

struct ScoreComparisonTests {
  private func method(_ name: String, _ medians: [Double]) -> SeparationEvaluation.Method {
    SeparationEvaluation.Method(
      name: name, tracks: medians.enumerated().map { ScoreStatisticsTests.track("track \($0)", [$1, $1], whole: 0) })
  }

  /// Seven tracks, each a little better: 2 of 2⁷ orders are as clear.
  @Test func aLeadOnEveryTrack() throws {
    let base: [Double] = [1, 5, 2, 8, 3, 4, 9]
    let better = base.enumerated().map { $1 + 0.1 * Double($0 + 1) }
    let rows = ScoreComparison([method("a", base), method("b", better)]).rows
    let row = try #require(rows.first)
    #expect(rows.count == 1 && row.better == "b" && row.worse == "a" && row.target == "vocals" && row.tracks == 7)
    #expect(abs(row.lead - 0.4) < 1e-9 && abs(row.probability - 2.0 / 128) < 1e-12)
  }

  @Test func tracksWithoutAScoreAreLeftOut() {
    let rows = ScoreComparison([method("a", [1, .nan, 3]), method("b", [2, 2, .nan]), method("c", [.nan, .nan, .nan])]).rows
    #expect(rows.map(\.tracks) == [1] && rows.map(\.probability) == [1])
    #expect(ScoreComparison([method("a", [1])]).rows.isEmpty && ScoreComparison([]).rows.isEmpty)
  }

  @Test func equalMethodsDoNotDiffer() {
    let rows = ScoreComparison([method("a", [1, 2]), method("b", [1, 2])]).rows
    #expect(rows.map(\.lead) == [0] && rows.map(\.probability) == [1])
    #expect(ScoreComparison([method("a", [1]), method("b", [1])]).text.contains("median lead"))
  }
}
