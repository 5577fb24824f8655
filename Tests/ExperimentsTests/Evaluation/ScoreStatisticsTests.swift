import Experiments
import Foundation
import SwiftDLAudio
import Testing

@Suite struct ScoreStatisticsTests {
  @Test func byHand() {
    // Defined: 1 2 4 9; median 3; deviations 2 1 1 6, their median 1.5; mean 4;
    // squares 9 4 0 25, mean 9.5.
    let scores = ScoreStatistics([4, .nan, 1, .infinity, 9, 2, -.infinity])
    #expect(scores.count == 4 && scores.undefined == 3)
    #expect(scores.median == 3 && scores.medianAbsoluteDeviation == 1.5)
    #expect(scores.mean == 4 && scores.standardDeviation == 9.5.squareRoot())
    let odd = ScoreStatistics([5, 1, 2])
    #expect(odd.median == 2 && odd.medianAbsoluteDeviation == 1)
  }

  @Test func withoutScoresEverythingIsUndefined() {
    for scores in [ScoreStatistics([]), ScoreStatistics([.nan, .nan])] {
      #expect(scores.count == 0)
      #expect(scores.median.isNaN && scores.medianAbsoluteDeviation.isNaN)
      #expect(scores.mean.isNaN && scores.standardDeviation.isNaN)
    }
  }

  static func track(_ name: String, _ sdr: [Double], whole: Double) -> TrackScores {
    let windows = sdr.map { SeparationMetrics(sdr: $0, isr: $0 + 1, sir: .nan, sar: -$0) }
    let energies = EnergyScores(
      challengeRatio: whole, scaleInvariantRatio: whole + 1, challengeImprovement: whole - 3, predictedAtSilence: whole.isNaN ? [-60] : [])
    return TrackScores(
      track: name, targets: [TargetScores(name: "vocals", windows: windows, energies: energies)])
  }

  /// Pooling windows and taking medians of medians are different things.
  @Test func summaryFollowsBothConventions() throws {
    let tracks = [
      Self.track("A", [1, 2, 3, .nan], whole: 2), Self.track("B", [10, 20], whole: 15),
      Self.track("C", [.nan], whole: .nan),
    ]
    let summary = ScoreSummary([("model", tracks)])
    #expect(summary.rows.map(\.metric) == ["SDR", "SIR", "ISR", "SAR", "nSDR", "nSDRi", "SI-SDR", "L1", "PES"])
    let sdr = summary.rows[0]
    #expect(sdr.pooled == ScoreStatistics([1, 2, 3, .nan, 10, 20, .nan]))
    #expect(sdr.pooled.median == 3)
    #expect(sdr.trackMedian == (2.0 + 15) / 2)
    #expect(summary.rows[2].trackMedian == sdr.trackMedian + 1)
    #expect(summary.rows[4].pooled.count == 2 && summary.rows[4].pooled.mean == 8.5)
    #expect(summary.rows[5].pooled.count == 2 && summary.rows[5].pooled.mean == 5.5)
    #expect(summary.rows[6].pooled.count == 2 && summary.rows[6].pooled.mean == 9.5)
    // One silent window in all, on the track without scores.
    #expect(summary.rows[8].pooled == ScoreStatistics([-60]) && summary.rows[8].trackMedian == -60)

    let csv = summary.csv.split(separator: "\n")
    #expect(csv[0] == "method,target,metric,windows,undefined,median,MAD,mean,sd,track_median")
    #expect(csv[1].hasPrefix("model,vocals,SDR,5,2,3.00000,2.00000,7.20000,"))
    #expect(csv[1].hasSuffix(",8.50000"))
    #expect(csv[2] == "model,vocals,SIR,0,7,nan,nan,nan,nan,nan")

    let json = try JSONSerialization.jsonObject(with: Data(summary.json.utf8))
    let rows = try #require(json as? [[String: Any]])
    #expect(rows.count == 9)
    #expect(rows[0]["median"] as? Double == 3 && rows[0]["undefined"] as? Int == 2)
    #expect(rows[1]["median"] is NSNull)

    let widths = Set(summary.text.split(separator: "\n").map(\.count))
    #expect(widths.count == 1 && summary.text.contains("track median"))
  }

  @Test func namesAreQuoted() throws {
    let tracks = [
      TrackScores(
        track: "T",
        targets: [TargetScores(name: "a,\"b\"\u{1}é", windows: [])])
    ]
    let summary = ScoreSummary([("m", tracks)])
    #expect(summary.csv.contains("m,\"a,\"\"b\"\"\u{1}é\",SDR"))
    let json = try JSONSerialization.jsonObject(with: Data(summary.json.utf8)) as? [[String: Any]]
    #expect(json?.first?["target"] as? String == "a,\"b\"\u{1}é")
  }
}
