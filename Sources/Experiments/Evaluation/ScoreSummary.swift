import SwiftDLAudio

/// All scores of one or more methods in a few numbers, by both conventions of the literature:
/// statistics over the windows of all tracks pooled (Wave-U-Net's tables), and the median over
/// tracks of the tracks' medians (SiSEC 2018 and after). The two are not comparable with each
/// other.
public struct ScoreSummary: Sendable, Equatable {
  /// One method's scores of one source by one metric.
  public struct Row: Sendable, Equatable {
    public let method: String
    public let target: String
    /// `SDR`, `SIR`, `ISR`, `SAR` of BSS Eval and `energy SDR` over windows; `nSDR`, `SI-SDR`, how far they are
    /// above the mixture's (`nSDRi`, `SI-SDRi`) and `L1`, whose “windows” are the tracks; `PES` and `EPS`, whose windows are the silent ones, where there are any.
    public let metric: String
    /// Over all windows of all tracks.
    public let pooled: ScoreStatistics
    /// The median over tracks of the medians over their windows.
    public let trackMedian: Double
  }

  /// Energy of the reference over energy of the error in each window, without filters.
  public static let energyMetric = "energy SDR"

  /// The metrics of `EnergyScores`, with what a track contributes to each.
  private static let energyMetrics: [(name: String, values: @Sendable (EnergyScores) -> [Double])] = [
    (energyMetric, { $0.energyRatios }), ("nSDR", { [$0.challengeRatio] }),
    ("nSDRi", { $0.challengeImprovement.map { [$0] } ?? [] }), ("SI-SDR", { [$0.scaleInvariantRatio] }),
    ("SI-SDRi", { $0.scaleInvariantImprovement.map { [$0] } ?? [] }), ("L1", { [$0.absoluteError] }),
    ("PES", { $0.predictedAtSilence }), ("EPS", { $0.silenceAtSound }),
  ]

  public let rows: [Row]

  /// Summarises tracks by method. Sources appear in the order in which the tracks first name them.
  public init(_ methods: [(name: String, tracks: [TrackScores])]) {
    var rows: [Row] = []
    for method in methods {
      var names: [String] = []
      for target in method.tracks.flatMap(\.targets) where !names.contains(target.name) {
        names.append(target.name)
      }
      for name in names {
        let scores = method.tracks.flatMap { $0.targets.filter { $0.name == name } }
        func add(_ metric: String, _ byTrack: [[Double]]) {
          rows.append(
            Row(
              method: method.name, target: name, metric: metric,
              pooled: ScoreStatistics(Array(byTrack.joined())),
              trackMedian: ScoreStatistics.median(byTrack.map(ScoreStatistics.median))))
        }
        for metric in SeparationMetrics.names { add(metric, scores.map { $0.windows.map { $0[metric] } }) }
        for metric in Self.energyMetrics {
          let byTrack = scores.map { metric.values($0.energies) }
          if byTrack.contains(where: { !$0.isEmpty }) { add(metric.name, byTrack) }
        }
      }
    }
    self.rows = rows
  }

  /// The medians over windows alone: a row for each method, a column for each source.
  public func brief(metric: String) -> String {
    var methods: [String] = []
    var targets: [String] = []
    for row in rows where row.metric == metric {
      if !methods.contains(row.method) { methods.append(row.method) }
      if !targets.contains(row.target) { targets.append(row.target) }
    }
    func cell(_ method: String, _ target: String) -> String {
      let row = rows.first { $0.method == method && $0.target == target && $0.metric == metric }
      return row.map { $0.pooled.median.text(decimals: 2) } ?? ""
    }
    return TextTable(
      heads: ["\(metric), dB"] + targets, rows: methods.map { method in [method] + targets.map { cell(method, $0) } }
    ).text
  }

  /// The columns of the table, the three that name a row first.
  static let columnNames = [
    "method", "target", "metric", "windows", "undefined", "median", "MAD", "mean", "sd", "track median",
  ]

  private static func cells(_ row: Row, decimals: Int) -> [String] {
    let pooled = row.pooled
    return [String(pooled.count), String(pooled.undefined)]
      + [
        pooled.median, pooled.medianAbsoluteDeviation, pooled.mean, pooled.standardDeviation,
        row.trackMedian,
      ].map { $0.text(decimals: decimals) }
  }

  private var table: TextTable {
    TextTable(
      heads: Self.columnNames, rows: rows.map { [$0.method, $0.target, $0.metric] + Self.cells($0, decimals: 2) }, names: 3)
  }

  /// A table for people, in dB.
  public var text: String { table.text }

  /// The same for a Markdown page.
  public var markdown: String { table.markdown }

  /// The same for a paper, in LaTeX's `tabular`.
  public var latex: String { table.latex }

  /// The table as comma-separated values with a header (RFC 4180), five decimals.
  public var csv: String {
    let header = Self.columnNames.map { $0.replacing(" ", with: "_") }
    let lines = rows.map {
      [$0.method, $0.target, $0.metric].map(Self.field) + Self.cells($0, decimals: 5)
    }
    return ([header] + lines).map { $0.joined(separator: ",") + "\n" }.joined()
  }

  private static func field(_ text: String) -> String {
    guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// The table as JSON: a list of objects; numbers that are not defined are null.
  public var json: String {
    let objects = rows.map { row in
      let pooled = row.pooled
      let fields = [
        ("method", JSONText.quoted(row.method)), ("target", JSONText.quoted(row.target)),
        ("metric", JSONText.quoted(row.metric)), ("windows", String(pooled.count)),
        ("undefined", String(pooled.undefined)), ("median", JSONText.number(pooled.median)),
        ("mad", JSONText.number(pooled.medianAbsoluteDeviation)),
        ("mean", JSONText.number(pooled.mean)),
        ("sd", JSONText.number(pooled.standardDeviation)),
        ("track_median", JSONText.number(row.trackMedian)),
      ]
      return "  {" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }
    return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
  }
}
