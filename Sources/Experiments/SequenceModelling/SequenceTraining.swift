import Foundation
import SwiftDL
public import SwiftDLModels

/// Trains a sequence network to predict what follows (Seq-U-Net, IJCAI 2020, section 4): Adam, a rate that is
/// halved when validation worsens, and the best weights of the validation for the test.
///
/// A run's folder holds `checkpoints/last` and `checkpoints/best`, models that `swiftdl generate` takes, with
/// the state that `--resume` continues from to the same bits.
public struct SequenceTraining<N: SequenceNetwork> {
  public enum Outcome: Sendable, Equatable {
    /// The run is complete.
    case finished(SequenceResult)
    /// Somebody asked to stop; the state is saved.
    case interrupted(step: Int)
  }

  private let configuration: SequenceConfiguration<N>
  private let folder: RunFolder
  private let data: any SequenceDataSet
  private var model: N
  private var optimizer: Adam
  private var position: SequenceProgress
  private var lastCheckpoint = ContinuousClock.now

  /// Begins a run in a new folder, or continues the one in a folder.
  init(
    _ configuration: SequenceConfiguration<N>, data: any SequenceDataSet, in folder: RunFolder, resuming: Bool
  ) throws(FileError) {
    self.configuration = configuration
    self.folder = folder
    self.data = data
    model = N(configuration.model, random: RandomStream(seed: UInt64(configuration.seed)).stream("weights"))
    optimizer = Adam(learningRate: configuration.optimizer.rate)
    position = SequenceProgress(rate: configuration.optimizer.rate)
    if resuming { try restore() }
  }

  public var parameterCount: Int { model.parameterCount }

  // MARK: - The loop

  /// Trains until the run is complete or `shouldStop` says so, which is asked after every step; then tests the
  /// best weights.
  ///
  /// - Parameter evaluating: told a part that is being evaluated, batches done and batches in all.
  /// - Throws: `FileError` when files fail or the loss stops being a number; the last good state is saved.
  public mutating func run(
    report: (SequenceStep) -> Void = { _ in }, evaluating: (Split, Int, Int) -> Void = { _, _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws -> Outcome {
    while !position.isFinished {
      guard try runEpoch(report: report, shouldStop: shouldStop) else {
        try save(isBest: false)
        return .interrupted(step: position.step)
      }
      let (trainingLoss, rate) = (position.meanLoss, position.rate)
      let started = ContinuousClock.now
      let valid = evaluate(.validation, evaluating)
      guard valid.nats.isFinite else { throw try divergence() }
      let isBest = position.endEpoch(validationLoss: valid.nats, configuration.optimizer)
      let metric = configuration.task.metric
      var line: JSONObject = [
        "step": position.step, "epoch": position.epoch, "train_loss": trainingLoss, "valid_loss": valid.nats,
        "valid_metric": metric.value(nats: valid.nats), "learning_rate": Double(rate), "is_best": isBest,
        "train_seconds": position.seconds, "validation_seconds": (ContinuousClock.now - started).seconds,
      ]
      if let accuracy = valid.accuracy { line["valid_accuracy"] = .number(accuracy) }
      try folder.log(line)
      position.isFinished =
        position.epoch >= configuration.epochs || isAtBound
        || (configuration.patience > 0 && position.epochsWithoutImprovement >= configuration.patience)
      try save(isBest: isBest)
    }
    return .finished(try finish(evaluating))
  }

  private var isAtBound: Bool {
    (configuration.maximumSteps > 0 && position.step >= configuration.maximumSteps)
      || (configuration.maximumSeconds > 0 && position.seconds >= configuration.maximumSeconds)
  }

  /// Trains to the end of the epoch, or to a bound. Returns false when asked to stop before it.
  private mutating func runEpoch(report: (SequenceStep) -> Void, shouldStop: () -> Bool) throws -> Bool {
    let steps = configuration.stepsPerEpoch > 0 ? configuration.stepsPerEpoch : data.stepsPerEpoch
    var last = steps
    if configuration.maximumSteps > 0 {
      last = min(last, position.stepOfEpoch + configuration.maximumSteps - position.step)
    }
    guard position.stepOfEpoch < last else { return true }
    let (data, epoch) = (data, position.epoch)
    let dropout = RandomStream(seed: UInt64(configuration.seed)).stream("dropout")
    let batches = Prefetcher(position.stepOfEpoch..<last, ahead: 8) { step in
      // A run's epochs may be shorter or longer than a pass over the data.
      let place = epoch * steps + step
      return data.batch(epoch: place / data.stepsPerEpoch, step: place % data.stepsPerEpoch)
    }
    defer { batches.stop() }
    optimizer.learningRate = position.rate
    while let batch = try batches.next() {
      let started = ContinuousClock.now
      let context = Context(training: true, random: dropout.stream(position.step))
      var (objective, gradients) = valueAndGradients(of: model) { batch.objective($0(batch.input, context)) }
      let value = batch.nats(objective: Double(objective.scalar))
      // Clipping works the norm out; without it, the loss tells of the step before.
      let norm = configuration.optimizer.clipNorm > 0 ? gradients.clip(toGlobalNorm: configuration.optimizer.clipNorm) : 0
      guard value.isFinite && norm.isFinite else { throw try divergence() }
      optimizer.update(&model, with: gradients)
      position.step += 1
      position.stepOfEpoch += 1
      position.lossOfEpoch += value * Double(batch.positions)
      position.positionsOfEpoch += batch.positions
      let seconds = (ContinuousClock.now - started).seconds
      position.seconds += seconds
      report(
        SequenceStep(
          step: position.step, epoch: position.epoch, stepOfEpoch: position.stepOfEpoch, stepsOfEpoch: last,
          meanLoss: position.meanLoss, seconds: seconds, positions: batch.positions,
          secondsWaited: batches.secondsWaited))
      if position.step % 50 == 0 || position.stepOfEpoch == last {
        try folder.log(["step": position.step, "loss": value, "step_seconds": seconds])
      }
      if position.stepOfEpoch < last {
        if isAtBound { return true }
        if shouldStop() { return false }
        if ContinuousClock.now - lastCheckpoint > .seconds(configuration.checkpointMinutes * 60) {
          try save(isBest: false)
        }
      }
    }
    return true
  }

  /// Keeps the last weights whose loss was a number.
  private mutating func divergence() throws -> FileError {
    let isSound = model.parameters.tensors.allSatisfy { $0.scalars.allSatisfy(\.isFinite) }
    if isSound { try save(isBest: false) }
    let hint = isSound ? "the state before it is saved; resume" : "the last checkpoint is sound; resume from it"
    return FileError(
      folder.path, "the loss stopped being a number at step \(position.step + 1)",
      hint: "\(hint) with a smaller optimizer.rate or an optimizer.clipNorm")
  }

  // MARK: - Evaluation

  /// Rows of the training part that its figure is taken from, evenly spread: all of a large text would take as long
  /// as a third of an epoch, for one more digit.
  private static var trainingRows: Int { 4096 }

  /// The mean loss over a part of the data, in nats per scored position.
  private func evaluate(
    _ part: Split, _ evaluating: (Split, Int, Int) -> Void
  ) -> SequenceScore {
    var batches = configuration.evaluationBatches
    if part == .train && batches == 0 { batches = max(1, Self.trainingRows / configuration.batchSize) }
    return SequenceScore(of: model, on: data, part, batches: batches) { evaluating(part, $0, $1) }
  }

  private mutating func finish(_ evaluating: (Split, Int, Int) -> Void) throws -> SequenceResult {
    if let best = checkpoints.best() { _ = try Checkpoint.read(into: &model, from: best) }
    let (test, train) = (evaluate(.test, evaluating), evaluate(.train, evaluating))
    let metric = configuration.task.metric
    let best = position.bestLoss ?? .nan
    let result = SequenceResult(
      step: position.step, epochs: position.epoch, trainingSeconds: position.seconds,
      validation: metric.value(nats: best), test: metric.value(nats: test.nats), accuracy: test.accuracy)
    var summary: JSONObject = [
      "step": result.step, "epochs": result.epochs, "parameters": model.parameterCount, "metric": metric.name,
      "valid_loss": best, "valid_metric": result.validation, "test_loss": test.nats, "test_metric": result.test,
      "test_positions": test.positions, "train_loss": train.nats, "train_metric": metric.value(nats: train.nats),
      "train_seconds": result.trainingSeconds,
    ]
    if let accuracy = test.accuracy { summary["test_accuracy"] = .number(accuracy) }
    try folder.finish(summary)
    return result
  }

  // MARK: - Checkpoints

  private mutating func save(isBest: Bool) throws(FileError) {
    lastCheckpoint = .now
    let state = TrainingState(
      step: position.step, epoch: position.epoch, stepOfEpoch: position.stepOfEpoch, adam: optimizer.state,
      progress: position)
    var metadata = ModelFile.metadata(of: model)
    metadata["task"] = configuration.task.rawValue
    if let vocabulary = data.vocabulary { metadata["vocabulary"] = vocabulary.json }
    try checkpoints.write(model, state, metadata: metadata, isBest: isBest)
  }

  private mutating func restore() throws(FileError) {
    guard let last = try checkpoints.last() else {
      throw FileError(folder.path, "this run has no checkpoint", hint: "delete the folder and start again")
    }
    let state = try Checkpoint.read(into: &model, from: last)
    (optimizer.state, position) = try state.progress(as: SequenceProgress.self, last, of: "sequence")
    // A finished run goes on when its bounds were raised.
    if position.isFinished { position.isFinished = position.epoch >= configuration.epochs || isAtBound }
    try folder.rewind(toStep: position.step)
  }

  private var checkpoints: CheckpointStore { CheckpointStore(folder.checkpoints) }
}

/// What is known after a training step.
public struct SequenceStep: Sendable {
  public let step: Int
  public let epoch: Int
  public let stepOfEpoch: Int
  public let stepsOfEpoch: Int
  /// The mean over the epoch so far, in nats.
  public let meanLoss: Double
  /// Seconds of computing, without waiting for data.
  public let seconds: Double
  public let positions: Int
  /// Seconds this epoch has waited for data.
  public let secondsWaited: Double
}

/// What a run is remembered by; figures in the task's metric.
public struct SequenceResult: Sendable, Equatable {
  public let step: Int
  public let epochs: Int
  public let trainingSeconds: Double
  /// Of the epoch that was best on the validation part.
  public let validation: Double
  public let test: Double
  public let accuracy: Double?
}
