import SwiftDL
import SwiftDLModels

/// Everything `swiftdl train separation` does: settings, folder, progress, training, report.
public struct SeparationRecipe {
  private let request: RunRequest

  public init(_ request: RunRequest) { self.request = request }

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

  /// The preset: of the run when it is resumed, as told, or the paper's first.
  private func preset() throws -> String {
    if request.resumes {
      let record = try RunRecord(request.folder)
      guard record.setting("task") == nil, let preset = record.setting("preset") else {
        throw FileError(request.folder, "is no run of a separation", hint: "name its folder with --run, or its task")
      }
      return preset
    }
    return try request.value("preset") ?? "wave-u-net-m1"
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
    try request.resolved(
      SeparationConfiguration<N>(preset: try preset()),
      mayChange: ["maximumSteps", "patience", "checkpointMinutes", "data.path", "data.cache"])
  }

  /// Whether the settings take a run further than it was to go.
  private func isExtended<N>(_ configuration: SeparationConfiguration<N>) throws -> Bool {
    let before = try ConfigurationLoader.load(
      SeparationConfiguration<N>.self, base: SeparationConfiguration(preset: try preset()),
      file: RunFiles.configuration(request.folder))
    return configuration.maximumSteps != before.maximumSteps || configuration.patience > before.patience
  }

  // MARK: - Training

  private func train<N: SeparationNetwork>(_ kind: N.Type, _ style: ProgressMeter.Style) throws -> SeparationOutcome {
    let configuration = try configuration(kind)
    guard !configuration.data.path.isEmpty else {
      throw ConfigurationError(
        "data.path", "is not set", hint: "data.path=FOLDER names a corpus; `swiftdl data synth` makes one to try")
    }
    let isExtended = try request.resumes && isExtended(configuration)
    return try RunFolder.training(request, configuration: configuration, extending: isExtended) {
      try train(configuration, in: $0, style: style)
    }
  }

  private func train<N>(
    _ configuration: SeparationConfiguration<N>, in run: RunFolder, style: ProgressMeter.Style
  ) throws -> SeparationOutcome {
    Interrupt.install()
    var decoding: ProgressMeter?
    var training = try SeparationTraining<N>(configuration, in: run, resuming: run.hasCheckpoint) { done, total in
      if decoding == nil { decoding = ProgressMeter(total: total, label: "decoding", unit: "tracks", style: style) }
      decoding?.update(done)
    }
    decoding?.finish()
    // Not before the data were found: a bound or a path that leads nowhere is not remembered.
    if request.resumes { try run.save(configuration) }
    var bar = EpochBar(style: style)
    let outcome = try training.run(
      report: { step in
        bar.update(
          "stage \(step.stage) epoch \(step.epoch + 1)", step.stepOfEpoch, of: step.stepsOfEpoch,
          fields: [
            "loss": step.meanLoss, "step_seconds": step.seconds,
            "audio_seconds_per_second": step.secondsOfAudio / step.seconds, "seconds_waited": step.secondsWaited,
          ])
      }, shouldStop: { Interrupt.requested })
    bar.finish()
    try SeparationReport(run: request.folder).write()
    return outcome
  }
}
