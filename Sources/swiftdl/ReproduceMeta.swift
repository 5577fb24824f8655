public import ArgumentParser
public import Experiments
import SwiftDL

struct ReproduceMeta: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meta",
    abstract: "Leave one task out after another, learn an initialisation from the others, and adapt it to few examples.",
    discussion: """
      Initialisations: \(MetaInitialisation.allCases.map(\.rawValue).joined(separator: ", ")). What is finished is not \
      repeated, interrupted work goes on. A reconstruction: of the thesis' chapter no more is public than the abstract.

        swiftdl data prepare mir-tasks -o tasks
        swiftdl reproduce meta --tasks tasks --set updates=200 --held-out chords genre
        swiftdl reproduce meta --table --runs DIR                  what there is so far
      """)

  @Option(help: "The folder of the tasks.")
  var tasks = "tasks"
  @Option(parsing: .upToNextOption, help: "Tasks to leave out, in this order; all when absent.")
  var heldOut: [String] = []
  @Option(parsing: .upToNextOption, help: "Initialisations; all when absent.")
  var begin: [MetaInitialisation] = []
  @Option(help: "For how many held-out tasks second-order MAML is run.")
  var secondOrderTasks = 3
  @Option(parsing: .upToNextOption, help: "Numbers of examples. (default: 4 16 64)")
  var examples: [Int] = []
  @Option(parsing: .upToNextOption, help: "Seeds of new heads and of which examples are known. (default: 0)")
  var seeds: [Int] = []
  @Option(help: "The folder of the runs.")
  var runs = "runs/reproduce-meta"
  @Option(name: .customLong("set"), help: "A setting of every run that learns an initialisation, as key=value.")
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
    if let wrong = examples.first(where: { $0 < 1 }) { throw ValidationError("--examples \(wrong): 1 or more is needed.") }
    if let wrong = seeds.first(where: { $0 < 0 }) { throw ValidationError("--seeds \(wrong): 0 or more is possible.") }
  }

  func run() throws {
    var reproduction = MetaReproduction(tasks: tasks, runs: runs, programVersion: programVersion)
    reproduction.heldOut = heldOut
    reproduction.secondOrderTasks = secondOrderTasks
    reproduction.overrides = settings
    if !begin.isEmpty { reproduction.initialisations = begin }
    if !examples.isEmpty { reproduction.examples = examples }
    if !seeds.isEmpty { reproduction.seeds = seeds }
    var isComplete = true
    if !table { isComplete = try compute.run { try reproduction.train(style: progressOptions.style) { note($0) } } }
    let result = try MetaTable(reproduction)
    if result.cells.isEmpty {
      if !isComplete { throw ExitCode(130) }
      throw FileError(runs, "has no figures yet", hint: "leave --table out to begin")
    }
    print(result.text)
    try result.writePage(to: "\(runs)/index.html")
    if let json { try result.write(to: json) }
    if let markdown { try AtomicFile.write(result.markdown, to: markdown) }
    if !isComplete {
      note("stopped; the same command goes on")
      throw ExitCode(130)
    }
  }
}

extension MetaInitialisation: ExpressibleByArgument {}
