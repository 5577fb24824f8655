import ArgumentParser
import Experiments

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the report of a run of any kind: learning curves, scores of separations, players, in one HTML file.")
  @Argument(help: "The run's folder.")
  var folder: String
  @Option(help: "Of a separation: true stems of held-out tracks, as for `swiftdl evaluate`.")
  var references: String?
  @Option(help: "Separated stems of these tracks.")
  var estimates: String?

  func validate() throws {
    if estimates != nil && references == nil { throw ValidationError("--estimates needs --references.") }
  }

  func run() throws {
    try RunReports.write(run: folder, references: references, estimates: estimates) { note($0) }
    print("\(folder)/report.html")
  }
}
