import SwiftDL
import SwiftDLModels

/// Everything `swiftdl train adversarial-separation` does: settings, data, folder, progress, training, report.
public struct AdversarialRecipe: Sendable {
  private let request: RunRequest

  public init(_ request: RunRequest) { self.request = request }

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
    if request.resumes, try RunRecord(request.folder).setting("task") != AdversarialConfiguration.taskName {
      throw FileError(
        request.folder, "is no run of an adversarial separation", hint: "name its folder with --run, or train its own kind")
    }
    return try request.resolved(AdversarialConfiguration(), mayChange: Self.mayChange)
  }

  private func train(
    _ configuration: AdversarialConfiguration, _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> AdversarialOutcome {
    Interrupt.install()
    return try RunFolder.training(request, configuration: configuration) { run in
      var decoding: ProgressMeter?
      var training = try AdversarialTraining(configuration, in: run, resuming: run.hasCheckpoint) { done, total in
        if decoding == nil { decoding = ProgressMeter(total: total, label: "decoding", unit: "recordings", style: style) }
        decoding?.update(done)
      }
      decoding?.finish()
      // Not before the data were found: a bound or a path that leads nowhere is not remembered.
      if request.resumes { try run.save(configuration) }
      let outcome = try self.run(&training, configuration, style, shouldStop)
      try AdversarialReport(run: request.folder).write()
      return outcome
    }
  }

  private func run(
    _ training: inout AdversarialTraining, _ configuration: AdversarialConfiguration, _ style: ProgressMeter.Style,
    _ shouldStop: () -> Bool
  ) throws -> AdversarialOutcome {
    let counts = training.parameterCounts
    var bar = EpochBar(
      style: style, unit: "updates",
      heading: "\(configuration.variant.rawValue), \(counts.separator) parameters, critics \(counts.critics); "
        + training.summary)
    let outcome = try training.run(
      report: { step in
        var fields: JSONObject = ["loss": step.meanLoss, "update_seconds": step.seconds]
        if configuration.variant != .base { fields["critics_score"] = .number(step.score) }
        bar.update("epoch \(step.epoch + 1)", step.updateOfEpoch, of: step.updatesOfEpoch, fields: fields)
      }, shouldStop: shouldStop)
    bar.finish()
    return outcome
  }
}
