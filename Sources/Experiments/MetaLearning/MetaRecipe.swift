import SwiftDL
public import SwiftDLModels

/// Everything `swiftdl train meta` does: settings, tasks, folder, progress, training, report.
public struct MetaRecipe: Sendable {
  private let request: RunRequest

  public init(_ request: RunRequest) { self.request = request }

  /// The resolved settings, as YAML.
  public func resolvedYAML() throws -> String { try configuration().resolvedYAML }

  /// What changes nothing of what is learnt, or its rounding alone.
  static let neutral = ["updatesPerLine", "checkpointMinutes", "tasks.path", "inner.memoryLimit"]
  /// What a resumed run may change: its length, and how and where it is worked out.
  private static let mayChange = ["updates"] + neutral

  private func configuration() throws -> MetaConfiguration {
    try request.resolved(MetaConfiguration(), mayChange: Self.mayChange)
  }

  /// Trains, with progress on standard error, and writes the run's report.
  ///
  /// - Parameters:
  ///   - tasks: those of the folder, where they have been read already.
  ///   - shouldStop: asked after every update.
  public func train(
    style: ProgressMeter.Style, tasks: MIRTaskFolder? = nil, shouldStop: () -> Bool = { Interrupt.requested }
  ) throws -> MetaTraining.Outcome {
    let configuration = try configuration()
    Interrupt.install()
    // Tasks come first: a wrong path leaves no folder.
    let all = try tasks ?? MIRTaskFolder(configuration.tasks.path, for: configuration.shape())
    let chosen = try all.learnt(configuration.tasks)
    return try ComputeContext.flushingSubnormals { try train(configuration, chosen, style, shouldStop) }
  }

  private func train(
    _ configuration: MetaConfiguration, _ tasks: [MIRTask], _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> MetaTraining.Outcome {
    try RunFolder.training(request, configuration: configuration) { run in
      var training = try MetaTraining(configuration, tasks: tasks, in: run, resuming: run.hasCheckpoint)
      if request.resumes { try run.save(configuration) }
      let bar = ProgressMeter(
        total: configuration.updates, label: configuration.algorithm.rawValue, start: training.updatesMade, unit: "updates",
        style: style)
      bar.note(training.summary)
      let outcome = try training.run(
        report: { bar.update($0.update, fields: ["loss": $0.line.isEmpty ? $0.lastLoss : $0.lineLoss]) },
        shouldStop: shouldStop)
      bar.finish()
      try MetaReport(run: request.folder).write()
      return outcome
    }
  }
}

/// A folder of tasks.
public struct MIRTaskFolder: Sendable {
  public let path: String
  /// By name.
  public let tasks: [MIRTask]

  /// Reads all tasks of a folder, for a network of the given shape.
  public init(_ path: String, for shape: UniversalMIRConfiguration) throws {
    guard !path.isEmpty else {
      throw ConfigurationError("tasks.path", "is not set", hint: "`swiftdl data prepare mir-tasks -o DIR` makes tasks")
    }
    guard Folders.isDirectory(path) else {
      throw FileError(path, Folders.exists(path) ? "is a file" : "does not exist", hint: "a folder of tasks is needed")
    }
    self.path = path
    tasks = try Folders.names(in: path).filter { Folders.isDirectory("\(path)/\($0)") }.map { name in
      try MIRTask("\(path)/\(name)", for: shape)
    }
    if tasks.isEmpty {
      throw FileError(path, "holds no tasks", hint: "`swiftdl data prepare mir-tasks -o DIR` makes some")
    }
  }

  /// The task of a name.
  public func task(_ name: String, _ key: String) throws(ConfigurationError) -> MIRTask {
    if let task = tasks.first(where: { $0.name == name }) { return task }
    let near = NearestName.find(name, among: tasks.map(\.name)).map { "did you mean \($0)?" }
    throw ConfigurationError(
      key, "\(path) has no task “\(name)”", hint: near ?? tasks.map(\.name).joined(separator: ", "))
  }

  /// Those that settings name.
  func learnt(_ settings: MetaTaskSettings) throws(ConfigurationError) -> [MIRTask] {
    if !settings.heldOut.isEmpty { _ = try task(settings.heldOut, "tasks.heldOut") }
    for name in settings.only { _ = try task(name, "tasks.only") }
    let chosen = tasks.filter { task in
      task.name != settings.heldOut && (settings.only.isEmpty || settings.only.contains(task.name))
    }
    if chosen.isEmpty { throw ConfigurationError("tasks.heldOut", "leaves no task to learn from") }
    return chosen
  }
}
