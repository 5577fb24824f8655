import SwiftDLModels

/// The settings of a run that learns an initialisation from many tasks.
///
/// The defaults are ours: of the thesis' chapter, "Deep Learning for Music Information Retrieval in Limited Data Scenarios",
/// no more is public than the abstract.
public struct MetaConfiguration: RunConfiguration {
  public var algorithm = MetaAlgorithm.maml
  public var tasks = MetaTaskSettings()
  public var preset = "universal-mir-small"
  public var inner = InnerSettings()
  public var outer = OuterSettings()
  /// Examples that a task is adapted on, and others that it is judged by after that.
  public var support = 4
  public var query = 4
  public var tasksPerUpdate = 4
  public var updates = 1000
  public var seed = 1337
  /// Updates between two lines of metrics.
  public var updatesPerLine = 10
  /// Minutes between checkpoints.
  public var checkpointMinutes = 5.0

  public init() {}

  public func validate() throws(ConfigurationError) {
    for (key, value, limit) in [
      ("inner.steps", inner.steps, 100), ("support", support, 256), ("query", query, 256),
      ("tasksPerUpdate", tasksPerUpdate, 256), ("updates", updates, 1 << 30), ("updatesPerLine", updatesPerLine, 1 << 30),
    ] where value < 1 || value > limit {
      throw ConfigurationError(key, "is \(value); 1 to \(limit) are possible")
    }
    if seed < 0 { throw ConfigurationError("seed", "is \(seed); 0 or more is needed") }
    for (key, value) in [("inner.rate", inner.rate), ("outer.rate", outer.rate)] where !(value > 0 && value < 10) {
      throw ConfigurationError(key, "is \(value); a positive number below 10 is needed")
    }
    if !(inner.memoryLimit >= 0) {
      throw ConfigurationError("inner.memoryLimit", "is \(inner.memoryLimit); 0 or more is needed")
    }
    if !(outer.clip > 0) { throw ConfigurationError("outer.clip", "is \(outer.clip); more than 0 is needed") }
    if !(checkpointMinutes > 0) {
      throw ConfigurationError("checkpointMinutes", "is \(checkpointMinutes); more than 0 is needed")
    }
    _ = try shape()
  }

  /// The network.
  func shape() throws(ConfigurationError) -> UniversalMIRConfiguration {
    let presets = UniversalMIRConfiguration.presets
    if let found = presets.first(where: { $0.name == preset }) { return found.configuration }
    throw ConfigurationError(
      "preset", "there is no universal network “\(preset)”", hint: presets.map(\.name).joined(separator: ", "))
  }

  public static var comments: [String: String] {
    [
      "algorithm": MetaAlgorithm.allCases.map(\.rawValue).joined(separator: ", "),
      "tasks.path": "a folder of tasks, as `swiftdl data prepare mir-tasks` makes one",
      "tasks.heldOut": "a task that is not learnt from",
      "tasks.only": "the tasks that are learnt from; all but the held-out one when empty",
      "inner.rate": "step size of the inner steps, or, where it is learned, its beginning",
      "inner.learned": "whether every tensor of parameters learns a rate of its own (Meta-SGD)",
      "inner.memoryLimit":
        "megabytes up to which the graphs of all inner steps are kept; beyond, each is made again: slower, equal but for rounding",
      "outer.rate": "of Adam, on the initialisation",
      "outer.clip": "the largest norm of a task's gradient",
      "support": "examples that a task is adapted on",
      "query": "examples that it is judged by after that",
    ]
  }
}

/// What is learnt from.
public struct MetaTaskSettings: RunConfiguration {
  public var path = ""
  public var heldOut = ""
  public var only: [String] = []
  public init() {}
}

/// The descent on a task.
public struct InnerSettings: RunConfiguration {
  public var steps = 5
  /// Of 0.2, 0.05 and 0.01 the last left the lowest loss after the inner steps: MAML on `universal-mir-small` without
  /// beat-tracking, 100 updates: 2.34, 1.71 and 1.56; with 0.2, four examples of a clip's class are stepped past.
  public var rate: Float = 0.01
  public var learned = false
  public var memoryLimit = 500.0
  public init() {}
}

/// The descent on the initialisation.
public struct OuterSettings: RunConfiguration {
  public var rate: Float = 1e-3
  public var clip: Float = 10
  public init() {}
}
