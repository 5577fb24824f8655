import ArgumentParser
import Experiments
import SwiftDL

struct ReproduceDetectSeparate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect-separate",
    abstract: "Train detection and separation jointly and apart, and set the figures beside the thesis'.",
    discussion: """
      Finished runs are not repeated, interrupted ones go on. Both sets need parts for validation and for the test.

        swiftdl data prepare voice -o voice
        swiftdl data prepare voice --seed 1 --minutes 24 -o active
        swiftdl reproduce detect-separate --separation voice --detection active --set maximumSteps=300
        swiftdl reproduce detect-separate --separation voice --detection active --table
      """)

  @Option(help: "Songs with their stems.")
  var separation: String
  @Option(help: "Recordings with labels beside them.")
  var detection: String
  @Option(parsing: .upToNextOption, help: "Seeds of runs. (default: 1 2 3)")
  var seeds: [Int] = []
  @Option(help: "The folder of the runs.")
  var runs = "runs/detect-separate"
  @Option(name: .customLong("set"), help: "A setting of every run that wins over the default, as key=value.")
  var settings: [String] = []
  @Option(help: "Also write the figures into this JSON file.")
  var json: String?
  @Option(help: "Also write the table into this Markdown file.")
  var markdown: String?
  @Flag(help: "Train nothing, show what there is.")
  var table = false
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if let wrong = seeds.first(where: { $0 < 0 }) { throw ValidationError("--seeds \(wrong): 0 or more is possible.") }
  }

  func run() throws {
    var reproduction = JointReproduction(
      separation: separation, detection: detection, runs: runs, programVersion: programVersion)
    if !seeds.isEmpty { reproduction.seeds = seeds }
    reproduction.overrides = settings
    let results = try compute.run {
      let isComplete = try table || reproduction.train(style: progressOptions.style) { note($0) }
      return (isComplete, try reproduction.table { note($0) })
    }
    if results.1.rows.isEmpty { throw FileError(runs, "has no finished runs yet", hint: "leave --table out to begin") }
    print(results.1.text)
    if let json { try results.1.write(to: json) }
    if let markdown { try AtomicFile.write(results.1.markdown, to: markdown) }
    if !results.0 {
      note("stopped; the same command goes on")
      throw ExitCode(130)
    }
  }
}
