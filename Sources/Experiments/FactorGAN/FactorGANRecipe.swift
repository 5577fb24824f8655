import SwiftDL
import SwiftDLModels

/// Everything `swiftdl train factor-gan` does: settings, data, folder, progress, training, report.
public struct FactorGANRecipe: Sendable {
  public let task: FactorGANTask
  private let request: RunRequest

  public init(task: FactorGANTask, _ request: RunRequest) {
    self.task = task
    self.request = request
  }

  public enum Outcome: Sendable {
    case finished(FactorGANResult)
    /// `nil` where the data were not ready yet: then nothing is there to resume.
    case interrupted(update: Int?)
  }

  /// The resolved settings, as YAML.
  public func resolvedYAML() throws -> String { try configuration().resolvedYAML }

  /// Trains, with progress on standard error, and writes the run's report.
  ///
  /// - Parameter shouldStop: asked after every update of the generator.
  public func train(
    style: ProgressMeter.Style, shouldStop: () -> Bool = { Interrupt.requested }
  ) throws -> Outcome {
    let configuration = try configuration()
    return try ComputeContext.flushingSubnormals { try train(configuration, style, shouldStop) }
  }

  /// What a resumed run may change: its length and where things lie, nothing that alters an update.
  private static let mayChange = ["epochs", "keepsGenerators", "checkpointMinutes", "data.path", "data.cache"]

  private func configuration() throws -> FactorGANConfiguration {
    let resolved = try request.resolved(FactorGANConfiguration(task: task), mayChange: Self.mayChange)
    guard resolved.task == task else {
      throw ConfigurationError("task", "is \(resolved.task.rawValue), where \(task.rawValue) is trained")
    }
    return resolved
  }

  private func train(
    _ configuration: FactorGANConfiguration, _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> Outcome {
    Interrupt.install()
    return switch task {
    case .pairedDigits: try train(PairedDigitsSetup.self, configuration, style, shouldStop)
    case .imagePairs: try train(ImagePairsSetup.self, configuration, style, shouldStop)
    case .segmentation: try train(SegmentationSetup.self, configuration, style, shouldStop)
    case .audioSeparation: try train(AudioSeparationSetup.self, configuration, style, shouldStop)
    }
  }

  private func train<Setup: FactorGANSetup>(
    _: Setup.Type, _ configuration: FactorGANConfiguration, _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> Outcome {
    try RunFolder.training(request, configuration: configuration) { run in
      guard let setup = try open(Setup.self, configuration, style) else { return .interrupted(update: nil) }
      var training = try FactorGANTraining<Setup.Generator, Setup.Discriminator>(
        configuration, data: setup.data, in: run, resuming: run.hasCheckpoint, generator: setup.generator,
        discriminator: setup.discriminator)
      if request.resumes { try run.save(configuration) }
      let outcome = try self.run(&training, configuration, setup.data.summary, style, shouldStop)
      try FactorGANReport(run: request.folder).write()
      return outcome
    }
  }

  private func open<Setup: FactorGANSetup>(
    _: Setup.Type, _ configuration: FactorGANConfiguration, _ style: ProgressMeter.Style
  ) throws -> Setup? {
    let cache = configuration.data.cache.isEmpty ? "\(request.folder)-cache" : configuration.data.cache
    var bar: ProgressMeter?
    defer { bar?.finish() }
    return try Setup.open(configuration, cache: cache) { what, done, total in
      let meter = bar ?? ProgressMeter(total: total, label: what, style: style)
      bar = meter
      meter.update(done)
      return !Interrupt.requested
    }
  }

  private func run<G: SampleGenerator, D: Network>(
    _ training: inout FactorGANTraining<G, D>, _ configuration: FactorGANConfiguration, _ summary: String,
    _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> Outcome {
    let parameters = training.parameterCounts
    var bar = EpochBar(
      style: style, unit: "updates",
      heading: "\(configuration.factorisation.rawValue), \(parameters.generator) parameters against "
        + "\(parameters.discriminators); \(summary)")
    let outcome = try training.run(
      report: { step in
        bar.update(
          "epoch \(step.epoch + 1)", step.updateOfEpoch, of: configuration.updatesPerEpoch,
          fields: ["generator_loss": step.generatorLoss, "update_seconds": step.seconds])
      }, shouldStop: shouldStop)
    bar.finish()
    switch outcome {
    case .finished(let result): return .finished(result)
    case .interrupted(let update): return .interrupted(update: update)
    }
  }
}
