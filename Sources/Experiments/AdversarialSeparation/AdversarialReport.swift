import SwiftDL
import SwiftDLModels

/// The page of a run of adversarial separation: losses of separator and critics over updates, settings and machine.
struct AdversarialReport: RunReport {
  let run: String

  static func knows(_ record: RunRecord) -> Bool {
    record.setting("task") == AdversarialConfiguration.taskName
  }

  func write() throws {
    let record = try RunRecord(run)
    let configuration = try record.configuration(as: AdversarialConfiguration.self)
    let sources = configuration.model.sources
    var report = HTMLReport(
      title: "Separating \(sources.joined(separator: ", "))",
      subtitle: "adversarial semi-supervised separation, variant \(configuration.variant.rawValue)")
    report.highlight("updates", "\(record.metrics.last?["step"]?.integer ?? 0)")
    let best = record.series("valid_loss").map(\.value).filter(\.isFinite).min()
    if let best { report.highlight("best validation loss", best.text(decimals: 4)) }
    if let peak = record.summary?["peak_tensor_bytes"]?.number {
      report.highlight("peak of tensors", "\(Int(peak / 1e6)) MB")
    }
    func chart(_ title: String, _ vertical: String, _ series: [(name: String, key: String)]) -> LineChart {
      LineChart(
        title: title, horizontal: "update", vertical: vertical,
        series: series.map { ChartSeries($0.name, record.series($0.key)) }.filter { !$0.points.isEmpty })
    }
    let critics = configuration.criticSources.map { sources[$0] }
    func ofCritics(_ key: String) -> [(String, String)] { critics.map { ($0, "\($0)_critic_\(key)") } }
    var charts = [
      chart("Separator", "squared error of log magnitudes", [("training", "supervised_loss"), ("validation", "valid_loss")])
    ]
    if !critics.isEmpty {
      charts += [
        chart("Additive penalty", "squared error of magnitudes", [("unpaired mixtures", "additive_penalty")]),
        chart("Critics: distance", "real score − fake score", ofCritics("distance")),
        chart("Critics: slopes above one", "mean square", ofCritics("excess")),
      ]
    }
    report.section(
      "Learning", note: "Means over \(configuration.updatesPerLine) updates of the separator.", [.charts(charts)])
    report.section("Run", [.configuration(configuration), .facts(record.environment, title: "Environment")])
    try report.write(to: "\(run)/report.html")
  }
}
