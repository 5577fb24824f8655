import SwiftDL
import SwiftDLModels

/// One trunk, and a head for every task.
struct UniversalLearner: Module {
  var trunk: UniversalMIR.Trunk
  var heads: [Dense]

  mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("trunk", &trunk)
    visit.modules("heads", &heads)
  }
}

/// Learns the initialisation of a universal network from tasks: of its trunk from all of them, of each task's head from
/// that task.
///
/// A run's folder holds `model.safetensors`, the network to adapt, with the checkpoints that `--resume` continues from to
/// the same bits. Tasks, songs and examples of an update depend on the seed and its number alone.
public struct MetaTraining {
  public enum Outcome: Sendable, Equatable {
    case finished(updates: Int, seconds: Double)
    case interrupted(update: Int)
  }

  private let configuration: MetaConfiguration
  private let folder: RunFolder
  private let tasks: [MIRTask]
  private let objectives: [MIRObjective]
  /// Networks with the head of each task.
  private let networks: [UniversalMIR]
  private let random: RandomStream
  private var learner: UniversalLearner
  private var optimizer: Adam
  private var rates: InnerRates
  private var rateOptimizer: Adam
  private var position = MetaProgress()
  private var lastCheckpoint = ContinuousClock.now

  init(
    _ configuration: MetaConfiguration, tasks: [MIRTask], in folder: RunFolder, resuming: Bool
  ) throws {
    let random = RandomStream(seed: UInt64(configuration.seed))
    let shape = try configuration.shape()
    let network = UniversalMIR(shape, random: random.stream("weights"))
    let objectives = tasks.map { MIRObjective($0, shape) }
    self.configuration = configuration
    self.folder = folder
    self.tasks = tasks
    self.objectives = objectives
    self.random = random
    networks = zip(tasks, objectives).map { task, objective in
      network.with(head: objective.shape.head, random: random.stream("head of \(task.name)"))
    }
    learner = UniversalLearner(trunk: network.trunk, heads: networks.map(\.head))
    optimizer = Adam(learningRate: configuration.outer.rate)
    rateOptimizer = Adam(learningRate: configuration.outer.rate)
    rates = configuration.algorithm.rates(configuration.inner.rate, for: network)
    if resuming { try restore() }
  }

  var updatesMade: Int { position.update }

  /// Bytes that an update holds at the most, about.
  var predictedBytes: Int {
    objectives.map { configuration.predictedBytes($0.shape) }.max() ?? 0
  }

  /// What an update does, in words.
  var summary: String {
    let c = configuration
    let steps = c.algorithm == .joint ? "" : ", \(c.inner.steps) inner steps"
    let memory = (Double(predictedBytes) / 1e6).text(decimals: 0)
    return "\(c.algorithm.rawValue) over \(tasks.count) tasks, \(learner.trunk.parameterCount) shared weights\(steps); "
      + "an update will hold about \(memory) MB"
  }

  // MARK: - The loop

  /// Trains until the run is complete or `shouldStop` says so, which is asked after every update.
  ///
  /// - Throws: `FileError` when files fail or a loss stops being a number; the last checkpoint stays.
  mutating func run(report: (MetaProgress) -> Void, shouldStop: () -> Bool) throws -> Outcome {
    while position.update < configuration.updates {
      let started = ContinuousClock.now
      try update()
      position.update += 1
      position.seconds += (ContinuousClock.now - started).seconds
      let isLast = position.update == configuration.updates
      if position.update % configuration.updatesPerLine == 0 || isLast { try logLine() }
      report(position)
      if isLast { break }
      if shouldStop() {
        try save()
        return .interrupted(update: position.update)
      }
      if ContinuousClock.now - lastCheckpoint > .seconds(configuration.checkpointMinutes * 60) { try save() }
    }
    try save()
    try ModelFile.save(
      network(ofTask: 0), to: "\(folder.path)/model.safetensors",
      metadata: ["algorithm": configuration.algorithm.rawValue, "tasks": tasks.map(\.name).joined(separator: ",")])
    try folder.finish([
      "step": position.update, "parameters": learner.trunk.parameterCount, "train_seconds": position.seconds,
      "seconds_per_update": position.seconds / Double(max(1, position.update)), "loss": position.lastLoss,
    ])
    return .finished(updates: position.update, seconds: position.seconds)
  }

  private func network(ofTask index: Int) -> UniversalMIR {
    var network = networks[index]
    (network.trunk, network.head) = (learner.trunk, learner.heads[index])
    return network
  }

  /// One update on some of the tasks.
  private mutating func update() throws {
    var random = random.stream("updates").stream(position.update)
    let chosen = random.permutation(of: tasks.count).prefix(configuration.tasksPerUpdate)
    let share = 1 / Float(chosen.count)
    var (trunk, rateSum) = (ParameterValues(), ParameterValues())
    var gradients = ParameterValues()
    for index in chosen {
      var result = try gradient(ofTask: index, random.stream("examples of \(tasks[index].name)"))
      guard result.loss.isFinite, result.parameters.isFinite else { throw divergence(of: tasks[index].name) }
      position.add(Double(result.loss), of: tasks[index].name)
      result.parameters.clip(toGlobalNorm: configuration.outer.clip)
      result.parameters *= share
      result.rates *= share
      for path in result.parameters.paths where path.hasPrefix("head.") {
        gradients.append("heads.\(index).\(path.dropFirst(5))", result.parameters[path])
      }
      let shared = result.parameters.paths.filter { $0.hasPrefix("trunk.") }
      trunk += ParameterValues(paths: shared, tensors: shared.map { result.parameters[$0] })
      rateSum += result.rates
    }
    for path in trunk.paths { gradients.append(path, trunk[path]) }
    optimizer.update(&learner, with: gradients)
    if configuration.inner.learned, configuration.algorithm.learnsRates { rateOptimizer.update(&rates, with: rateSum) }
  }

  private struct TaskGradient {
    let loss: Float
    var parameters: ParameterValues
    var rates: ParameterValues
  }

  private func gradient(ofTask index: Int, _ random: RandomStream) throws -> TaskGradient {
    let objective = objectives[index]
    var draw = random
    let episode = try tasks[index].episode(support: configuration.support, query: configuration.query, &draw)
    let (support, query) = (objective.sounds(episode.support), objective.sounds(episode.query))
    let loop = InnerLoop(steps: configuration.inner.steps, rates: rates, random: random.stream("inner steps"))
    let result = configuration.algorithm.gradient(
      at: network(ofTask: index), loop, holdsAllSteps: configuration.holdsAllSteps(objective.shape),
      inner: { model, _, context in objective.loss(model(support, context), episode.support) },
      outer: { model, context in objective.loss(model(query, context), episode.query) })
    return TaskGradient(loss: result.loss, parameters: result.parameters, rates: result.rates)
  }

  private func divergence(of task: String) -> FileError {
    FileError(
      folder.path, "the loss of \(task) stopped being a number at update \(position.update + 1)",
      hint: "the last checkpoint is sound; resume from it, or begin with a smaller inner.rate")
  }

  private mutating func logLine() throws {
    var line: JSONObject = ["step": position.update, "loss": position.lineLoss]
    for (task, sum) in position.line.sorted(by: { $0.key < $1.key }) {
      line["loss of \(task)"] = .number(sum.total / Double(sum.count))
    }
    line["train_seconds"] = .number(position.seconds)
    try folder.log(line)
    position.endLine()
  }

  // MARK: - Checkpoints

  private static let rateName = "rates"

  private mutating func save() throws(FileError) {
    lastCheckpoint = .now
    var state = TrainingState(
      step: position.update, epoch: 0, stepOfEpoch: position.update, adam: optimizer.state, progress: position)
    state.optimizers[Self.rateName] = rateOptimizer.state
    state.values[Self.rateName] = rates.values
    try CheckpointStore(folder.checkpoints).write(learner, state)
  }

  private mutating func restore() throws(FileError) {
    guard let last = try CheckpointStore(folder.checkpoints).last() else {
      throw FileError(folder.path, "this run has no checkpoint", hint: "delete the folder and start again")
    }
    let state = try Checkpoint.read(into: &learner, from: last)
    (optimizer.state, position) = try state.progress(as: MetaProgress.self, last, of: "meta-learning")
    guard let kept = state.values[Self.rateName], kept.paths == rates.values.paths,
      let rateState = state.optimizers[Self.rateName]
    else { throw FileError(last, "has no inner rates of this network", hint: "start a new run") }
    rates = rates.mapParameters { path, _ in kept[path] }
    rateOptimizer.state = rateState
    try folder.rewind(toStep: position.update)
  }
}

/// Where a run of meta-learning stands.
public struct MetaProgress: Codable, Sendable, Equatable {
  struct Sum: Codable, Sendable, Equatable {
    var total = 0.0
    var count = 0
  }
  public internal(set) var update = 0
  public internal(set) var seconds = 0.0
  /// Losses of tasks since the last line of metrics.
  var line: [String: Sum] = [:]
  /// The mean over the last line of metrics.
  public internal(set) var lastLoss = 0.0

  init() {}

  mutating func add(_ loss: Double, of task: String) {
    line[task, default: Sum()].total += loss
    line[task, default: Sum()].count += 1
  }

  /// The mean since the last line. Sums are added in the order of names: the same bits every time.
  public var lineLoss: Double {
    let sums = line.sorted { $0.key < $1.key }.map(\.value)
    return sums.reduce(0) { $0 + $1.total } / Double(max(1, sums.reduce(0) { $0 + $1.count }))
  }

  mutating func endLine() { (lastLoss, line) = (lineLoss, [:]) }
}
