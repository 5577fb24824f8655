import ArgumentParser
import Experiments
import Foundation
import SwiftDL

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Repeat a paper's experiments.",
    subcommands: [
      ReproduceSeqUNet.self, ReproduceFactorGANPaired.self, ReproduceDetectSeparate.self, ReproduceAdversarialSeparation.self,
      ReproduceMeta.self,
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
  @Option(name: .customLong("set"), help: "A setting of every run that wins over the published one, as key=value.")
  var settings: [String] = []
  @Option(help: "Also write the figures into this JSON file; other rows in it stay.")
  var json: String?
  @Option(help: "Also write the table into this Markdown file.")
  var markdown: String?
  @Flag(help: "Train nothing, show what there is.")
  var table = false
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    for name in tasks where !PaperTask.all.contains(where: { $0.name == name }) {
      throw ValidationError("There is no task “\(name)”; there are \(PaperTask.all.map(\.name).joined(separator: ", ")).")
    }
  }

  func run() throws {
    let chosen = tasks.isEmpty ? PaperTask.all : PaperTask.all.filter { tasks.contains($0.name) }
    var reproduction = SequenceReproduction(tasks: chosen, data: data, runs: runs, programVersion: programVersion)
    reproduction.overrides = settings
    var isComplete = true
    if !table {
      isComplete = try compute.run {
        try reproduction.train(style: progressOptions.style) { note($0) }
      }
    }
    let rows = try reproduction.rows()
    if rows.isEmpty { throw FileError(runs, "has no runs yet", hint: "leave --table out to begin") }
    print(SequenceReproduction.table(rows))
    try SequenceReproduction.writePage(rows, to: "\(runs)/index.html")
    if let json { try SequenceReproduction.write(rows, to: json) }
    if let markdown { try AtomicFile.write(SequenceReproduction.markdown(rows), to: markdown) }
    if !isComplete {
      note("stopped; the same command goes on")
      throw ExitCode(130)
    }
  }
}
