public import ArgumentParser
public import Experiments
import SwiftDL
public import SwiftDLAudio

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score separated tracks: BSS Eval v4 in windows of one second, as museval does.",
    discussion: """
      References lie in DIR/TRACK/STEM.wav (or DIR/test/TRACK), estimates in DIR/TRACK/STEM.wav (or \
      DIR/MODEL/TRACK, as `swiftdl separate` writes them). With --json a folder, each track's scores are also \
      written in museval's format, and museval's add_eval_dir("FOLDER/METHOD") reads them; with a file name, the \
      summary is. Beside BSS Eval there are the plain ratio of energies, SI-SDR and the Music Demixing \
      Challenge's nSDR, what both gain over the mixture (SI-SDRi, nSDRi), the mean absolute error in dB of full \
      scale (L1), and where a stem rests the energy that was predicted there (PES).
      """)
  @Option(help: "The folder of true stems.")
  var references: String
  @Option(help: "The folder of separated stems; without it, only baselines are scored.")
  var estimates: String?
  @Option(
    parsing: .upToNextOption,
    help: "Also score these: mixture (doing nothing), irm and ibm (ideal ratio and binary mask).")
  var baselines: [SeparationEvaluation.Baseline] = []
  @Option(help: "Seconds of a window; inf for the whole track.")
  var win = 1.0
  @Option(help: "Seconds from one window to the next.")
  var hop = 1.0
  @Option(
    name: [.customShort("m"), .long],
    help: """
      v4; v3 (filters anew for each window; with --win inf mir_eval's bss_eval_images); or sources (v3 that \
      forgives filtering; with --win inf mir_eval's bss_eval_sources).
      """)
  var mode = BSSEval.Mode.v4
  @Option(help: "Where to write JSON: FOLDER (museval files per track) or FILE.json (summary).")
  var json: String?
  @Option(help: "A CSV file for the summary.")
  var csv: String?
  @Option(help: "A table of the summary for a page, FILE.md, or a paper, FILE.tex.")
  var table: String?
  @Flag(help: "Also tell which method is better on the same tracks, and by Wilcoxon's signed-rank test whether by chance.")
  var compare = false
  @Option(help: "An HTML file for box plots of all scores.")
  var report: String?
  @Flag(help: "Print only the medians of SDR, by energies and by BSS Eval.")
  var brief = false
  @Flag(help: "Print the table that museval prints.")
  var museval = false
  @Flag(name: .shortAndLong, help: "Do not tell each track's scores.")
  var quiet = false

  func validate() throws {
    if estimates == nil && baselines.isEmpty {
      throw ValidationError("nothing to score: give --estimates, --baselines, or both.")
    }
    for (name, seconds) in [("--win", win), ("--hop", hop)] where !(seconds > 0) {
      throw ValidationError("\(name) \(seconds): it must be a positive number of seconds.")
    }
    if let table, ![".md", ".tex"].contains(where: table.hasSuffix) {
      throw ValidationError("--table \(table): FILE.md or FILE.tex is needed.")
    }
    if brief && museval { throw ValidationError("--brief and --museval are two tables: give one.") }
  }

  func run() throws {
    var evaluation = SeparationEvaluation(
      references: references, estimates: estimates, baselines: baselines)
    evaluation.window = win
    evaluation.hop = hop
    evaluation.mode = mode
    let folder = json.flatMap { $0.hasSuffix(".json") ? nil : $0 }
    var folders: [String: FreshFolder] = [:]
    let methods: [SeparationEvaluation.Method]
    do {
      methods = try evaluation.run(
        warn: { note($0) },
        finished: { method, scores throws(FileError) in
          if !quiet { note("\(method): \(scores.track) scored") }
          if let folder {
            if folders[method] == nil { folders[method] = FreshFolder("\(folder)/\(method)/test") }
            try scores.write(to: folder, method: method)
          }
        })
    } catch {
      for folder in folders.values { folder.discard() }
      throw error
    }
    let summary = ScoreSummary(methods.map { ($0.name, $0.tracks) })
    if museval {
      for method in methods { print("\(method.name)\n\(method.musevalTable)") }
    } else if brief {
      print([ScoreSummary.energyMetric, "SDR"].map(summary.brief).joined(separator: "\n\n"))
    } else {
      print(summary.text)
    }
    if compare { print("\n\(ScoreComparison.explanation)\n\(ScoreComparison(methods).text)") }
    if let table { try AtomicFile.write(table.hasSuffix(".md") ? summary.markdown : summary.latex, to: table) }
    if let csv { try AtomicFile.write(summary.csv, to: csv) }
    if let json, folder == nil { try AtomicFile.write(summary.json, to: json) }
    if let report { try EvaluationReport(methods, note: how).page.write(to: report) }
  }

  /// How the scores were made.
  private var how: String {
    let windows = win.isFinite ? "windows of \(win) s every \(hop) s" : "whole tracks"
    return "BSS Eval, mode \(mode.rawValue), over \(windows)."
  }
}

extension SeparationEvaluation.Baseline: ExpressibleByArgument {}
extension BSSEval.Mode: ExpressibleByArgument {}
