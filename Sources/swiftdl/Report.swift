import ArgumentParser
import Experiments

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a run's report: learning curves, scores, spectrograms and players in one HTML file.")
  @Argument(help: "The run's folder.")
  var folder: String
  @Option(help: "True stems of held-out tracks, as for `swiftdl evaluate`.")
  var references: String?
  @Option(help: "Separated stems of these tracks.")
  var estimates: String?

  func validate() throws {
    if estimates != nil && references == nil { throw ValidationError("--estimates needs --references.") }
  }

  func run() throws {
    try SeparationReport(run: folder, references: references, estimates: estimates)
      .write { note($0) }
    print("\(folder)/report.html")
  }
}
