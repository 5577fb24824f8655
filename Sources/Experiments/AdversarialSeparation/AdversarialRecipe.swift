import SwiftDL
import SwiftDLModels

/// Everything `swiftdl train adversarial-separation` does: settings, data, folder, progress, training, report.
public struct AdversarialRecipe: Sendable {
  public var configurationFile: String?
  public var overrides: [String]
  public let folder: String
  public var resumes: Bool
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
  public func resolvedYAML() throws -> String { try configuration().resolvedYAML }

  /// Trains, with progress on standard error, and writes the run's report.
  ///
  /// - Parameter shouldStop: asked after every update of any network.
  public func train(
    style: ProgressMeter.Style, shouldStop: () -> Bool = { Interrupt.requested }
  ) throws -> AdversarialOutcome {
    let configuration = try configuration()
    guard !configuration.data.path.isEmpty else {
      throw ConfigurationError(
        "data.path", "is not set", hint: "data.path=LIST.yaml names paired songs, unpaired sources and mixtures")
    }
    return try ComputeContext.flushingSubnormals { try train(configuration, style, shouldStop) }
  }

  /// What a resumed run may change: its bounds, where things lie, and rates that proved too large.
  private static let mayChange = [
    "maximumUpdates", "patience", "checkpointMinutes", "data.path", "data.cache", "optimizer.rate", "optimizer.criticRate",
  ]

  private func configuration() throws -> AdversarialConfiguration {
    if resumes, try RunRecord(folder).setting("task") != AdversarialConfiguration.taskName {
      throw FileError(
        folder, "is no run of an adversarial separation", hint: "name its folder with --run, or train its own kind")
    }
    let told = ToldSettings(file: configurationFile, overrides: overrides, resumed: resumes ? folder : nil)
    return try told.resolved(AdversarialConfiguration(), mayChange: Self.mayChange)
  }

  private func train(
    _ configuration: AdversarialConfiguration, _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> AdversarialOutcome {
    Interrupt.install()
    let environment = RunEnvironment.computing(programVersion: programVersion)
    let fresh = FreshFolder(folder)
    let run =
      try resumes
      ? RunFolder.resume(folder, environment: environment, extending: true)
      : RunFolder.create(folder, configuration: configuration, environment: environment)
    do {
      var decoding: ProgressMeter?
      var training = try AdversarialTraining(configuration, in: run, resuming: resumes) { done, total in
        if decoding == nil { decoding = ProgressMeter(total: total, label: "decoding", unit: "recordings", style: style) }
        decoding?.update(done)
      }
      decoding?.finish()
      // Not before the data were found: a bound or a path that leads nowhere is not remembered.
      if resumes { try run.save(configuration) }
      let outcome = try self.run(&training, configuration, style, shouldStop)
      try AdversarialReport(run: folder).write()
      return outcome
    } catch {
      // Without a checkpoint there is nothing to resume: the name is free for the next attempt.
      if !resumes, try CheckpointStore(run.checkpoints).last() == nil { fresh.discard() }
      throw error
    }
  }

  private func run(
    _ training: inout AdversarialTraining, _ configuration: AdversarialConfiguration, _ style: ProgressMeter.Style,
    _ shouldStop: () -> Bool
  ) throws -> AdversarialOutcome {
    let (counts, summary) = (training.parameterCounts, training.summary)
    var bar: ProgressMeter?
    var epoch = -1
    let outcome = try training.run(
      report: { step in
        if step.epoch != epoch {
          bar?.finish()
          let isFirst = bar == nil
          epoch = step.epoch
          bar = ProgressMeter(
            total: step.updatesOfEpoch, label: "epoch \(step.epoch + 1)", start: step.updateOfEpoch - 1, unit: "updates",
            style: style)
          if isFirst {
            bar?.note(
              "\(configuration.variant.rawValue), \(counts.separator) parameters, critics \(counts.critics); \(summary)")
          }
        }
        var fields: JSONObject = ["loss": step.meanLoss, "update_seconds": step.seconds]
        if configuration.variant != .base { fields["critics_score"] = .number(step.score) }
        bar?.update(step.updateOfEpoch, fields: fields)
      }, shouldStop: shouldStop)
    bar?.finish()
    return outcome
  }
}
