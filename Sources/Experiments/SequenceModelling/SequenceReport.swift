import SwiftDL
import SwiftDLModels

/// The page of a run that trains a sequence network: its learning curve, settings and machine.
struct SequenceReport: RunReport {
  let run: String

  private static func task(_ record: RunRecord) -> SequenceTask? {
    record.setting("task").flatMap(SequenceTask.init(rawValue:))
  }

  static func knows(_ record: RunRecord) -> Bool { task(record) != nil }

  func write() throws {
    let record = try RunRecord(run)
    guard let task = Self.task(record), let preset = record.setting("preset"),
      let kind = try ModelFile.kind(ofPreset: preset) as? any SequenceNetwork.Type
    else { throw FileError(run, "is no run of a sequence network") }
    func write<N: SequenceNetwork>(_ kind: N.Type) throws {
      try self.write(
        record,
        try ConfigurationLoader.load(
          SequenceConfiguration<N>.self, base: SequenceConfiguration(task: task, preset: preset),
          file: RunFiles.configuration(run)))
    }
    try write(kind)
  }

  private func write<N>(_ record: RunRecord, _ configuration: SequenceConfiguration<N>) throws {
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
