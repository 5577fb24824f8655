import SwiftDL
import SwiftDLModels

/// Everything `swiftdl train separation` does: settings, folder, progress, training, report.
public struct SeparationRecipe {
  public let configurationFile: String?
  public let overrides: [String]
  public let folder: String
  public let resumes: Bool
  public let programVersion: String

  public init(
    configurationFile: String? = nil, overrides: [String] = [], folder: String, resumes: Bool = false,
    programVersion: String
  ) {
    self.configurationFile = configurationFile
    self.overrides = overrides
    self.folder = folder
    self.resumes = resumes
    self.programVersion = programVersion
  }

  /// The resolved settings, as YAML.
  public func resolvedYAML() throws -> String {
    func text<N: SeparationNetwork>(_ kind: N.Type) throws -> String { try configuration(kind).resolvedYAML }
    return try text(try kind())
  }

  /// Trains, with progress on standard error, and writes the run's report.
  public func train(style: ProgressMeter.Style) throws -> SeparationOutcome {
    func run<N: SeparationNetwork>(_ kind: N.Type) throws -> SeparationOutcome { try train(kind, style) }
    return try ComputeContext.flushingSubnormals { try run(try kind()) }
  }

  // MARK: - Settings

  private var told: ToldSettings {
    ToldSettings(file: configurationFile, overrides: overrides, resumed: resumes ? folder : nil)
  }

  /// The preset: of the run when it is resumed, as told, or the paper's first.
  private func preset() throws -> String {
    if resumes {
      let record = try RunRecord(folder)
      guard record.setting("task") == nil, let preset = record.setting("preset") else {
        throw FileError(folder, "is no run of a separation", hint: "name its folder with --run, or its task")
      }
      return preset
    }
    return try told.value("preset") ?? "wave-u-net-m1"
  }

  /// The type of network that has the preset.
  private func kind() throws -> any SeparationNetwork.Type {
    let name = try preset()
    guard let kind = try ModelFile.kind(ofPreset: name) as? any SeparationNetwork.Type else {
      throw ConfigurationError("preset", "\(name) is no network that separates", hint: "wave-u-net ones are")
    }
    return kind
  }

  private func configuration<N: SeparationNetwork>(_ kind: N.Type) throws -> SeparationConfiguration<N> {
    try told.resolved(
      SeparationConfiguration<N>(preset: try preset()),
      mayChange: ["maximumSteps", "patience", "checkpointMinutes", "data.path", "data.cache"])
  }

  /// Whether the settings take a run further than it was to go.
  private func isExtended<N>(_ configuration: SeparationConfiguration<N>) throws -> Bool {
    let before = try ConfigurationLoader.load(
      SeparationConfiguration<N>.self, base: SeparationConfiguration(preset: try preset()),
      file: RunFiles.configuration(folder))
    return configuration.maximumSteps != before.maximumSteps || configuration.patience > before.patience
  }

  // MARK: - Training

  private func train<N: SeparationNetwork>(_ kind: N.Type, _ style: ProgressMeter.Style) throws -> SeparationOutcome {
    let configuration = try configuration(kind)
    guard !configuration.data.path.isEmpty else {
      throw ConfigurationError(
        "data.path", "is not set", hint: "data.path=FOLDER names a corpus; `swiftdl data synth` makes one to try")
    }
    let environment = RunEnvironment.computing(programVersion: programVersion)
    let fresh = FreshFolder(folder)
    let run =
      try resumes
      ? RunFolder.resume(
        folder, environment: environment, extending: try isExtended(configuration))
      : RunFolder.create(folder, configuration: configuration, environment: environment)
    do {
      return try train(configuration, in: run, style: style)
    } catch {
      // Without a checkpoint there is nothing to resume: the name is free for the next attempt.
      if !resumes, try CheckpointStore(run.checkpoints).last() == nil { fresh.discard() }
      throw error
    }
  }

  private func train<N>(
    _ configuration: SeparationConfiguration<N>, in run: RunFolder, style: ProgressMeter.Style
  ) throws -> SeparationOutcome {
    Interrupt.install()
    var decoding: ProgressMeter?
    var training = try SeparationTraining<N>(configuration, in: run, resuming: resumes) { done, total in
      if decoding == nil { decoding = ProgressMeter(total: total, label: "decoding", unit: "tracks", style: style) }
      decoding?.update(done)
    }
    decoding?.finish()
    // Not before the data were found: a bound or a path that leads nowhere is not remembered.
    if resumes { try run.save(configuration) }
    var bar: ProgressMeter?
    var epoch = -1
    let outcome = try training.run(
      report: { step in
        if step.epoch != epoch {
          bar?.finish()
          epoch = step.epoch
          bar = ProgressMeter(
            total: step.stepsOfEpoch, label: "stage \(step.stage) epoch \(step.epoch + 1)",
            start: step.stepOfEpoch - 1, style: style)
        }
        bar?.update(
          step.stepOfEpoch,
          fields: [
            "loss": step.meanLoss, "step_seconds": step.seconds,
            "audio_seconds_per_second": step.secondsOfAudio / step.seconds, "seconds_waited": step.secondsWaited,
          ])
      }, shouldStop: { Interrupt.requested })
    bar?.finish()
    try SeparationReport(run: folder).write()
    return outcome
  }
}
