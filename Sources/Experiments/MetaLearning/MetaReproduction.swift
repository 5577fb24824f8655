import Foundation
import SwiftDL
import SwiftDLModels

/// What a new task is learnt from, other than its own examples.
public enum MetaInitialisation: String, Sendable, CaseIterable {
  /// Fresh weights.
  case random
  /// Trained on the one other task that helps most, by the validation part of the new one.
  case bestSingle = "best-single"
  /// Trained on all other tasks at once.
  case joint
  case reptile
  case firstOrder = "first-order-maml"
  case anil
  case maml

  fileprivate var algorithm: MetaAlgorithm? {
    switch self {
    case .random: nil
    case .bestSingle, .joint: .joint
    case .reptile: .reptile
    case .firstOrder: .firstOrder
    case .anil: .anil
    case .maml: .maml
    }
  }
}

/// Leaves one task out after another, learns an initialisation from the others in each way, and adapts it to few examples of
/// the task that was left out.
///
/// A folder `RUNS/held-out/TASK/INITIALISATION` for every run, `RUNS/single/TASK` for those on one task, and a file
/// `RUNS/cells/TASK/INITIALISATION/k-K-seed-S.json` for every adaptation: what is there is not repeated, and an interrupted
/// run goes on.
public struct MetaReproduction: Sendable {
  /// A folder of tasks.
  public var tasks: String
  public var runs: String
  /// Tasks to leave out; all when empty.
  public var heldOut: [String] = []
  public var initialisations = MetaInitialisation.allCases
  /// For how many of the held-out tasks, from the first on, second-order MAML is run.
  public var secondOrderTasks = 3
  public var examples = [4, 16, 64]
  public var steps = [1, 5, 20, 100]
  public var seeds = [0]
  /// Settings of every run that learns an initialisation.
  public var overrides: [String] = []
  public let programVersion: String

  /// What may be said of every figure.
  public static let provenance = """
    A reconstruction: of the chapter of D. Stoller's thesis that learns an initialisation for ten tasks, no more is public \
    than its abstract, and there is no published figure to compare with.
    """

  public init(tasks: String, runs: String, programVersion: String) {
    (self.tasks, self.runs, self.programVersion) = (tasks, runs, programVersion)
  }

  private var settingsFile: String { "\(runs)/settings.yaml" }

  /// The settings of all runs that learn initialisations: those the first of them were begun with.
  ///
  /// - Throws: `ConfigurationError` where other ones are told: figures of different settings do not belong in one table.
  func configuration() throws -> MetaConfiguration {
    guard Folders.exists(settingsFile) else {
      return try ConfigurationLoader.load(MetaConfiguration.self, overrides: overrides)
    }
    let before = try ConfigurationLoader.load(MetaConfiguration.self, file: settingsFile)
    let now = try ConfigurationLoader.load(MetaConfiguration.self, base: before, overrides: overrides)
    if let change = now.differences(from: before).first(where: { !MetaRecipe.neutral.contains($0.key) }) {
      throw ConfigurationError(
        change.key, "was \(change.other.text) when the runs in \(runs) began and cannot become \(change.value.text)",
        hint: "leave it out, or choose another --runs")
    }
    return now
  }

  /// Trains and adapts what is missing. Returns false when asked to stop before the end.
  public func train(style: ProgressMeter.Style, note: (String) -> Void) throws -> Bool {
    Interrupt.install()
    let configuration = try configuration()
    let shape = try configuration.shape()
    let folder = try MIRTaskFolder(tasks, for: shape)
    let wanted = try heldOut.isEmpty ? folder.tasks : heldOut.map { try folder.task($0, "held-out") }
    try Folders.create(runs)
    try AtomicFile.write(configuration.resolvedYAML, to: settingsFile)
    let fresh = UniversalMIR(shape, random: RandomStream(seed: UInt64(configuration.seed)).stream("weights"))
    return try ComputeContext.flushingSubnormals {
      for (index, task) in wanted.enumerated() {
        for initialisation in initialisations where initialisation != .maml || index < secondOrderTasks {
          if isComplete(task.name, initialisation) { continue }
          note("\(task.name), \(initialisation.rawValue)")
          guard let beginning = try beginning(initialisation, without: task, in: folder, fresh, style, note) else {
            return false
          }
          for seed in seeds {
            for count in examples {
              guard try fillCell(task, initialisation, count, seed, beginning) else { return false }
            }
          }
        }
      }
      return true
    }
  }

  // MARK: - Initialisations

  /// What an adaptation begins with.
  private struct Beginning {
    let network: UniversalMIR
    /// The single task it was trained on, where there is one.
    var task: String?
  }

  /// What an adaptation begins with; `nil` when asked to stop.
  private func beginning(
    _ initialisation: MetaInitialisation, without task: MIRTask, in folder: MIRTaskFolder, _ fresh: UniversalMIR,
    _ style: ProgressMeter.Style, _ note: (String) -> Void
  ) throws -> Beginning? {
    guard let algorithm = initialisation.algorithm else { return Beginning(network: fresh) }
    if initialisation != .bestSingle {
      let settings = ["tasks.heldOut=\(task.name)", "algorithm=\(algorithm.rawValue)"]
      let run = "\(runs)/held-out/\(task.name)/\(initialisation.rawValue)"
      return try trained(run, settings, folder, style).map { Beginning(network: $0) }
    }
    var best: (score: Double, beginning: Beginning)?
    for other in folder.tasks where other.name != task.name {
      let settings = ["tasks.only=[\(other.name)]", "algorithm=\(algorithm.rawValue)"]
      guard let network = try trained("\(runs)/single/\(other.name)", settings, folder, style) else { return nil }
      guard let score = try helpfulness(of: network, for: task) else { return nil }
      if best.map({ score > $0.score }) ?? true { best = (score, Beginning(network: network, task: other.name)) }
    }
    if let name = best?.beginning.task { note("the best single task for \(task.name) is \(name)") }
    return best?.beginning ?? Beginning(network: fresh)
  }

  /// What a run ends with, which is made, or goes on, where it is not finished.
  private func trained(
    _ run: String, _ settings: [String], _ folder: MIRTaskFolder, _ style: ProgressMeter.Style
  ) throws -> UniversalMIR? {
    let model = "\(run)/model.safetensors"
    if !Folders.exists(model) {
      let resumes = Folders.isDirectory("\(run)/checkpoints")
      let recipe = MetaRecipe(
        RunRequest(
          configurationFile: resumes ? nil : settingsFile,
          overrides: resumes ? [] : ["tasks.path=\(folder.path)"] + settings, folder: run, resumes: resumes,
          programVersion: programVersion))
      if case .interrupted = try recipe.train(style: style, tasks: folder) { return nil }
    }
    return try MetaAdaptation.network(run)
  }

  /// How well a network does on the validation part of a task after 20 steps on 16 examples.
  private func helpfulness(of network: UniversalMIR, for task: MIRTask) throws -> Double? {
    var adaptation = MetaAdaptation()
    adaptation.steps = 20
    let result = try adaptation.run(
      network, task, on: task.few(16, seed: 0), judged: task.examples[.validation] ?? [], after: [20]
    ) { _, _ in !Interrupt.requested }
    return result.map { $0.scores.last?.score ?? -.infinity }
  }

  // MARK: - Cells

  private func cell(_ task: String, _ initialisation: MetaInitialisation, _ count: Int, _ seed: Int) -> String {
    "\(runs)/cells/\(task)/\(initialisation.rawValue)/k-\(count)-seed-\(seed).json"
  }

  private func isComplete(_ task: String, _ initialisation: MetaInitialisation) -> Bool {
    seeds.allSatisfy { seed in examples.allSatisfy { Folders.exists(cell(task, initialisation, $0, seed)) } }
  }

  /// Adapts and writes the figures; false when asked to stop.
  private func fillCell(
    _ task: MIRTask, _ initialisation: MetaInitialisation, _ count: Int, _ seed: Int, _ beginning: Beginning
  ) throws -> Bool {
    let path = cell(task.name, initialisation, count, seed)
    if Folders.exists(path) { return true }
    var adaptation = MetaAdaptation()
    (adaptation.steps, adaptation.seed) = (steps.max() ?? 0, seed)
    let started = ContinuousClock.now
    let few = task.few(count, seed: seed)
    let result = try adaptation.run(
      beginning.network, task, on: few, judged: task.examples[.test] ?? [], after: [0] + steps
    ) { _, _ in !Interrupt.requested }
    guard let result else { return false }
    var cell: JSONObject = [
      "task": task.name, "metric": task.kind.metric, "initialisation": initialisation.rawValue, "examples": few.count,
      "k": count, "seed": seed, "steps": result.scores.map(\.step), "scores": result.scores.map(\.score),
      "seconds": (ContinuousClock.now - started).seconds,
    ]
    if let name = beginning.task { cell["single"] = .string(name) }
    try Folders.create("\(runs)/cells/\(task.name)/\(initialisation.rawValue)")
    try AtomicFile.write(cell.json.written(indentation: 2) + "\n", to: path)
    return true
  }

  // MARK: - The table

  /// One adaptation.
  public struct Cell: Sendable {
    public let task: String
    public let metric: String
    public let initialisation: MetaInitialisation
    public let k: Int
    public let seed: Int
    public let steps: [Int]
    public let scores: [Double]
    public let seconds: Double
    /// The task that the best single one was.
    public let single: String?

    package init?(_ json: JSONObject) {
      guard let task = json["task"]?.string, let metric = json["metric"]?.string,
        let initialisation = json["initialisation"]?.string.flatMap(MetaInitialisation.init), let k = json["k"]?.integer,
        let seed = json["seed"]?.integer, let steps = json["steps"]?.array, let scores = json["scores"]?.array
      else { return nil }
      (self.task, self.metric, self.initialisation, self.k, self.seed) = (task, metric, initialisation, k, seed)
      self.steps = steps.compactMap(\.integer)
      self.scores = scores.map { $0.number ?? .nan }
      seconds = json["seconds"]?.number ?? 0
      single = json["single"]?.string
    }

    var json: JSONObject {
      var object: JSONObject = [
        "task": task, "metric": metric, "initialisation": initialisation.rawValue, "k": k, "seed": seed, "steps": steps,
        "scores": scores.map { JSONValue.number(($0 * 1e4).rounded() / 1e4) }, "seconds": (seconds * 10).rounded() / 10,
      ]
      if let single { object["single"] = .string(single) }
      return object
    }

    func score(after step: Int) -> Double? { steps.firstIndex(of: step).map { scores[$0] } }
  }

  /// What the folder of the runs holds so far.
  public func cells() throws -> [Cell] {
    var cells: [Cell] = []
    let root = "\(runs)/cells"
    guard Folders.isDirectory(root) else { return [] }
    for task in try Folders.names(in: root) {
      for initialisation in MetaInitialisation.allCases {
        let folder = "\(root)/\(task)/\(initialisation.rawValue)"
        guard Folders.isDirectory(folder) else { continue }
        for name in try Folders.names(in: folder) {
          if let json = try RunRecord.object("\(folder)/\(name)"), let cell = Cell(json) { cells.append(cell) }
        }
      }
    }
    return cells.sorted {
      ($0.task, $0.k, $0.initialisation.order, $0.seed) < ($1.task, $1.k, $1.initialisation.order, $1.seed)
    }
  }

  /// Facts about the runs that learned initialisations: updates and seconds of each.
  func trainings() throws -> [JSONObject] {
    var facts: [JSONObject] = []
    for folder in ["held-out", "single"] {
      let root = "\(runs)/\(folder)"
      guard Folders.isDirectory(root) else { continue }
      for first in try Folders.names(in: root) {
        let names = folder == "single" ? [first] : try Folders.names(in: "\(root)/\(first)").map { "\(first)/\($0)" }
        for name in names where Folders.exists("\(root)/\(name)/summary.json") {
          let record = try RunRecord("\(root)/\(name)")
          var fact: JSONObject = ["run": "\(folder)/\(name)"]
          for key in ["step", "train_seconds", "loss"] { fact[key] = record.summary?[key] }
          facts.append(fact.merging(record.travellingFacts))
        }
      }
    }
    return facts
  }
}

extension MetaInitialisation {
  fileprivate var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
