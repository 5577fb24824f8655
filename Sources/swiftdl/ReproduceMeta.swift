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
  @OptionGroup var options: ReproductionOptions

  func validate() throws {
    if let wrong = examples.first(where: { $0 < 1 }) { throw ValidationError("--examples \(wrong): 1 or more is needed.") }
    if let wrong = seeds.first(where: { $0 < 0 }) { throw ValidationError("--seeds \(wrong): 0 or more is possible.") }
  }

  func run() throws {
    var reproduction = MetaReproduction(tasks: tasks, runs: runs, programVersion: programVersion)
    reproduction.heldOut = heldOut
    reproduction.secondOrderTasks = secondOrderTasks
    reproduction.overrides = options.settings
    if !begin.isEmpty { reproduction.initialisations = begin }
    if !examples.isEmpty { reproduction.examples = examples }
    if !seeds.isEmpty { reproduction.seeds = seeds }
    let isComplete = try options.train { try reproduction.train(style: $0, note: $1) }
    let result = try MetaTable(reproduction)
    if result.cells.isEmpty {
      try options.end(isComplete: isComplete)
      throw options.nothing(in: runs, "figures")
    }
    print(result.text)
    try result.writePage(to: "\(runs)/index.html")
    if let json = options.json { try result.write(to: json) }
    if let markdown = options.markdown { try AtomicFile.write(result.markdown, to: markdown) }
    try options.end(isComplete: isComplete)
  }
}

extension MetaInitialisation: ExpressibleByArgument {}
