/// A page of scores: box plots of every metric, and the table of the summary.
public struct EvaluationReport {
  private let methods: [SeparationEvaluation.Method]
  private let note: String

  /// - Parameter note: how the scores were made, in a sentence.
  public init(_ methods: [SeparationEvaluation.Method], note: String = "") {
    self.methods = methods
    self.note = note
  }

  /// The page, to be written with `HTMLReport.write(to:)`.
  public var page: HTMLReport {
    let summary = ScoreSummary(methods.map { ($0.name, $0.tracks) })
    let tracks = Set(methods.flatMap { $0.tracks.map(\.track) }).count
    var report = HTMLReport(
      title: "Scores of separated tracks",
      subtitle: methods.map(\.name).joined(separator: ", ") + ", \(tracks) track\(tracks == 1 ? "" : "s")")
    for row in summary.rows where row.metric == "SDR" && row.method == methods.first?.name {
      report.highlight("SDR \(row.target)", "\(row.pooled.median.text(decimals: 2)) dB")
    }
    let metrics = (SeparationMetrics.names + [ScoreSummary.energyMetric]).filter { metric in
      summary.rows.contains { $0.metric == metric && $0.pooled.count > 0 }
    }
    report.section(
      "Windows", note: note, [.charts(metrics.map { ScoreBoxes.chart($0, of: methods) })])
    report.section(
      "Summary", note: "In dB; windows of all tracks pooled, and the median over tracks of their medians.",
      [.table(ReportTable(columns: ScoreSummary.columnNames, rows: summary.rows.map(Self.cells)))])
    let comparison = ScoreComparison(methods)
    if !comparison.rows.isEmpty {
      report.section(
        "Which is better", note: ScoreComparison.explanation,
        [.table(ReportTable(columns: ScoreComparison.columnNames, rows: comparison.rows.map(Self.cells)))])
    }
    return report
  }

  private static func cells(_ row: ScoreComparison.Row) -> [ReportTable.Cell] {
    [
      .text(row.target), .text(row.better), .text(row.worse), .number(Double(row.tracks), decimals: 0), .number(row.lead),
      .number(row.probability, decimals: 4),
    ]
  }

  private static func cells(_ row: ScoreSummary.Row) -> [ReportTable.Cell] {
    let pooled = row.pooled
    return [
      .text(row.method), .text(row.target), .text(row.metric), .number(Double(pooled.count), decimals: 0),
      .number(Double(pooled.undefined), decimals: 0), .number(pooled.median),
      .number(pooled.medianAbsoluteDeviation), .number(pooled.mean), .number(pooled.standardDeviation),
      .number(row.trackMedian),
    ]
  }
}
