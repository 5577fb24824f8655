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
    /// `nil` where the classifier that judges was not trained yet: then nothing is there to resume.
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
    var base = FactorGANConfiguration()
    base.task = task
    let resolved = try request.resolved(base, mayChange: Self.mayChange)
    guard resolved.task == task else {
      throw ConfigurationError("task", "is \(resolved.task.rawValue), where \(task.rawValue) is trained")
    }
    return resolved
  }

  private func train(
    _ configuration: FactorGANConfiguration, _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> Outcome {
    Interrupt.install()
    // The data come first: a wrong path leaves no folder.
    let corpus = try DigitCorpus(configuration.data.path)
    try PairedDigitsData.check(pairs: configuration.data.pairs, of: corpus)
    return try RunFolder.training(request, configuration: configuration) { run in
      guard let classifier = try classifier(corpus, configuration, style) else {
        return .interrupted(update: nil)
      }
      let data = PairedDigitsData(
        corpus, pairs: configuration.data.pairs, sameClass: configuration.data.sameClass,
        noiseChannels: configuration.noiseChannels, classifier: classifier,
        random: RandomStream(seed: UInt64(configuration.seed)))
      let hidden = configuration.hiddenChannels
      var training = try FactorGANTraining<DenseGenerator, DenseDiscriminator>(
        configuration, data: data, in: run, resuming: request.resumes,
        generator: { random in
          DenseGenerator(
            .init(inputChannels: configuration.noiseChannels, hiddenChannels: hidden, outputChannels: data.parts.channels),
            random: random)
        },
        discriminator: { factor, random in
          DenseDiscriminator(
            .init(inputChannels: factor.channels(data.parts), hiddenChannels: hidden, outputChannels: 1), random: random)
        })
      if request.resumes { try run.save(configuration) }
      let outcome = try self.run(&training, configuration, data.summary, style, shouldStop)
      try FactorGANReport(run: request.folder).write()
      return outcome
    }
  }

  /// The classifier that judges: the kept one, or one trained now.
  private func classifier(
    _ corpus: DigitCorpus, _ configuration: FactorGANConfiguration, _ style: ProgressMeter.Style
  ) throws -> DigitClassifier? {
    let cache = configuration.data.cache.isEmpty ? "\(request.folder)-cache" : configuration.data.cache
    var bar: ProgressMeter?
    defer { bar?.finish() }
    return try DigitClassifierTraining(corpus: corpus, seed: configuration.seed, folder: cache).classifier { step, steps in
      let meter = bar ?? ProgressMeter(total: steps, label: "classifier", style: style)
      bar = meter
      meter.update(step)
      return !Interrupt.requested
    }
  }

  private func run<G: Network, D: Network>(
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
