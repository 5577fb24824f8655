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
        swiftdl reproduce adversarial-separation --data guitar                     3000 updates of nine runs
        swiftdl reproduce adversarial-separation --data guitar --set maximumUpdates=1000   over an hour of one core
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
  @OptionGroup var options: ReproductionOptions

  func validate() throws {
    if paired < 1 { throw ValidationError("--paired \(paired): at least 1 is needed.") }
    if let wrong = seeds.first(where: { $0 < 0 }) { throw ValidationError("--seeds \(wrong): 0 or more is possible.") }
  }

  func run() throws {
    var reproduction = AdversarialReproduction(data: data, runs: runs, programVersion: programVersion)
    reproduction.pairedSongs = paired
    if !seeds.isEmpty { reproduction.seeds = seeds }
    if !variants.isEmpty { reproduction.variants = variants }
    reproduction.overrides = options.settings
    let isComplete = try options.train { try reproduction.train(style: $0, note: $1) }
    let results = try reproduction.results()
    if results.runs.isEmpty && options.table { throw options.nothing(in: runs, "scores") }
    if !results.runs.isEmpty {
      print(results.text)
      try results.writePage(to: "\(runs)/index.html")
      if let json = options.json { try results.write(to: json) }
      if let markdown = options.markdown { try AtomicFile.write(results.markdown, to: markdown) }
    }
    try options.end(isComplete: isComplete)
  }
}

extension AdversarialVariant: ExpressibleByArgument {}
