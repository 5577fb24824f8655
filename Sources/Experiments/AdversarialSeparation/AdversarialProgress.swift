import SwiftDL

/// Where a run stands: everything besides weights, optimisers and the seed that decides what happens next. Saved with every
/// checkpoint, so a resumed run continues to the same bits.
struct AdversarialProgress: Codable, Sendable, Equatable {
  /// Updates of the separator.
  var update = 0
  /// Updates of every critic since then: the place inside the alternation.
  var criticUpdate = 0
  /// Epochs completed.
  var epoch = 0
  var updateOfEpoch = 0
  /// Seconds of updates, without validation.
  var seconds = 0.0
  var isFinished = false
  /// The best validation loss so far; none before the first epoch has ended.
  var bestLoss: Double?
  /// Epochs since the best one.
  var epochsWithoutImprovement = 0
  /// Since the beginning of the epoch.
  var lossOfEpoch = 0.0
  /// Sums since the last line of metrics.
  var separator = SeparatorFigures()
  /// One for each critic.
  var critics: [CriticFigures]

  init(critics: Int) { self.critics = Array(repeating: CriticFigures(), count: critics) }

  /// The means since the last line of metrics.
  func line(names: [String]) -> JSONObject {
    let count = Double(max(1, separator.updates))
    var fields: JSONObject = ["supervised_loss": separator.supervised / count]
    if !names.isEmpty {
      fields["critics_score"] = .number(separator.score / count)
      fields["additive_penalty"] = .number(separator.additive / count)
    }
    for (name, critic) in zip(names, critics) {
      let count = Double(max(1, critic.updates))
      fields["\(name)_critic_loss"] = .number(critic.loss / count)
      fields["\(name)_critic_distance"] = .number(critic.distance / count)
      fields["\(name)_critic_excess"] = .number(critic.excess / count)
    }
    return fields
  }

  mutating func beginLine() {
    separator = SeparatorFigures()
    critics = critics.map { _ in CriticFigures() }
  }

  /// Notes the validation loss of a completed epoch. Returns whether it is the best so far.
  mutating func endEpoch(validationLoss: Double) -> Bool {
    epoch += 1
    updateOfEpoch = 0
    lossOfEpoch = 0
    guard validationLoss < bestLoss ?? .infinity else {
      epochsWithoutImprovement += 1
      return false
    }
    bestLoss = validationLoss
    epochsWithoutImprovement = 0
    return true
  }

  /// Whether nothing is left to do.
  func isComplete(_ configuration: AdversarialConfiguration) -> Bool {
    epochsWithoutImprovement > configuration.patience
      || configuration.maximumUpdates > 0 && update >= configuration.maximumUpdates
  }
}

/// What is known after an update of the separator.
public struct AdversarialStep: Sendable {
  public let update: Int
  public let epoch: Int
  public let updateOfEpoch: Int
  public let updatesOfEpoch: Int
  /// The supervised loss's mean over the epoch so far.
  public let meanLoss: Double
  /// Of all critics together, over the line of metrics so far.
  public let score: Double
  public let seconds: Double
}

/// How the training of an adversarial separation ended.
public enum AdversarialOutcome: Sendable, Equatable {
  /// The run is complete.
  case finished
  /// Somebody asked to stop; the state is saved.
  case interrupted(update: Int)
}
