/// Where a run stands: everything besides the weights, the optimiser and the seed that decides what happens
/// next. Saved with every checkpoint, so a resumed run continues to the same bits.
struct SequenceProgress: Codable, Sendable, Equatable {
  var step = 0
  /// Epochs completed; with `stepOfEpoch` the position in the data.
  var epoch = 0
  var stepOfEpoch = 0
  /// The sum of losses over the scored positions of this epoch, and how many those are.
  var lossOfEpoch = 0.0
  var positionsOfEpoch = 0
  /// Adam's rate.
  var rate: Float
  /// Seconds of training steps, without validation.
  var seconds = 0.0
  /// After every epoch, in nats.
  var validationLosses: [Double] = []
  var isFinished = false

  init(rate: Float) { self.rate = rate }

  /// The mean loss over the epoch so far, in nats.
  var meanLoss: Double { lossOfEpoch / Double(max(1, positionsOfEpoch)) }

  var bestLoss: Double? { validationLosses.min() }

  /// Notes the validation loss of a completed epoch. Returns whether it is the best so far.
  ///
  /// The rate is halved when the loss is above the largest of the last few.
  mutating func endEpoch(validationLoss: Double, _ settings: SequenceOptimizerSettings) -> Bool {
    epoch += 1
    stepOfEpoch = 0
    lossOfEpoch = 0
    positionsOfEpoch = 0
    let isBest = bestLoss.map { validationLoss < $0 } ?? true
    if settings.halvingWindow > 0, epoch > settings.halvingStart,
      let worst = validationLosses.suffix(settings.halvingWindow).max(), validationLoss > worst
    {
      rate /= 2
    }
    validationLosses.append(validationLoss)
    return isBest
  }

  /// Epochs since the best one.
  var epochsWithoutImprovement: Int {
    guard let best = bestLoss, let index = validationLosses.firstIndex(of: best) else { return 0 }
    return validationLosses.count - 1 - index
  }
}
