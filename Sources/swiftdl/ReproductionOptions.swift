import ArgumentParser
import Experiments
import SwiftDL

/// Options every reproduction has: which settings, and where the figures go.
struct ReproductionOptions: ParsableArguments {
  @Option(name: .customLong("set"), help: "A setting of every run that wins over the experiment's own, as key=value.")
  var settings: [String] = []
  @Option(help: "Also write the figures into this JSON file.")
  var json: String?
  @Option(help: "Also write the tables into this Markdown file.")
  var markdown: String?
  @Flag(help: "Train nothing, show what there is.")
  var table = false
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  /// Trains what is missing, unless only the table is wanted. Returns false when interrupted.
  func train(_ body: (ProgressMeter.Style, (String) -> Void) throws -> Bool) rethrows -> Bool {
    try table || compute.run { try body(progressOptions.style) { note($0) } }
  }

  /// The end of a command: that work is left is said, and is an exit status.
  func end(isComplete: Bool) throws {
    if isComplete { return }
    note("stopped; the same command goes on")
    throw ExitCode(130)
  }

  /// What is said where there is nothing to show.
  func nothing(in runs: String, _ missing: String) -> FileError {
    FileError(runs, "has no \(missing) yet", hint: "leave --table out to begin")
  }
}
