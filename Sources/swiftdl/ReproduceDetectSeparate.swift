import ArgumentParser
import Experiments
import SwiftDL

struct ReproduceDetectSeparate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect-separate",
    abstract: "Train detection and separation jointly and apart, and set the figures beside the thesis'.",
    discussion: """
      Finished runs are not repeated, interrupted ones go on. Both sets need parts for validation and for the test.

        swiftdl data prepare voice --minutes 40 -o voice
        swiftdl data prepare voice --seed 1 --minutes 16 -o active
        swiftdl reproduce detect-separate --separation voice --detection active -c presets/detect-voice.yaml
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
  @Option(name: .shortAndLong, help: "A YAML file with settings of every new run.")
  var config: String?
  @OptionGroup var options: ReproductionOptions

  func validate() throws {
    if let wrong = seeds.first(where: { $0 < 0 }) { throw ValidationError("--seeds \(wrong): 0 or more is possible.") }
  }

  func run() throws {
    var reproduction = JointReproduction(
      separation: separation, detection: detection, runs: runs, programVersion: programVersion)
    if !seeds.isEmpty { reproduction.seeds = seeds }
    reproduction.configurationFile = config
    reproduction.overrides = options.settings
    let isComplete = try options.train { try reproduction.train(style: $0, note: $1) }
    let results = try options.compute.run { try reproduction.table { note($0) } }
    if results.rows.isEmpty { throw options.nothing(in: runs, "finished runs") }
    print(results.text)
    if let json = options.json { try results.write(to: json) }
    if let markdown = options.markdown { try AtomicFile.write(results.markdown, to: markdown) }
    try options.end(isComplete: isComplete)
  }
}
