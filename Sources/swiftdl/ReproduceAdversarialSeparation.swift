public import ArgumentParser
public import Experiments
import SwiftDL

struct ReproduceAdversarialSeparation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adversarial-separation",
    abstract: "Train base, V and VA on few songs with stems and unpaired pools, and set their scores beside the paper's.",
    discussion: """
      Finished runs are not repeated, interrupted ones go on. The songs are those of `swiftdl data prepare guitar`: recorded \
      ones with stems, rendered ones as pools.

        swiftdl data prepare guitar -o guitar
        swiftdl reproduce adversarial-separation --data guitar                     about an hour
        swiftdl reproduce adversarial-separation --data guitar --set maximumUpdates=4000
        swiftdl reproduce adversarial-separation --table --runs DIR                what there is so far
      """)

  @Option(help: "The folder that `swiftdl data prepare guitar` made.")
  var data = "guitar"
  @Option(help: "Recorded songs that are known with their stems.")
  var paired = 3
  @Option(parsing: .upToNextOption, help: "Seeds. (default: 1 2 3)")
  var seeds: [Int] = []
  @Option(parsing: .upToNextOption, help: "Variants: base, v, va. (default: all)")
  var variants: [AdversarialVariant] = []
  @Option(help: "The folder of the runs.")
  var runs = "runs/adversarial-separation"
  @Option(name: .customLong("set"), help: "A setting of every run that wins over the experiment's, as key=value.")
  var settings: [String] = []
  @Option(help: "Also write the figures into this JSON file.")
  var json: String?
  @Option(help: "Also write the tables into this Markdown file.")
  var markdown: String?
  @Flag(help: "Train nothing, show what there is.")
  var table = false
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if paired < 1 { throw ValidationError("--paired \(paired): at least 1 is needed.") }
    if let wrong = seeds.first(where: { $0 < 0 }) { throw ValidationError("--seeds \(wrong): 0 or more is possible.") }
  }

  func run() throws {
    var reproduction = AdversarialReproduction(data: data, runs: runs, programVersion: programVersion)
    reproduction.pairedSongs = paired
    if !seeds.isEmpty { reproduction.seeds = seeds }
    if !variants.isEmpty { reproduction.variants = variants }
    reproduction.overrides = settings
    var isComplete = true
    if !table {
      isComplete = try compute.run { try reproduction.train(style: progressOptions.style) { note($0) } }
    }
    let results = try reproduction.results()
    if results.runs.isEmpty && table { throw FileError(runs, "has no scores yet", hint: "leave --table out to begin") }
    if !results.runs.isEmpty {
      print(results.text)
      try results.writePage(to: "\(runs)/index.html")
      if let json { try results.write(to: json) }
      if let markdown { try AtomicFile.write(results.markdown, to: markdown) }
    }
    if !isComplete {
      note("stopped; the same command goes on")
      throw ExitCode(130)
    }
  }
}

extension AdversarialVariant: ExpressibleByArgument {}
