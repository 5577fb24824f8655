import SwiftDL
public import SwiftDLModels

/// The page of a run that trains a sequence network: its learning curve, settings and machine.
public struct SequenceReport {
  public let run: String

  public init(run: String) { self.run = run }

  /// Writes `report.html` into the run's folder.
  public func write<N: SequenceNetwork>(as type: SequenceConfiguration<N>.Type) throws {
    let record = try RunRecord(run)
    let text = try SequenceConfiguration<N>(
      task: SequenceTask(rawValue: record.setting("task") ?? "") ?? .music, preset: record.setting("preset") ?? "")
    let configuration = try ConfigurationLoader.load(type, base: text, file: "\(run)/config.yaml")
    let metric = configuration.task.metric
    func inMetric(_ series: [(step: Int, value: Double)]) -> [(step: Int, value: Double)] {
      series.map { ($0.step, metric.value(nats: $0.value)) }
    }
    var report = HTMLReport(
      title: "Predicting \(configuration.task.rawValue)", subtitle: "\(N.architecture), \(configuration.preset)")
    report.highlight("steps", "\(record.metrics.last?["step"]?.integer ?? 0)")
    if let best = record.series("valid_loss").map(\.value).filter(\.isFinite).min() {
      report.highlight("best validation, \(metric.name)", metric.value(nats: best).text(decimals: 3))
    }
    if let test = record.summary?["test_metric"]?.number {
      report.highlight("test, \(metric.name)", test.text(decimals: 3))
    }
    let curves = LineChart(
      title: "Learning", horizontal: "step", vertical: metric.name,
      series: [
        ChartSeries("training", inMetric(record.series("train_loss"))),
        ChartSeries("validation", inMetric(record.series("valid_loss")), marking: .lowest),
      ].filter { !$0.points.isEmpty })
    report.section("Learning", note: "After every epoch; training with dropout, validation without.", [.charts([curves])])
    report.section("Run", [.configuration(configuration), .facts(record.environment, title: "Environment")])
    try report.write(to: "\(run)/report.html")
  }
}
