import SwiftDL
import SwiftDLModels

/// The kinds of networks that are compared.
public enum SequenceModelKind: String, Sendable, CaseIterable {
  case seqUNet = "seq-u-net"
  case tcn
  case waveNet = "wavenet"
}

/// Everything `swiftdl train char-lm` and its siblings do: settings, data, folder, progress, training, report.
public struct SequenceRecipe: Sendable {
  public let task: SequenceTask
  public let model: SequenceModelKind?
  private let request: RunRequest

  public init(task: SequenceTask, model: SequenceModelKind? = nil, _ request: RunRequest) {
    self.task = task
    self.model = model
    self.request = request
  }

  public enum Outcome: Sendable {
    case finished(SequenceResult, SequenceMetric)
    case interrupted(step: Int)
  }

  /// The resolved settings, as YAML.
  public func resolvedYAML() throws -> String {
    func text<N: SequenceNetwork>(_ kind: N.Type) throws -> String { try configuration(kind).resolvedYAML }
    return try text(try kind())
  }

  /// Trains, with progress on standard error, and writes the run's report.
  public func train(style: ProgressMeter.Style) throws -> Outcome {
    func run<N: SequenceNetwork>(_ kind: N.Type) throws -> Outcome { try train(kind, style) }
    return try ComputeContext.flushingSubnormals { try run(try kind()) }
  }

  // MARK: - Settings

  /// The preset: of the run when it is resumed, as told, or the task's.
  private func preset() throws -> String {
    if request.resumes {
      let record = try RunRecord(request.folder)
      guard record.setting("task") == task.rawValue, let preset = record.setting("preset") else {
        throw FileError(
          request.folder, "is a run of \(record.setting("task") ?? "another kind"), not of \(task.rawValue)",
          hint: "name its folder with --run, or its task")
      }
      return preset
    }
    if let preset = try request.value("preset") { return preset }
    let kind = model ?? .seqUNet
    guard let preset = Self.defaultPreset(task, kind, try request.value("data.path") ?? "") else {
      throw ConfigurationError(
        "preset", "no \(kind.rawValue) is published for \(task.rawValue)",
        hint: "take another --model, or name any preset with preset=")
    }
    return preset
  }

  /// The paper's network for a task; of music the one for the data set that a file's name tells.
  static func defaultPreset(_ task: SequenceTask, _ model: SequenceModelKind, _ path: String) -> String? {
    switch (task, model) {
    case (.audio, .seqUNet): return "seq-u-net-audio"
    case (.audio, .waveNet): return "wavenet-audio-cropped"
    case (_, .waveNet), (.audio, .tcn): return nil
    case (.characters, _): return "\(model.rawValue)-char"
    case (.words, _): return "\(model.rawValue)-word"
    case (.copyMemory, _): return "\(model.rawValue)-copy"
    case (.music, _):
      let name = (path.split(separator: "/").last ?? "").lowercased()
      let sets = [("jsb", "jsb"), ("nottingham", "nottingham"), ("piano_midi", "piano-midi"), ("piano-midi", "piano-midi")]
      return "\(model.rawValue)-\(sets.first { name.hasPrefix($0.0) }?.1 ?? "muse")"
    }
  }

  /// The type of network that has the preset.
  private func kind() throws -> any SequenceNetwork.Type {
    let name = try preset()
    guard let kind = try ModelFile.kind(ofPreset: name) as? any SequenceNetwork.Type else {
      throw ConfigurationError("preset", "\(name) is no network for sequences", hint: "seq-u-net, tcn and wavenet ones are")
    }
    return kind
  }

  private func configuration<N: SequenceNetwork>(_ kind: N.Type) throws -> SequenceConfiguration<N> {
    let base = try SequenceConfiguration<N>(task: task, preset: try preset())
    let resolved = try request.resolved(base, mayChange: Self.mayChange)
    guard resolved.task == task else {
      throw ConfigurationError("task", "is \(resolved.task.rawValue), where \(task.rawValue) is trained")
    }
    return resolved
  }

  /// What a resumed run may change: its bounds and where things lie, nothing that alters a step.
  private static let mayChange = [
    "epochs", "maximumSteps", "maximumSeconds", "patience", "checkpointMinutes", "data.path", "data.cache",
  ]

  // MARK: - Training

  private func train<N: SequenceNetwork>(_ kind: N.Type, _ style: ProgressMeter.Style) throws -> Outcome {
    var configuration = try configuration(kind)
    // The data come first: what they are decides how many symbols there are, and a wrong path leaves no folder.
    let loader = SequenceDataLoader(configuration: configuration, folder: request.folder, style: style)
    let data = try loader.load(&configuration)
    try configuration.validate()
    let bytes = try loader.memory(for: data, configuration)
    Interrupt.install()
    return try RunFolder.training(request, configuration: configuration) { run in
      var training = try SequenceTraining<N>(configuration, data: data, in: run, resuming: run.hasCheckpoint)
      if request.resumes { try run.save(configuration) }
      let outcome = try self.run(&training, configuration, "\(data.summary); about \(bytes >> 20) MiB of memory", style)
      try SequenceReport(run: request.folder).write()
      return outcome
    }
  }

  private func run<N: SequenceNetwork>(
    _ training: inout SequenceTraining<N>, _ configuration: SequenceConfiguration<N>, _ summary: String,
    _ style: ProgressMeter.Style
  ) throws -> Outcome {
    let metric = configuration.task.metric
    var bar = EpochBar(
      style: style, heading: "\(configuration.preset), \(training.parameterCount) parameters; \(summary)")
    let outcome = try training.run(
      report: { step in
        bar.update(
          "epoch \(step.epoch + 1)", step.stepOfEpoch, of: step.stepsOfEpoch,
          fields: [
            metric.name: metric.value(nats: step.meanLoss), "step_seconds": step.seconds,
            "positions_per_second": Double(step.positions) / step.seconds, "seconds_waited": step.secondsWaited,
          ])
      },
      evaluating: { part, done, total in
        // A moment's work needs no line of its own.
        if style != .bar && total < 256 { return }
        bar.update(between: "\(part.rawValue) part", done, of: total, unit: "batches")
      }, shouldStop: { Interrupt.requested })
    bar.finish()
    switch outcome {
    case .finished(let result): return .finished(result, metric)
    case .interrupted(let step): return .interrupted(step: step)
    }
  }
}
