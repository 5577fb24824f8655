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
  public var model: SequenceModelKind?
  public var configurationFile: String?
  public var overrides: [String]
  public let folder: String
  public var resumes: Bool
  public let programVersion: String

  public init(
    task: SequenceTask, model: SequenceModelKind? = nil, configurationFile: String? = nil, overrides: [String] = [],
    folder: String, resumes: Bool = false, programVersion: String
  ) {
    self.task = task
    self.model = model
    self.configurationFile = configurationFile
    self.overrides = overrides
    self.folder = folder
    self.resumes = resumes
    self.programVersion = programVersion
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
    if resumes {
      let record = try RunRecord(folder)
      guard record.setting("task") == task.rawValue, let preset = record.setting("preset") else {
        throw FileError(
          folder, "is a run of \(record.setting("task") ?? "another kind"), not of \(task.rawValue)",
          hint: "name its folder with --run, or its task")
      }
      return preset
    }
    if let preset = try told.value("preset") { return preset }
    let kind = model ?? .seqUNet
    guard let preset = Self.defaultPreset(task, kind, try told.value("data.path") ?? "") else {
      throw ConfigurationError(
        "preset", "no \(kind.rawValue) is published for \(task.rawValue)",
        hint: "take another --model, or name any preset with preset=")
    }
    return preset
  }

  private var told: ToldSettings {
    ToldSettings(file: configurationFile, overrides: overrides, resumed: resumes ? folder : nil)
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
    let resolved = try told.resolved(base, mayChange: Self.mayChange)
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
    let environment = RunEnvironment.computing(programVersion: programVersion)
    // The data come first: what they are decides how many symbols there are, and a wrong path leaves no folder.
    let loader = SequenceDataLoader(configuration: configuration, folder: folder, style: style)
    let data = try loader.load(&configuration)
    try configuration.validate()
    let bytes = try loader.memory(for: data, configuration)
    Interrupt.install()
    let fresh = FreshFolder(folder)
    let run =
      try resumes
      ? RunFolder.resume(folder, environment: environment, extending: true)
      : RunFolder.create(folder, configuration: configuration, environment: environment)
    do {
      var training = try SequenceTraining<N>(configuration, data: data, in: run, resuming: resumes)
      if resumes { try run.save(configuration) }
      let outcome = try self.run(&training, configuration, "\(data.summary); about \(bytes >> 20) MiB of memory", style)
      try SequenceReport(run: folder).write(as: SequenceConfiguration<N>.self)
      return outcome
    } catch {
      // Without a checkpoint there is nothing to resume: the name is free for the next attempt.
      if !resumes, try CheckpointStore(run.checkpoints).last() == nil { fresh.discard() }
      throw error
    }
  }

  private func run<N: SequenceNetwork>(
    _ training: inout SequenceTraining<N>, _ configuration: SequenceConfiguration<N>, _ summary: String,
    _ style: ProgressMeter.Style
  ) throws -> Outcome {
    let metric = configuration.task.metric
    let parameters = training.parameterCount
    var bar: ProgressMeter?
    var epoch = -1
    let outcome = try training.run(
      report: { step in
        if step.epoch != epoch {
          bar?.finish()
          let isFirst = bar == nil
          epoch = step.epoch
          bar = ProgressMeter(
            total: step.stepsOfEpoch, label: "epoch \(step.epoch + 1)", start: step.stepOfEpoch - 1, style: style)
          if isFirst {
            bar?.note("\(configuration.preset), \(parameters) parameters; \(summary)")
          }
        }
        bar?.update(
          step.stepOfEpoch,
          fields: [
            metric.name: metric.value(nats: step.meanLoss), "step_seconds": step.seconds,
            "positions_per_second": Double(step.positions) / step.seconds, "seconds_waited": step.secondsWaited,
          ])
      },
      evaluating: { part, done, total in
        // A moment's work needs no line of its own.
        if style != .bar && total < 256 { return }
        if done == 1 {
          bar?.finish()
          epoch = -1
          bar = ProgressMeter(total: total, label: "\(part.rawValue) part", unit: "batches", style: style)
        }
        bar?.update(done)
      }, shouldStop: { Interrupt.requested })
    bar?.finish()
    switch outcome {
    case .finished(let result): return .finished(result, metric)
    case .interrupted(let step): return .interrupted(step: step)
    }
  }
}
