public import ArgumentParser
public import Experiments
import SwiftDL

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score separated tracks: BSS Eval v4 in windows of one second, as museval does.",
    discussion: """
      References lie in DIR/TRACK/STEM.wav (or DIR/test/TRACK), estimates in DIR/TRACK/STEM.wav (or \
      DIR/MODEL/TRACK, as `swiftdl separate` writes them). With --json a folder, each track's scores are also \
      written in museval's format; with a file name, the summary is.
      """)
  @Option(help: "The folder of true stems.")
  var references: String
  @Option(help: "The folder of separated stems; without it, only baselines are scored.")
  var estimates: String?
  @Option(parsing: .upToNextOption, help: "Also score these: mixture (doing nothing), irm (ideal ratio mask).")
  var baselines: [SeparationEvaluation.Baseline] = []
  @Option(help: "Where to write JSON: FOLDER (museval files per track) or FILE.json (summary).")
  var json: String?
  @Option(help: "A CSV file for the summary.")
  var csv: String?
  @Flag(help: "Print only the medians of SDR, by energies and by BSS Eval.")
  var brief = false
  @Flag(name: .shortAndLong, help: "Do not tell each track's scores.")
  var quiet = false

  func validate() throws {
    if estimates == nil && baselines.isEmpty {
      throw ValidationError("nothing to score: give --estimates, --baselines, or both.")
    }
  }

  func run() throws {
    let evaluation = SeparationEvaluation(
      references: references, estimates: estimates, baselines: baselines)
    let folder = json.flatMap { $0.hasSuffix(".json") ? nil : $0 }
    var folders: [String: FreshFolder] = [:]
    let methods: [SeparationEvaluation.Method]
    do {
      methods = try evaluation.run(
        warn: { note($0) },
        finished: { method, scores throws(FileError) in
          if !quiet { note("\(method): \(scores.track) scored") }
          if let folder {
            let place = "\(folder)/\(method)"
            if folders[method] == nil { folders[method] = FreshFolder(place) }
            try Folders.create(place)
            try AtomicFile.write(scores.musevalJSON, to: "\(place)/\(scores.track).json")
          }
        })
    } catch {
      for folder in folders.values { folder.discard() }
      throw error
    }
    let summary = ScoreSummary(methods.map { ($0.name, $0.tracks) })
    print(
      brief
        ? [ScoreSummary.energyMetric, "SDR"].map(summary.brief).joined(separator: "\n\n") : summary.text)
    if let csv { try AtomicFile.write(summary.csv, to: csv) }
    if let json, folder == nil { try AtomicFile.write(summary.json, to: json) }
  }
}

extension SeparationEvaluation.Baseline: ExpressibleByArgument {}
