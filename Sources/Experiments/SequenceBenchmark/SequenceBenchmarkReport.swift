import Foundation
import SwiftDL
import SwiftDLModels

/// The suite's page: the paper's claim and what holds here, the paper's table beside ours, cost over context, and
/// every figure.
struct SequenceBenchmarkReport {
  private let summary: SequenceBenchmarkSummary

  init(_ summary: SequenceBenchmarkSummary) { self.summary = summary }

  /// Writes `report.html` and, where it was measured, the picture of cost over context.
  ///
  /// - Returns: the paths.
  func write(to folder: String) throws(FileError) -> [String] {
    var paths = ["\(folder)/report.html"]
    try page.write(to: paths[0])
    if let chart = contextCharts.first {
      paths.append("\(folder)/cost-versus-context.svg")
      try AtomicFile.write(chart.svg(standalone: true), to: paths[1])
    }
    return paths
  }

  private var page: HTMLReport {
    let context = summary.file.context
    let machine = [context["processor"], context["date"]].compactMap { $0?.string }.joined(separator: ", ")
    var report = HTMLReport(title: "The speed of Seq-U-Net, TCN and WaveNet", subtitle: machine)
    highlights(&report)
    let verdict = summary.noise.map { [$0.sentence] } ?? []
    report.section("What holds here", (summary.claim + verdict).map { .text($0) })
    if !contextCharts.isEmpty {
      report.section(
        "Cost over context",
        note: """
          Networks of one million parameters; time per output sample, of windows with 8192 outputs. Seq-U-Net works at \
          many rates, so a doubled context costs it one more rate, the lowest. A TCN and a WaveNet add a layer at the \
          full rate, and all of their layers run over the context too.
          """,
        [.charts(contextCharts)])
    }
    if let table = paperTable {
      report.section(
        "The paper's table beside ours",
        note: """
          Training steps. Paper: GTX 1080, PyTorch 1.2, windows and batches as here except raw audio, whose step had \
          2 windows. Memory: bytes of tensors at most. “Faster”: how many times as long the rival takes per output.
          """,
        [.table(table)])
    }
    let bars = barCharts
    if !bars.isEmpty { report.section("Side by side", [.charts(bars)]) }
    let sweeps = sweepCharts
    if !sweeps.isEmpty {
      report.section(
        "Length, batch and threads", note: "Training steps of networks of one million parameters.", [.charts(sweeps)])
    }
    report.section(
      "Every figure",
      note: """
        Medians and quartiles over repetitions in turn. Multiply–adds are counted from shapes, three times as many \
        in a training step as in a forward pass. PyTorch's memory is what its process grew by.
        """,
      tables.map { .table($0) })
    report.section("Run", [.facts(context, title: "Environment")])
    return report
  }

  private func highlights(_ report: inout HTMLReport) {
    for (name, rival, measurement) in [
      ("training, raw audio, over WaveNet as published", "wavenet-audio", SequenceMeasurement.training),
      ("training, over WaveNet cropped first", "wavenet-audio-cropped", .training),
      ("forward pass, over WaveNet as published", "wavenet-audio", .inference),
      ("forward pass, over WaveNet cropped first", "wavenet-audio-cropped", .inference),
      ("generation with caches, over WaveNet", "wavenet-audio", .cachedGeneration),
    ] {
      guard let found = summary.speedup(of: "seq-u-net-audio", over: rival, measurement) else { continue }
      report.highlight(name, "\(Figures.fixed(found.ratio, decimals: 2))×")
    }
    if let noise = summary.noise { report.highlight("machine", noise.level.rawValue) }
  }

  // MARK: Charts

  private var contextCharts: [LineChart] {
    [SequenceMeasurement.inference, .training].compactMap { measurement in
      let series = curves(.contextSweep, measurement) { 1e6 / Double($0.outputs) }
      return series.isEmpty
        ? nil
        : LineChart(
          title: "Cost over context: \(SequenceBenchmarkSummary.title(measurement))",
          horizontal: "receptive field (samples)", vertical: "µs per output sample", horizontalScale: .logarithmic,
          verticalScale: .logarithmic, series: series)
    }
  }

  private var sweepCharts: [LineChart] {
    let sweeps: [(BenchmarkSubject.Division, String, String, String, (BenchmarkSubject) -> Double)] = [
      (.lengthSweep, "Length", "output samples", "µs per output sample", { 1e6 / Double($0.outputs) }),
      (.batchSweep, "Batch", "windows", "µs per output sample", { 1e6 / Double($0.outputs) }),
      (.threadsSweep, "Threads", "threads", "ms", { _ in 1e3 }),
    ]
    return sweeps.compactMap { division, title, horizontal, vertical, scale in
      let series = curves(division, .training, scale)
      return series.contains { $0.points.count > 1 }
        ? LineChart(
          title: title, horizontal: horizontal, vertical: vertical,
          horizontalScale: division == .threadsSweep ? .linear : .logarithmic, verticalScale: .logarithmic,
          series: series)
        : nil
    }
  }

  private func curves(
    _ division: BenchmarkSubject.Division, _ measurement: SequenceMeasurement,
    _ scale: (BenchmarkSubject) -> Double
  ) -> [ChartSeries] {
    BenchmarkSubject.System.allCases.flatMap { system in
      MatchedModels.Kind.allCases.enumerated().compactMap { place, kind in
        let points = summary.series(division, kind.rawValue, measurement, system).compactMap { subject, result in
          subject.sweptValue.map { (x: Double($0), y: result.median * scale(subject)) }
        }
        let suffix = system == .ours ? "" : ", \(SequenceBenchmarkSummary.name(of: system))"
        return points.isEmpty ? nil : ChartSeries(kind.rawValue + suffix, points, dashed: system != .ours, colour: place)
      }
    }
  }

  /// Bars of each group as published or matched, and of each precision: time per output, us and the peer.
  private var barCharts: [any Chart] {
    groups.filter { !$0.subject.division.isSweep || $0.subject.division == .precisionSweep }.map { group in
      let systems = BenchmarkSubject.System.allCases.filter { system in
        group.results.contains { $0.0.system == system }
      }
      let names = group.results.map { SequenceBenchmarkSummary.network($0.0) }.reduce(into: [String]()) {
        if !$0.contains($1) { $0.append($1) }
      }
      let unit = group.results.map { $1.median / Double($0.outputs) }.max() ?? 1
      let (scale, word) = unit < 1e-3 ? (1e6, "µs") : (1e3, "ms")
      return ScoreChart(
        title: group.title, measure: "\(word) per output, median", names: names,
        systems: systems.map { system in
          ScoreChart.System(
            SequenceBenchmarkSummary.name(of: system),
            distributions: names.map { name in
              group.results.filter { SequenceBenchmarkSummary.network($0.0) == name && $0.0.system == system }
                .map { $1.median / Double($0.outputs) * scale }
            })
        })
    }
  }

  // MARK: Tables

  private var paperTable: ReportTable? {
    typealias Cell = ReportTable.Cell
    func peer(_ row: PublishedTable.Row) -> BenchmarkResult? {
      summary.result(.asPublished, row.model, .training, .eager)
    }
    let hasPeer = PublishedTable.rows.contains { peer($0) != nil }
    let rows = PublishedTable.rows.compactMap { row -> [Cell]? in
      guard let result = summary.result(.asPublished, row.model, .training), let subject = result.subject
      else { return nil }
      let times: [Cell] = [
        .number(row.secondsPerStep * 1e3, decimals: 1), .number(result.median * 1e3, decimals: 1),
      ]
      return [.text("\(row.task), \(row.model)"), .text("\(subject.batch)")] + times
        + (hasPeer ? [.number(peer(row).map { $0.median * 1e3 }, decimals: 1)] : [])
        + [
          .text(ratioText(PublishedTable.speedup(row.task), row)), .text(ratioText(ourSpeedup(row), row)),
          .number(row.megabytes, decimals: 1), .number(result.peakMemory.map { Double($0) / 0x1p20 }, decimals: 1),
        ]
    }
    let columns =
      ["task, model", "batch", "ms, paper", "ms, here"] + (hasPeer ? ["ms, PyTorch here"] : [])
      + ["faster, paper", "faster, here", "MB, paper", "MB, here"]
    return rows.isEmpty ? nil : ReportTable(columns: columns, rows: rows)
  }

  private func ratioText(_ ratio: Double?, _ row: PublishedTable.Row) -> String {
    row.model.hasPrefix("seq-u-net") ? ratio.map { "\(Figures.fixed($0, decimals: 2))×" } ?? "–" : ""
  }

  private func ourSpeedup(_ row: PublishedTable.Row) -> Double? {
    let rival = PublishedTable.rows.first { $0.task == row.task && $0.model != row.model }
    return rival.flatMap { summary.speedup(of: row.model, over: $0.model, .training)?.ratio }
  }

  private struct Group {
    let title: String
    let subject: BenchmarkSubject
    var results: [(BenchmarkSubject, BenchmarkResult)]
  }

  /// Results that were measured in turn with each other.
  private var groups: [Group] {
    var groups: [Group] = []
    for result in summary.file.results {
      guard let subject = result.subject else { continue }
      let batch = subject.batch > 1 ? ", batch \(subject.batch)" : ""
      let threads = subject.division == .threadsSweep ? ", \(subject.threads) threads" : ""
      let measurement = SequenceBenchmarkSummary.title(subject.measurement)
      let title = "\(subject.division.rawValue), \(subject.task): \(measurement)\(batch)\(threads)"
      if groups.last?.title != title { groups.append(Group(title: title, subject: subject, results: [])) }
      groups[groups.count - 1].results.append((subject, result))
    }
    return groups
  }

  private var tables: [ReportTable] {
    groups.map { group in
      ReportTable(
        caption: group.title,
        columns: [
          "network", "context", "outputs", "parameters", "GMAC", "median ms", "quartiles", "µs per output", "MB",
          "GMAC/s",
        ],
        rows: group.results.map { subject, result in row(subject, result) })
    }
  }

  private func row(_ subject: BenchmarkSubject, _ result: BenchmarkResult) -> [ReportTable.Cell] {
    let five = FiveNumbers(result.seconds)
    let quartiles = five.map { "\(Figures.short($0.lowerQuartile * 1e3))–\(Figures.short($0.upperQuartile * 1e3))" }
    let work = SequenceBenchmarkSummary.multiplyAdds(subject)
    return [
      .text(SequenceBenchmarkSummary.label(subject)), .number(Double(subject.receptiveField), decimals: 0),
      .number(Double(subject.outputs), decimals: 0), .text(Figures.compact(Double(subject.parameters))),
      .number(work / 1e9, decimals: work < 1e10 ? 2 : 1),
      .number(result.median * 1e3, decimals: result.median < 0.1 ? 2 : 1),
      .text(quartiles ?? "–"), .number(result.median / Double(subject.outputs) * 1e6, decimals: 2),
      .number(result.peakMemory.map { Double($0) / 1e6 }, decimals: 1),
      .number(work / result.median / 1e9, decimals: 1),
    ]
  }
}
