import SwiftDL

/// The page of a run that learns an initialisation: losses over updates, settings and machine.
struct MetaReport: RunReport {
  let run: String

  static func knows(_ record: RunRecord) -> Bool {
    MetaAlgorithm(rawValue: record.setting("algorithm") ?? "") != nil
  }

  func write() throws {
    let record = try RunRecord(run)
    let configuration = try record.configuration(as: MetaConfiguration.self)
    var report = HTMLReport(
      title: "An initialisation for many tasks", subtitle: "\(configuration.algorithm.rawValue), \(configuration.preset)")
    report.highlight("updates", "\(record.metrics.last?["step"]?.integer ?? 0)")
    if let loss = record.series("loss").last?.value { report.highlight("loss", loss.text(decimals: 3)) }
    let prefix = "loss of "
    let names = Set(record.metrics.flatMap(\.keys).filter { $0.hasPrefix(prefix) }).sorted()
    let tasks = names.map { ChartSeries(String($0.dropFirst(prefix.count)), record.series($0)) }
    let settings = configuration.algorithm == .joint ? "" : " after \(configuration.inner.steps) inner steps"
    report.section(
      "Learning",
      note: """
        The loss\(settings), of examples that were not adapted on: the mean of \(configuration.updatesPerLine) updates. \
        \(MetaReproduction.provenance)
        """,
      [
        .charts([
          LineChart(
            title: "All tasks", horizontal: "update", vertical: "loss",
            series: [ChartSeries("mean", record.series("loss"))]),
          LineChart(title: "Each task", horizontal: "update", vertical: "loss", series: tasks),
        ])
      ])
    report.section("Run", [.configuration(configuration), .facts(record.environment, title: "Environment")])
    try report.write(to: "\(run)/report.html")
  }
}
