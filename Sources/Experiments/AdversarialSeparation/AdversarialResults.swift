public import SwiftDL

/// The results of an `AdversarialReproduction`, as tables.
public struct AdversarialResults: Sendable {
  /// One run that has been judged.
  public struct Run: Sendable {
    public let variant: AdversarialVariant
    public let seed: Int
    let record: RunRecord
    public let scores: WholeTrackScores
  }

  public let runs: [Run]
  /// What the mixture itself scores.
  let mixture: WholeTrackScores?

  /// Songs that means are taken over; nil is all of them.
  private static let domains: [GuitarDomains.Domain?] = [nil, .paired, .unpaired]
  private static func name(_ domain: GuitarDomains.Domain?) -> String { domain?.rawValue ?? "all" }

  private static func mean(
    _ scores: WholeTrackScores, _ metric: String, _ source: String, _ domain: GuitarDomains.Domain?
  ) -> Double? {
    scores.mean(metric, of: source) { domain == nil || GuitarDomains.Domain.of($0) == domain }
  }

  /// The means of all runs of a variant, one for each seed.
  public func means(
    _ variant: AdversarialVariant, _ metric: String, of source: String, on domain: GuitarDomains.Domain?
  ) -> [Double] {
    runs.filter { $0.variant == variant }.compactMap { Self.mean($0.scores, metric, source, domain) }
  }

  /// One metric of one source over some songs.
  private struct Row {
    let metric: String
    let source: String
    let domain: GuitarDomains.Domain?
    let mixture: Double?
    let ours: [[Double]]
    /// Of all songs, and of the domain of the songs with stems.
    let paper: [Double]?

    static let heads =
      ["metric", "source", "songs", "mixture"] + AdversarialVariant.allCases.map(\.rawValue)
      + AdversarialVariant.allCases.map { "paper's \($0.rawValue)" }

    var cells: [String] {
      let means = ours.map { values in
        let spread = ScoreStatistics(values)
        if values.isEmpty { return "–" }
        return Figures.fixed(spread.mean, decimals: 2)
          + (values.count > 1 ? " ± \(Figures.fixed(spread.standardDeviation, decimals: 2))" : "")
      }
      let paper = AdversarialVariant.allCases.indices.map { index in
        Figures.fixed(self.paper.map { $0[index] }, decimals: 2)
      }
      return [metric, source, AdversarialResults.name(domain), Figures.fixed(mixture, decimals: 2)] + means + paper
    }
  }

  private var rows: [Row] {
    WholeTrackScores.Score.names.flatMap { metric in
      GuitarDomains.sources.flatMap { source in
        Self.domains.map { domain in
          let published = AdversarialPaper.rows.first { $0.metric == metric && $0.isLead == (source == "guitar") }
          return Row(
            metric: metric, source: source, domain: domain,
            mixture: mixture.flatMap { Self.mean($0, metric, source, domain) },
            ours: AdversarialVariant.allCases.map { means($0, metric, of: source, on: domain) },
            paper: domain == .unpaired ? nil : published?.figures[domain == nil ? 0 : 1])
        }
      }
    }
  }

  /// The table as text in columns.
  public var text: String { TextTable(heads: Row.heads, rows: rows.map(\.cells), names: 3).text }

  // MARK: - Pages

  private var updates: String {
    let steps = Set(runs.compactMap { $0.record.summary?["step"]?.integer }).sorted()
    return steps.map(String.init).joined(separator: ", ")
  }

  private static let runHeads = [
    "variant", "seed", "updates", "best validation loss", "SDR guitar", "SDR rest", "minutes", "peak of tensors (MB)",
  ]
  private var runCells: [[String]] {
    runs.map { run in
      func number(_ name: String) -> Double? { run.record.summary?[name]?.number }
      func sdr(_ source: String) -> String { Figures.fixed(Self.mean(run.scores, "SDR", source, nil), decimals: 2) }
      return [
        run.variant.rawValue, "\(run.seed)", "\(run.record.summary?["step"]?.integer ?? 0)",
        Figures.fixed(number("best_valid_loss"), decimals: 4), sdr("guitar"), sdr("rest"),
        Figures.fixed(number("train_seconds").map { $0 / 60 }, decimals: 1),
        Figures.fixed(number("peak_tensor_bytes").map { $0 / 1e6 }, decimals: 0),
      ]
    }
  }

  /// The tables as a Markdown page.
  public var markdown: String {
    let paper = AdversarialPaper.rows.map { row in
      [row.metric, row.isLead ? "voice" : "instruments"]
        + row.figures.map { $0.map { Figures.fixed($0, decimals: 2) }.joined(separator: " / ") }
    }
    return """
      # Adversarial semi-supervised separation of guitars

      Songs of `swiftdl data prepare guitar`: a few recorded ones known with their stems, and mixtures, guitars and rests of
      rendered songs that have nothing to do with each other. `base` hears the recorded songs alone, `v` has a critic of the
      guitar, `va` one of each source. `swiftdl reproduce adversarial-separation` repeats it: a small form of the paper's
      experiment (Stoller, Ewert, Dixon, "Adversarial semi-supervised audio source separation applied to singing voice
      extraction", ICASSP 2018), with its losses and weights, a smaller network, and \(updates) updates of the separator.

      Figures in dB are means over test songs of whole tracks (`bss_eval_sources`), then over seeds, ± the standard deviation
      between seeds. “paired” are test songs recorded as those with stems are, “unpaired” ones rendered as those of the
      pools are; “mixture” is what doing nothing scores. Beside them the paper's for voice and instruments, of all songs and
      of DSD100, where its songs with stems are from: other music, other sources, far longer training.

      """ + "\n" + TextTable(heads: Row.heads, rows: rows.map(\.cells)).markdown + """

        ## Runs

        Minutes are those of updates, beside other work.


        """ + TextTable(heads: Self.runHeads, rows: runCells).markdown + """

          ## The paper's table

          base / V / VA; the songs with stems are DSD100's, the pools are of the other three.


          """ + TextTable(heads: ["metric", "source"] + AdversarialPaper.sets, rows: paper).markdown
  }

  /// Writes the figures as JSON, replacing the file.
  public func write(to path: String) throws(FileError) {
    let results: [JSONObject] = runs.map { run in
      var object: JSONObject = ["variant": run.variant.rawValue, "seed": run.seed]
      for name in ["step", "best_valid_loss", "train_seconds", "peak_tensor_bytes", "parameters", "critic_parameters"] {
        object[name] = run.record.summary?[name]
      }
      for metric in WholeTrackScores.Score.names {
        for source in GuitarDomains.sources {
          for domain in Self.domains {
            let mean = Self.mean(run.scores, metric, source, domain)
            object["\(metric.lowercased())_\(source)_\(Self.name(domain))"] = mean.json
          }
        }
      }
      object["tracks"] = run.scores.json
      return object.merging(run.record.travellingFacts)
    }
    var object: JSONObject = ["paper": "Adversarial semi-supervised separation, ICASSP 2018", "results": results]
    object["mixture"] = mixture?.json
    try AtomicFile.write(object.json.written(indentation: 2) + "\n", to: path)
  }

  /// Writes the page: the table, the runs and their validation losses.
  public func writePage(to path: String) throws(FileError) {
    func table(_ heads: [String], _ rows: [[String]]) -> ReportBlock {
      .table(ReportTable(columns: heads, rows: rows.map { $0.map { .text($0) } }))
    }
    var report = HTMLReport(
      title: "Adversarial semi-supervised separation of guitars",
      subtitle: "few recorded songs with stems, pools of rendered ones, beside the paper's figures")
    let scores = table(Row.heads, rows.map(\.cells))
    report.section("Scores", note: "Means in dB over whole test songs, ± between seeds.", [scores])
    let losses = runs.map { run in
      ChartSeries(
        "\(run.variant.rawValue), seed \(run.seed)", run.record.series("valid_loss"),
        dashed: run.variant == .base)
    }
    let chart = LineChart(
      title: "Validation", horizontal: "update", vertical: "squared error of log magnitudes", series: losses)
    report.section("Runs", [.charts([chart]), table(Self.runHeads, runCells)])
    try report.write(to: path)
  }
}
