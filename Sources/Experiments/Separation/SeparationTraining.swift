import Foundation
public import SwiftDL
public import SwiftDLModels

/// How the training of a separator ended.
public enum SeparationOutcome: Sendable, Equatable {
  /// The run is complete.
  case finished
  /// Somebody asked to stop; the state is saved.
  case interrupted(step: Int)
}

/// Trains a network to separate the stems of a corpus (Wave-U-Net, ISMIR 2018, section 4.2): Adam, early
/// stopping, and a second stage with a larger batch and a smaller rate.
///
/// A run's folder holds `checkpoints/last` and `checkpoints/best`, models that `swiftdl separate` takes, with
/// the state that `--resume` continues from to the same bits.
public struct SeparationTraining<N: SeparationNetwork> {
  private let configuration: SeparationConfiguration<N>
  private let folder: RunFolder
  private let data: SeparationData
  private var model: N
  /// Of the weights of all steps; absent when the last ones are wanted.
  private var average: ExponentialMovingAverage?
  private var optimizer: Adam
  private var position = SeparationProgress()
  private var lastCheckpoint = ContinuousClock.now
  private var waited = 0.0

  /// Begins a run in a new folder, or continues the one in a folder.
  ///
  /// - Parameter decoding: told tracks decoded and tracks in all, before training starts.
  public init(
    _ configuration: SeparationConfiguration<N>, in folder: RunFolder, resuming: Bool,
    decoding: (Int, Int) -> Void = { _, _ in }
  ) throws(FileError) {
    self.configuration = configuration
    self.folder = folder
    let cache = configuration.data.cache.isEmpty ? "\(folder.path)/cache" : configuration.data.cache
    data = try SeparationData(configuration, cache: cache, progress: decoding)
    model = N(configuration.model, random: RandomStream(seed: UInt64(configuration.seed)).stream("weights"))
    if !resuming && !configuration.weights.isEmpty {
      try model.load(from: SafeTensorsFile(try ModelFile.weights(configuration.weights)))
    }
    if configuration.averageDecay > 0 { average = ExponentialMovingAverage(of: model, decay: configuration.averageDecay) }
    optimizer = Adam(learningRate: configuration.optimizer.rate)
    if resuming { try restore() }
  }

  /// Steps taken so far.
  public var step: Int { position.step }
  public var parameterCount: Int { model.parameterCount }

  // MARK: - The loop

  /// Trains until the run is complete or `shouldStop` says so, which is asked after every step.
  ///
  /// - Throws: `FileError` when files fail or the loss stops being a number; the last good state is saved.
  public mutating func run(
    report: (SeparationStep) -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws -> SeparationOutcome {
    while position.stage != .finished {
      guard try runEpoch(report: report, shouldStop: shouldStop) else {
        try save(isBest: false)
        return .interrupted(step: position.step)
      }
      let started = ContinuousClock.now
      let trainingLoss = position.lossOfEpoch / Double(max(1, position.stepOfEpoch))
      let validationLoss = data.validation != nil ? validate() : trainingLoss
      let stage = position.stage.rawValue
      let isBest = position.endEpoch(validationLoss: validationLoss)
      try folder.log([
        "step": position.step, "epoch": position.epoch, "stage": stage, "train_loss": trainingLoss,
        "valid_loss": validationLoss, "is_best": isBest,
        "validation_seconds": (ContinuousClock.now - started).seconds,
      ])
      position.advanceStage(configuration)
      try save(isBest: isBest)
    }
    try folder.finish([
      "step": position.step, "epochs": position.epoch, "best_valid_loss": position.bestLoss ?? .nan,
      "parameters": model.parameterCount,
    ])
    return .finished
  }

  /// Trains to the end of the epoch. Returns false when asked to stop before it.
  private mutating func runEpoch(
    report: (SeparationStep) -> Void, shouldStop: () -> Bool
  ) throws -> Bool {
    let batchSize = position.stage == .second ? configuration.secondStage.batchSize : configuration.batchSize
    var last = configuration.stepsPerEpoch
    if configuration.maximumSteps > 0 {
      last = min(last, position.stepOfEpoch + configuration.maximumSteps - position.step)
    }
    guard position.stepOfEpoch < last else { return true }
    let (data, epoch) = (data, position.epoch)
    let batches = Prefetcher(position.stepOfEpoch..<last, ahead: 2) { step in
      data.batch(epoch: epoch, step: step, size: batchSize)
    }
    defer { batches.stop() }
    while let batch = try batches.next() {
      let started = ContinuousClock.now
      var (value, gradients) = gradients(batch, step: position.step)
      let norm = gradients.norm
      guard value.isFinite && norm.isFinite else {
        try save(isBest: false)
        throw FileError(
          folder.path, "the loss stopped being a number at step \(position.step + 1)",
          hint: "the state before it is saved; resume with a smaller optimizer.rate or an optimizer.clipNorm")
      }
      let limit = configuration.optimizer.clipNorm
      if limit > 0 { gradients.clip(toGlobalNorm: limit) }
      optimizer.learningRate = learningRate
      optimizer.update(&model, with: gradients)
      average?.update(from: model)
      position.step += 1
      position.stepOfEpoch += 1
      position.lossOfEpoch += value
      let seconds = (ContinuousClock.now - started).seconds
      report(
        SeparationStep(
          step: position.step, epoch: position.epoch, stage: position.stage.rawValue,
          stepOfEpoch: position.stepOfEpoch, stepsOfEpoch: last, loss: value,
          meanLoss: position.lossOfEpoch / Double(position.stepOfEpoch), gradientNorm: norm, seconds: seconds,
          secondsWaited: batches.secondsWaited,
          secondsOfAudio: Double(batchSize * data.window.output) / Double(configuration.model.sampleRate)))
      if position.step % 10 == 0 || position.stepOfEpoch == last {
        try folder.log([
          "step": position.step, "loss": value, "gradient_norm": Double(norm), "step_seconds": seconds,
        ])
      }
      if shouldStop() && position.stepOfEpoch < last { return false }
      if ContinuousClock.now - lastCheckpoint > .seconds(configuration.checkpointMinutes * 60) {
        try save(isBest: false)
      }
    }
    return true
  }

  /// The mean loss over a batch and its gradients, computed in as many parts as the settings say.
  private mutating func gradients(_ batch: SeparationBatch, step: Int) -> (loss: Double, gradients: ParameterValues) {
    let (loss, parts) = (configuration.loss, batch.split(into: configuration.accumulation))
    let random = RandomStream(seed: UInt64(configuration.seed)).stream("dropout").stream(step)
    var total = 0.0
    var sum = ParameterValues()
    for (index, part) in parts.enumerated() {
      let context = Context(training: true, random: random.stream(index))
      let (value, gradients) = valueAndGradients(of: model) { loss.mean($0, part, context) }
      context.applyUpdates(to: &model)
      total += Double(value.scalar)
      sum += gradients
    }
    if parts.count > 1 { sum *= 1 / Float(parts.count) }
    return (total / Double(parts.count), sum)
  }

  /// The step size of the next update.
  private var learningRate: Float {
    let settings = configuration.optimizer
    if position.stage == .second { return configuration.secondStage.rate }
    let period =
      switch settings.schedule {
      case .constant: Int.max
      case .cosine: configuration.maximumSteps
      case .restarts: configuration.stepsPerEpoch / settings.fallsPerEpoch
      }
    let falling = CosineRestarts(rate: settings.rate, minimum: settings.lowestRate, period: period)
    let warmUp = LinearWarmUp(steps: settings.warmupSteps, followedBy: ConstantRate(settings.rate))
    return warmUp.learningRate(at: position.step) / settings.rate * falling.learningRate(at: position.step)
  }

  /// The mean loss over the validation windows.
  private func validate() -> Double {
    let model = saved
    var total = 0.0
    var windows = 0
    for batch in data.validationBatches(size: configuration.batchSize) {
      let items = batch.mixture.shape[0]
      total += Double(configuration.loss.mean(model, batch, .inference).scalar) * Double(items)
      windows += items
    }
    return total / Double(max(1, windows))
  }

  // MARK: - Checkpoints

  /// The model people are to use.
  private var saved: N { average?.applied(to: model) ?? model }

  private mutating func save(isBest: Bool) throws(FileError) {
    lastCheckpoint = .now
    var state = TrainingState(
      step: position.step, epoch: position.epoch, stepOfEpoch: position.stepOfEpoch, adam: optimizer.state,
      progress: position)
    if average != nil { state.values["weights"] = model.parameters.map(\.detached) }
    try checkpoints.write(saved, state, metadata: ModelFile.metadata(of: model), isBest: isBest)
  }

  private mutating func restore() throws(FileError) {
    guard let last = try checkpoints.last() else {
      throw FileError(folder.path, "this run has no checkpoint", hint: "delete the folder and start again")
    }
    let state = try Checkpoint.read(into: &model, from: last)
    (optimizer.state, position) = try state.progress(as: SeparationProgress.self, last, of: "separation")
    if average != nil {
      // The file's weights are the average; those that are trained lie beside it.
      average?.values = model.parameters.map(\.detached)
      let trained = state.values["weights"]
      model = model.mapParameters { path, averaged in trained?[path] ?? averaged }
    }
    // A finished run goes on when its bounds were raised.
    if position.stage == .finished { position.stage = position.lastStage }
    position.advanceStage(configuration)
    try folder.rewind(toStep: position.step)
  }

  private var checkpoints: CheckpointStore { CheckpointStore(folder.checkpoints) }
}

/// What is known after a training step.
public struct SeparationStep: Sendable {
  public let step: Int
  public let epoch: Int
  public let stage: Int
  public let stepOfEpoch: Int
  public let stepsOfEpoch: Int
  public let loss: Double
  /// The mean over the epoch so far.
  public let meanLoss: Double
  public let gradientNorm: Float
  /// Seconds of computing, without waiting for data.
  public let seconds: Double
  /// Seconds this epoch has waited for data.
  public let secondsWaited: Double
  /// Seconds of audio separated in the step.
  public let secondsOfAudio: Double
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
