import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// The page of a separation run: learning curves, and when there are separated tracks, their scores between
/// baseline and oracle, spectrograms and players.
struct SeparationReport: RunReport {
  let run: String
  /// A folder of true stems and one of separated ones, as for `SeparationEvaluation`.
  var references: String?
  var estimates: String?
  /// Seconds of each track to see and hear.
  private let excerptSeconds = 12.0

  init(run: String) { self.init(run: run, references: nil, estimates: nil) }

  init(run: String, references: String?, estimates: String?) {
    self.run = run
    self.references = references
    self.estimates = estimates
  }

  private static func kind(_ record: RunRecord) -> (any SeparationNetwork.Type)? {
    guard record.setting("task") == nil, let preset = record.setting("preset") else { return nil }
    return (try? ModelFile.kind(ofPreset: preset)) as? any SeparationNetwork.Type
  }

  static func knows(_ record: RunRecord) -> Bool { kind(record) != nil }

  func write() throws { try write(progress: { _ in }) }

  func write(progress: (String) -> Void) throws {
    let record = try RunRecord(run)
    guard let kind = Self.kind(record), let preset = record.setting("preset") else {
      throw FileError(run, "is no run of a separation")
    }
    func write<N: SeparationNetwork>(_ kind: N.Type) throws {
      try self.write(
        record,
        try ConfigurationLoader.load(
          SeparationConfiguration<N>.self, base: SeparationConfiguration(preset: preset),
          file: RunFiles.configuration(run)), progress)
    }
    try write(kind)
  }

  private func write<N>(
    _ record: RunRecord, _ configuration: SeparationConfiguration<N>, _ progress: (String) -> Void
  ) throws {
    let sources = configuration.model.sources
    var report = HTMLReport(
      title: "Separating \(sources.joined(separator: " and "))", subtitle: "\(N.architecture), \(configuration.preset)")
    let steps = record.series("train_loss").last?.step ?? record.series("loss").last?.step ?? 0
    report.highlight("steps", "\(steps)")
    if let best = record.series("valid_loss").map(\.value).filter(\.isFinite).min() {
      report.highlight("best validation loss", best.text(decimals: 5))
    }
    if let references {
      try addScores(to: &report, references, progress)
    }
    report.section("Learning", note: "Loss (\(configuration.loss.rawValue)) per step.", [.charts([curves(record)])])
    if let references, let estimates {
      report.section(
        "Listening", note: "The loudest \(Int(excerptSeconds)) seconds of each held-out track.",
        [.listening(try examples(references, estimates, sources))])
    }
    report.section("Run", [.configuration(configuration), .facts(record.environment, title: "Environment")])
    try report.write(to: "\(run)/report.html")
  }

  private func curves(_ record: RunRecord) -> LineChart {
    LineChart(
      title: "Loss", horizontal: "step", vertical: "loss", verticalScale: .logarithmic,
      series: [
        ChartSeries("single steps", record.series("loss"), dashed: true),
        ChartSeries("training", record.series("train_loss")),
        ChartSeries("validation", record.series("valid_loss"), marking: .lowest),
      ].filter { !$0.points.isEmpty })
  }

  // MARK: - Scores

  private func addScores(
    to report: inout HTMLReport, _ references: String, _ progress: (String) -> Void
  ) throws {
    let methods = try SeparationEvaluation(
      references: references, estimates: estimates, baselines: [.mixture, .irm]
    ).run(finished: { method, scores throws(FileError) in progress("\(method): \(scores.track)") })
    let summary = ScoreSummary(methods.map { ($0.name, $0.tracks) })
    func value(_ method: String, _ target: String, _ metric: String) -> Double? {
      summary.rows.first { $0.method == method && $0.target == target && $0.metric == metric }?.pooled.median
    }
    let targets = methods.first?.tracks.first?.targets.map(\.name) ?? []
    let system = methods.first?.name ?? "estimates"
    let tables = [(ScoreSummary.energyMetric, "plain ratio of energies"), ("SDR", "BSS Eval v4"), ("SIR", "BSS Eval v4")]
      .map { metric, kind in
        ScoreTable(
          caption: "Median over windows of 1 s", measure: "\(metric) in dB (\(kind))", subject: "source",
          system: "this model", oracle: "ideal mask",
          rows: targets.map { target in
            .init(
              target, baseline: value("mixture", target, metric), score: value(system, target, metric),
              oracle: value("irm", target, metric))
          })
      }
    let boxes = ["SDR", "SIR"].map {
      ScoreBoxes.chart($0, of: methods, names: [system: "this model", "irm": "ideal mask"])
    }
    for target in targets {
      if let score = value(system, target, ScoreSummary.energyMetric) {
        report.highlight("SDR \(target)", "\(score.text(decimals: 2)) dB")
      }
    }
    report.section(
      "Scores",
      note: "“Mixture” is the score of doing nothing, “ideal mask” that of a mask made from the true stems.",
      tables.map { .scores($0) } + [.charts(boxes)])
  }

  // MARK: - Listening

  private func examples(
    _ references: String, _ estimates: String, _ sources: [String]
  ) throws -> [ListeningExample] {
    let estimateFolders = Dictionary(
      try EvaluationFolders.tracks(in: estimates, preferred: "test").map { ($0.name, $0.folder) },
      uniquingKeysWith: { first, _ in first })
    var examples: [ListeningExample] = []
    for (name, folder) in try EvaluationFolders.tracks(in: references, preferred: "test") {
      guard let estimateFolder = estimateFolders[name] else { continue }
      let truths = try TrackFolder.audioFiles(in: folder)
      let results = try TrackFolder.audioFiles(in: estimateFolder)
      let stems = sources.filter { truths[$0] != nil && results[$0] != nil }
      guard let first = stems.first, let firstPath = truths[first] else { continue }
      let start = try loudestStart(firstPath)
      func panel(_ title: String, _ path: String) throws -> ListeningExample.Panel {
        let rate = try AudioFile.info(path).sampleRate
        let excerpt = try AudioFile.read(
          path, start: Int(start * Double(rate)), frames: Int(excerptSeconds * Double(rate)))
        return .init(
          title, clip: AudioClip(samples: excerpt.samples, channels: excerpt.channels, rate: rate),
          spectrogram: SpectrogramPicture(samples: excerpt.mono().samples, rate: Double(rate)))
      }
      var rows: [ListeningExample.Row] = []
      if let mixture = truths["mixture"] { rows.append(.init("mixture", [try panel("the input", mixture)])) }
      for stem in stems {
        guard let truth = truths[stem], let result = results[stem] else { continue }
        rows.append(.init(stem, [try panel("separated", result), try panel("true", truth)]))
      }
      examples.append(ListeningExample(name, note: "from \(Int(start)) s", rows: rows))
    }
    return examples
  }

  /// The second at which a stem's loudest excerpt begins, found block by block.
  private func loudestStart(_ path: String) throws -> Double {
    let reader = try AudioReader(path)
    var energies: [Double] = []
    while true {
      let second = try reader.read(maxFrames: reader.info.sampleRate)
      if second.isEmpty { break }
      energies.append(second.samples.reduce(0) { $0 + Double($1) * Double($1) })
    }
    let length = min(energies.count, Int(excerptSeconds))
    var best = (start: 0, energy: -1.0)
    for start in 0...max(0, energies.count - length) {
      let energy = energies[start..<min(energies.count, start + length)].reduce(0, +)
      if energy > best.energy { best = (start, energy) }
    }
    return Double(best.start)
  }
}
