/// Where a separation run stands: everything besides the weights, the optimiser and the data's seed that
/// decides what happens next. Saved with every checkpoint, so a resumed run continues to the same bits.
struct SeparationProgress: Codable, Sendable, Equatable {
  enum Stage: Int, Codable, Sendable {
    case first = 1
    case second = 2
    case finished = 3
  }

  var stage = Stage.first
  /// The stage before the run was finished.
  var lastStage = Stage.first
  /// Steps taken in all.
  var step = 0
  /// Epochs begun over both stages; with `stepOfEpoch` the position in the data.
  var epoch = 0
  var stepOfEpoch = 0
  /// The sum of training losses over the steps of this epoch.
  var lossOfEpoch = 0.0
  /// The best validation loss so far; none before the first epoch has ended.
  var bestLoss: Double?
  /// Epochs since the best one.
  var epochsWithoutImprovement = 0

  /// Notes the validation loss of a completed epoch. Returns whether it is the best so far.
  mutating func endEpoch(validationLoss: Double) -> Bool {
    epoch += 1
    stepOfEpoch = 0
    lossOfEpoch = 0
    guard validationLoss < bestLoss ?? .infinity else {
      epochsWithoutImprovement += 1
      return false
    }
    bestLoss = validationLoss
    epochsWithoutImprovement = 0
    return true
  }

  /// Moves on to the next stage when this one has stopped improving or the run is as long as it may be.
  mutating func advanceStage<N>(_ configuration: SeparationConfiguration<N>) {
    lastStage = stage
    if epochsWithoutImprovement >= configuration.patience {
      stage = stage == .first && configuration.secondStage.enabled ? .second : .finished
      if stage == .second { epochsWithoutImprovement = 0 }
    }
    if configuration.maximumSteps > 0 && step >= configuration.maximumSteps { stage = .finished }
  }
}
