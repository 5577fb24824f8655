/// Which of several methods is better on the same tracks, and whether that may be chance: for every source and pair of
/// methods, Wilcoxon's signed-rank test of the tracks' medians over their windows.
public struct ScoreComparison: Sendable, Equatable {
  public struct Row: Sendable, Equatable {
    public let target: String
    public let better: String
    public let worse: String
    /// Tracks with a score of both.
    public let tracks: Int
    /// The median over tracks of the better one's lead, in dB.
    public let lead: Double
    /// Of a difference as large when the methods are equally good; not corrected for the number of rows.
    public let probability: Double
  }

  public let rows: [Row]

  /// - Parameter metric: one of `SeparationMetrics.names`.
  public init(_ methods: [SeparationEvaluation.Method], metric: String = "SDR") {
    let scores = methods.map { method in
      method.tracks.map { track in
        (track.track, track.targets.map { ($0.name, ScoreStatistics.median($0.windows.map { $0[metric] })) })
      }
    }
    var targets: [String] = []
    for name in scores.joined().flatMap({ $0.1.map(\.0) }) where !targets.contains(name) { targets.append(name) }
    var rows: [Row] = []
    for target in targets {
      let byTrack = scores.map { tracks in
        Dictionary(tracks.map { ($0.0, $0.1.first { $0.0 == target }?.1 ?? .nan) }) { first, _ in first }
      }
      for first in methods.indices {
        for second in methods.indices where second > first {
          let tracks = byTrack[first].keys.sorted().filter {
            byTrack[first][$0]?.isFinite == true && byTrack[second][$0]?.isFinite == true
          }
          if tracks.isEmpty { continue }
          let pair = [first, second].map { method in tracks.map { byTrack[method][$0] ?? .nan } }
          let lead = ScoreStatistics.median(zip(pair[0], pair[1]).map { $0 - $1 })
          let names = lead < 0 ? (second, first) : (first, second)
          rows.append(
            Row(
              target: target, better: methods[names.0].name, worse: methods[names.1].name, tracks: tracks.count,
              lead: abs(lead), probability: SignedRankTest(pair[0], pair[1]).probability))
        }
      }
    }
    self.rows = rows
  }

  /// What the columns mean.
  public static let explanation =
    "Tracks' medians of SDR in pairs: the median lead in dB, and p of Wilcoxon's signed-rank test, for each pair by itself."

  static let columnNames = ["target", "better", "worse", "tracks", "median lead", "p"]

  /// A table for people.
  public var text: String {
    TextTable(
      heads: Self.columnNames,
      rows: rows.map {
        [$0.target, $0.better, $0.worse, String($0.tracks), $0.lead.text(decimals: 2), $0.probability.text(decimals: 4)]
      }, names: 3
    ).text
  }
}
