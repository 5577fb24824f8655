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
    if let peak = record.summary?["peak_tensor_bytes"]?.number {
      report.highlight("peak of tensors", "\(Int(peak / 1e6)) MB")
    }
    let charts = configuration.task.judgement
    for chart in charts {
      for figure in chart.figures {
        if let value = record.series(figure.key).last?.value { report.highlight(figure.name, value.text(decimals: 3)) }
      }
    }
    for (name, value) in record.summary?.entries ?? [] where name.hasSuffix("_sdr_median") {
      if let value = value.number {
        report.highlight("\(name.replacing("_sdr_median", with: "")), median SDR", "\(value.text(decimals: 2)) dB")
      }
    }
    let factors = configuration.task.factors(configuration.factorisation).map(\.name)
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
      "Judgement", note: "After every epoch, or when training was over, against the test part.",
      [.charts(charts.map { chart($0.title, $0.vertical, $0.figures) })])
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

extension FactorGANTask {
  /// What the discriminators of every task tell apart.
  func factors(_ factorisation: DensityFactorisation) -> [DensityFactor] {
    factorisation.factors(of: SampleParts(sizes: [1, 1]), given: self == .segmentation ? [0] : [])
  }

  /// The figures a generator is judged by, as charts.
  var judgement: [(title: String, vertical: String, figures: [(name: String, key: String)])] {
    switch self {
    case .pairedDigits:
      [
        (
          "Fréchet distance", "of a classifier's features",
          [("Fréchet distance", "fid"), ("upper", "fid_upper"), ("lower", "fid_lower")]
        ),
        ("Dependency", "mean error of the ratios", [("dependency error", "dependency_error")]),
      ]
    case .imagePairs: [("Passing for real", "loss of a classifier, at most 0.5", [("LS", "ls")])]
    case .segmentation:
      [
        (
          "Right pixels", "share",
          [("pixel accuracy", "pixel_accuracy"), ("mean IoU", "mean_iou"), ("mean Dice", "mean_dice")]
        ),
        ("Colours", "mean squared error", [("MSE", "mse")]),
      ]
    case .audioSeparation: [("Spectrograms", "mean squared error of logarithms", [("error", "spectrogram_mse")])]
    }
  }
}
