import SwiftDL

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

  /// The resolved settings: of the run in the folder when resuming, of the preset otherwise.
  public func configuration() throws -> SeparationConfiguration {
    if resumes {
      let before = try RunRecord(folder).configuration(as: SeparationConfiguration.self)
      let now = try ConfigurationLoader.load(
        SeparationConfiguration.self, base: before, file: configurationFile, overrides: overrides)
      if let change = now.differences(from: before).first(where: { !Self.mayChange($0.key) }) {
        throw ConfigurationError(
          change.key, "was \(change.other.text) when the run began and cannot become \(change.value.text)",
          hint: "leave it out, or start a new run with another --run")
      }
      return now
    }
    // The preset decides the defaults, so it is looked up first.
    let first = try ConfigurationLoader.load(
      SeparationConfiguration.self, file: configurationFile, overrides: overrides)
    return try ConfigurationLoader.load(
      SeparationConfiguration.self, base: SeparationConfiguration(preset: first.preset),
      file: configurationFile, overrides: overrides)
  }

  /// What a resumed run may change: its bounds and where things lie, nothing that alters a step.
  private static func mayChange(_ key: String) -> Bool {
    ["maximumSteps", "patience", "checkpointMinutes", "data.path", "data.cache"].contains(key)
  }

  /// Whether the settings take a run further than it was to go.
  private func isExtended(_ configuration: SeparationConfiguration) throws -> Bool {
    let before = try RunRecord(folder).configuration(as: SeparationConfiguration.self)
    return configuration.maximumSteps != before.maximumSteps || configuration.patience > before.patience
  }

  /// Trains, with progress on standard error, and writes the run's report.
  public func train(style: ProgressMeter.Style) throws -> SeparationTraining.Outcome {
    let configuration = try configuration()
    guard !configuration.data.path.isEmpty else {
      throw ConfigurationError(
        "data.path", "is not set", hint: "data.path=FOLDER names a corpus; `swiftdl data synth` makes one to try")
    }
    let environment = RunEnvironment.current(
      programVersion: programVersion,
      adding: [
        "instruction_set": ComputeContext.current.instructionSet, "threads": ComputeContext.current.threads,
        "precision": ComputeContext.current.precision.rawValue,
      ])
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

  private func train(
    _ configuration: SeparationConfiguration, in run: RunFolder, style: ProgressMeter.Style
  ) throws -> SeparationTraining.Outcome {
    Interrupt.install()
    var decoding: ProgressMeter?
    var training = try SeparationTraining(configuration, in: run, resuming: resumes) { done, total in
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
