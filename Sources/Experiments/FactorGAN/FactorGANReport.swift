import SwiftDL
import SwiftDLModels

/// The page of a run that trains a FactorGAN: losses, logits and figures over updates, samples, settings and machine.
struct FactorGANReport: RunReport {
  let run: String

  static func knows(_ record: RunRecord) -> Bool {
    FactorGANTask(rawValue: record.setting("task") ?? "") != nil
  }

  func write() throws {
    let record = try RunRecord(run)
    let configuration = try record.configuration(as: FactorGANConfiguration.self)
    let pairs = configuration.data.pairs == 0 ? "all" : "\(configuration.data.pairs)"
    var report = HTMLReport(
      title: "Generating \(configuration.task.rawValue)",
      subtitle: "\(configuration.factorisation.rawValue), \(pairs) pairs")
    report.highlight("updates", "\(record.metrics.last?["step"]?.integer ?? 0)")
    if let fid = record.series("fid").last?.value { report.highlight("Fréchet distance", fid.text(decimals: 2)) }
    if let error = record.series("dependency_error").last?.value {
      report.highlight("dependency error", error.text(decimals: 3))
    }
    let factors = configuration.factorisation.factors(of: SampleParts(sizes: PairedDigits.parts)).map(\.name)
    func chart(_ title: String, _ vertical: String, _ series: [(name: String, key: String)]) -> LineChart {
      LineChart(
        title: title, horizontal: "update", vertical: vertical,
        series: series.map { ChartSeries($0.name, record.series($0.key)) }.filter { !$0.points.isEmpty })
    }
    report.section(
      "Learning",
      note: """
        Means over \(configuration.updatesPerLine) updates of the generator. A discriminator's loss is ln 2 = 0.693 where \
        it can tell nothing apart; the joint logit estimates ln p/q of generated samples.
        """,
      [
        .charts([
          chart("Discriminators", "loss", factors.map { ($0, "\($0)_loss") }),
          chart("Generator", "loss", [("generator", "generator_loss")]),
          chart("Accuracy", "share of samples", factors.map { ($0, "\($0)_accuracy") }),
          chart(
            "Logits", "mean logit",
            [("joint, generated", "joint_logit")]
              + factors.flatMap { [("\($0), real", "\($0)_real_logit"), ("\($0), fake", "\($0)_fake_logit")] }),
        ])
      ])
    report.section(
      "Judgement", note: "After every epoch, against the test part.",
      [
        .charts([
          chart(
            "Fréchet distance", "of a classifier's features",
            [("upper", "fid_upper"), ("lower", "fid_lower"), ("mean", "fid")]),
          chart("Dependency", "mean error of the ratios", [("error", "dependency_error")]),
        ])
      ])
    if let samples = try lastSamples() {
      report.section("Samples", note: "Of the last epoch's generator.", [samples])
    }
    report.section("Run", [.configuration(configuration), .facts(record.environment, title: "Environment")])
    try report.write(to: "\(run)/report.html")
  }

  private func lastSamples() throws(FileError) -> ReportBlock? {
    let folder = RunFiles.samples(run)
    guard let name = try Folders.names(in: folder).last(where: { $0.hasSuffix(".png") }) else { return nil }
    return .picture(name: name, png: try WholeFile.bytes("\(folder)/\(name)"))
  }
}
