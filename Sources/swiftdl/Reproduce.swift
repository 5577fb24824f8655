import ArgumentParser
import Experiments
import Foundation
import SwiftDL

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Repeat a paper's experiments.",
    subcommands: [
      ReproduceSeqUNet.self, ReproduceFactorGANPaired.self, ReproduceFactorGAN.self, ReproduceDetectSeparate.self,
      ReproduceAdversarialSeparation.self, ReproduceMeta.self,
    ])
}

struct ReproduceSeqUNet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seq-u-net",
    abstract: "Train both models of each task as published, and set their figures beside the paper's.",
    discussion: """
      Finished runs are not repeated, interrupted ones go on. Tasks: \(PaperTask.all.map(\.name).joined(separator: ", ")).

        swiftdl reproduce seq-u-net jsb --data DIR        minutes
        swiftdl reproduce seq-u-net --data DIR            days
        swiftdl reproduce seq-u-net --table --runs DIR    what there is so far
      """)

  @Argument(help: "Tasks; all when none is named.")
  var tasks: [String] = []
  @Option(help: "The folder of the data: penn/train.txt, piano-rolls/JSB_Chorales.mat, … or these files themselves.")
  var data = "data"
  @Option(help: "The folder of the runs.")
  var runs = "runs/seq-u-net"
  @OptionGroup var options: ReproductionOptions

  func validate() throws {
    for name in tasks where !PaperTask.all.contains(where: { $0.name == name }) {
      throw ValidationError("There is no task “\(name)”; there are \(PaperTask.all.map(\.name).joined(separator: ", ")).")
    }
  }

  func run() throws {
    let chosen = tasks.isEmpty ? PaperTask.all : PaperTask.all.filter { tasks.contains($0.name) }
    var reproduction = SequenceReproduction(tasks: chosen, data: data, runs: runs, programVersion: programVersion)
    reproduction.overrides = options.settings
    let isComplete = try options.train { try reproduction.train(style: $0, note: $1) }
    let rows = try reproduction.rows()
    if rows.isEmpty { throw options.nothing(in: runs, "runs") }
    print(SequenceReproduction.table(rows))
    try SequenceReproduction.writePage(rows, to: "\(runs)/index.html")
    if let json = options.json { try SequenceReproduction.write(rows, to: json) }
    if let markdown = options.markdown { try AtomicFile.write(SequenceReproduction.markdown(rows), to: markdown) }
    try options.end(isComplete: isComplete)
  }
}
