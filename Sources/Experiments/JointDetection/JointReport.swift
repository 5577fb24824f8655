import SwiftDL
import SwiftDLModels

/// The page of a run that learns to find and separate singing: losses and figures over steps, settings and machine.
struct JointReport: RunReport {
  let run: String

  static func knows(_ record: RunRecord) -> Bool {
    record.setting("task") == DetectSeparate.architecture
  }

  func write() throws {
    let record = try RunRecord(run)
    let configuration = try record.configuration(as: JointConfiguration.self)
    var report = HTMLReport(
      title: "Finding and separating singing", subtitle: "objective: \(configuration.objective.rawValue)")
    report.highlight("steps", "\(record.metrics.last?["step"]?.integer ?? 0)")
    let areas = record.series("valid_auroc")
    let errors = record.series("valid_mse")
    if let best = areas.map(\.value).max() { report.highlight("best AU-ROC", best.text(decimals: 4)) }
    if let best = errors.map(\.value).min() { report.highlight("best MSE", best.text(decimals: 5)) }
    func chart(
      _ title: String, _ vertical: String, _ training: String?, _ validation: String, best: ChartSeries.Best
    ) -> LineChart {
      var series = [ChartSeries("validation", record.series(validation), marking: best)]
      if let training { series.insert(ChartSeries("training", record.series(training)), at: 0) }
      return LineChart(
        title: title, horizontal: "step", vertical: vertical, series: series.filter { !$0.points.isEmpty })
    }
    var charts: [any Chart] = []
    if !errors.isEmpty {
      charts.append(
        chart("Separation", "squared error of ln(1 + magnitude)", "train_separation_loss", "valid_mse", best: .lowest))
    }
    if !areas.isEmpty {
      charts.append(chart("Detection", "area under the ROC curve", nil, "valid_auroc", best: .highest))
      charts.append(
        LineChart(
          title: "Detection", horizontal: "step", vertical: "cross-entropy",
          series: [ChartSeries("training", record.series("train_detection_loss"))]))
    }
    if !charts.isEmpty {
      report.section("Learning", note: "Means between evaluations, and figures of the validation parts.", [.charts(charts)])
    }
    report.section("Run", [.configuration(configuration), .facts(record.environment, title: "Environment")])
    try report.write(to: "\(run)/report.html")
  }
}
