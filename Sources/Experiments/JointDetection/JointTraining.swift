import Foundation
public import SwiftDL
import SwiftDLModels

/// Trains one network to find singing, in labelled recordings, and to separate it, in songs with their stems: every step
/// takes a batch of each, and all weights below the heads are shared. Or one of both alone, for comparison.
///
/// A run's folder holds `checkpoints/last`, with the state that `--resume` continues from to the same bits, and the models
/// that were best on the validation parts, `best-detection.safetensors` by the area under the receiver operating
/// characteristic and `best-separation.safetensors` by the squared error. Stoller, Ewert, Dixon, "Jointly detecting and
/// separating singing voice: a multi-task approach", LVA/ICA 2018.
public struct JointTraining {
  public enum Outcome: Sendable, Equatable {
    /// The run is complete.
    case finished(JointResult)
    /// Somebody asked to stop; the state is saved.
    case interrupted(step: Int)
  }

  private let configuration: JointConfiguration
  private let folder: RunFolder
  private let data: JointData
  private var model: VoiceSeparator
  private var optimizer: Adam
  private var position = JointProgress()
  private var lastCheckpoint = ContinuousClock.now

  /// Begins a run in a new folder, or continues the one in a folder.
  ///
  /// - Parameter decoding: told recordings decoded and all, before training starts.
  public init(
    _ configuration: JointConfiguration, in folder: RunFolder, resuming: Bool, decoding: (Int, Int) -> Void = { _, _ in }
  ) throws(FileError) {
    self.configuration = configuration
    self.folder = folder
    let cache = configuration.data.cache.isEmpty ? "\(folder.path)/cache" : configuration.data.cache
    data = try JointData(configuration, cache: cache, progress: decoding)
    model = VoiceSeparator(
      configuration.model, random: RandomStream(seed: UInt64(configuration.seed)).stream("weights"))
    optimizer = Adam(learningRate: configuration.optimizer.rate)
    if resuming { try restore() }
  }

  public var parameterCount: Int { model.parameterCount }
  /// Lines about the data.
  public var dataSummary: [String] { data.summary }

  // MARK: - The loop

  /// Trains until the run is complete or `shouldStop` says so, which is asked after every step.
  ///
  /// - Throws: `FileError` when files fail or a loss stops being a number; the last good state is saved.
  public mutating func run(
    report: (JointStep) -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws -> Outcome {
    while !position.isFinished {
      guard try runUntilEvaluation(report: report, shouldStop: shouldStop) else {
        try save()
        return .interrupted(step: position.step)
      }
      try evaluate()
      position.isFinished = isAtEnd
      try save()
    }
    let result = JointResult(steps: position.step, bestArea: position.bestArea, bestError: position.bestError)
    try folder.finish([
      "step": result.steps, "best_auroc": result.bestArea, "best_mse": result.bestError, "parameters": parameterCount,
      "train_seconds": position.seconds,
    ])
    return .finished(result)
  }

  private var isAtEnd: Bool {
    position.evaluationsWithoutImprovement >= configuration.patience
      || configuration.maximumSteps > 0 && position.step >= configuration.maximumSteps
  }

  /// The step of the next evaluation.
  private var nextEvaluation: Int {
    let next = (position.step / configuration.stepsPerEvaluation + 1) * configuration.stepsPerEvaluation
    return configuration.maximumSteps > 0 ? min(next, max(position.step, configuration.maximumSteps)) : next
  }

  /// Returns false when asked to stop before the evaluation.
  private mutating func runUntilEvaluation(report: (JointStep) -> Void, shouldStop: () -> Bool) throws -> Bool {
    let first = position.step / configuration.stepsPerEvaluation * configuration.stepsPerEvaluation
    let last = nextEvaluation
    let (data, size) = (data, configuration.batchSize)
    let batches = Prefetcher(position.step..<last, ahead: 2) { step in
      (data.songs(step: step, size: size), data.recordings(step: step, size: size))
    }
    defer { batches.stop() }
    while let (songs, recordings) = try batches.next() {
      let started = ContinuousClock.now
      let (gradients, separation, detection) = gradients(songs, recordings)
      guard separation.isFinite && detection.isFinite && gradients.norm.isFinite else {
        try save()
        throw FileError(
          folder.path, "the loss stopped being a number at step \(position.step + 1)",
          hint: "the state before it is saved; resume with a smaller optimizer.rate")
      }
      optimizer.learningRate = learningRate
      optimizer.update(&model, with: gradients)
      position.step += 1
      position.separationLoss += separation
      position.detectionLoss += detection
      let seconds = (ContinuousClock.now - started).seconds
      position.seconds += seconds
      position.stepsOfLosses += 1
      let steps = Double(position.stepsOfLosses)
      report(
        JointStep(
          step: position.step, stepOfEvaluation: position.step - first, stepsOfEvaluation: last - first,
          evaluations: position.evaluations, separationLoss: songs.map { _ in position.separationLoss / steps },
          detectionLoss: recordings.map { _ in position.detectionLoss / steps }, seconds: seconds))
      if position.step % 10 == 0 || position.step == last {
        var line: JSONObject = ["step": position.step]
        if songs != nil { line["separation_loss"] = .number(separation) }
        if recordings != nil { line["detection_loss"] = .number(detection) }
        line["step_seconds"] = .number(seconds)
        try folder.log(line)
      }
      if position.step < last {
        if shouldStop() { return false }
        if ContinuousClock.now - lastCheckpoint > .seconds(configuration.checkpointMinutes * 60) { try save() }
      }
    }
    return true
  }

  /// The gradients of the objective, and the losses. One batch after the other: their gradients add up, and memory is that
  /// of one.
  private func gradients(
    _ songs: SingingBatch?, _ recordings: LabelledBatch?
  ) -> (gradients: ParameterValues, separation: Double, detection: Double) {
    var sum = ParameterValues()
    var (separation, detection) = (0.0, 0.0)
    let weight = configuration.objective == .joint ? configuration.separationWeight : 1
    if let songs {
      let (loss, gradients) = valueAndGradients(of: model) { JointLoss.separation($0, songs) * weight }
      separation = Double(loss.scalar / weight)
      sum += gradients
    }
    if let recordings {
      let weight = configuration.objective == .joint ? 1 - weight : 1
      let (loss, gradients) = valueAndGradients(of: model) { JointLoss.detection($0, recordings) * weight }
      detection = Double(loss.scalar / weight)
      sum += gradients
    }
    return (sum, separation, detection)
  }

  private var learningRate: Float {
    let settings = configuration.optimizer
    guard settings.lowestRate > 0 else { return settings.rate }
    return CosineRestarts(rate: settings.rate, minimum: settings.lowestRate, period: configuration.maximumSteps)
      .learningRate(at: position.step)
  }

  // MARK: - Evaluation

  private mutating func evaluate() throws {
    let started = ContinuousClock.now
    let steps = Double(max(1, position.stepsOfLosses))
    var line: JSONObject = ["step": position.step]
    if configuration.objective != .detection { line["train_separation_loss"] = .number(position.separationLoss / steps) }
    if configuration.objective != .separation { line["train_detection_loss"] = .number(position.detectionLoss / steps) }
    let found = figures()
    let best = position.note(found)
    if let error = found.error { line["valid_mse"] = .number(error) }
    if let area = found.area { line["valid_auroc"] = .number(area) }
    line["is_best_mse"] = .bool(best.error)
    line["is_best_auroc"] = .bool(best.area)
    line["validation_seconds"] = .number((ContinuousClock.now - started).seconds)
    try folder.log(line)
    for (isBest, name) in [(best.area, JointFiles.bestDetection), (best.error, JointFiles.bestSeparation)] where isBest {
      try ModelFile.save(
        model.network, to: "\(folder.path)/\(name)", metadata: ["step": "\(position.step)"])
    }
  }

  /// Over the validation parts.
  private func figures() -> JointFigures {
    var found = JointFigures()
    if configuration.objective != .detection {
      var (sum, windows) = (0.0, 0)
      for batch in data.validationSongs(size: configuration.batchSize) {
        let count = batch.mixture.shape[0]
        sum += Double(JointLoss.separation(model, batch).scalar) * Double(count)
        windows += count
      }
      found.error = sum / Double(max(1, windows))
    }
    if configuration.objective != .separation {
      var (scores, truth): ([Float], [Bool]) = ([], [])
      for batch in data.validationRecordings(size: configuration.batchSize) {
        scores += model.logits(ofMagnitudes: model.magnitudes(batch.mixture)).singing.scalars
        truth += batch.singing.scalars.map { $0 == 1 }
      }
      found.area = RankedArea(scores: scores, isPositive: truth)?.value
    }
    return found
  }

  // MARK: - Checkpoints

  private mutating func save() throws(FileError) {
    lastCheckpoint = .now
    let state = TrainingState(
      step: position.step, epoch: position.evaluations, stepOfEpoch: position.step % configuration.stepsPerEvaluation,
      adam: optimizer.state, progress: position)
    try checkpoints.write(model.network, state, metadata: ModelFile.metadata(of: model.network))
  }

  private mutating func restore() throws(FileError) {
    guard let last = try checkpoints.last() else {
      throw FileError(folder.path, "this run has no checkpoint", hint: "delete the folder and start again")
    }
    let state = try Checkpoint.read(into: &model.network, from: last)
    (optimizer.state, position) = try state.progress(as: JointProgress.self, last, of: DetectSeparate.architecture)
    // A finished run goes on when its bounds were raised.
    position.isFinished = isAtEnd
    try folder.rewind(toStep: position.step)
  }

  private var checkpoints: CheckpointStore { CheckpointStore(folder.checkpoints) }
}

/// The names of a run's best models.
public enum JointFiles {
  public static let bestDetection = "best-detection.safetensors"
  public static let bestSeparation = "best-separation.safetensors"
}
