import SwiftDL

/// Where a run stands: everything besides weights, optimisers and the seed that decides what happens next. Saved with every
/// checkpoint, so a resumed run continues to the same bits.
struct FactorGANProgress: Codable, Sendable, Equatable {
  /// Updates of the generator.
  var update = 0
  /// Epochs completed.
  var epoch = 0
  var updateOfEpoch = 0
  /// Seconds of updates, without evaluation.
  var seconds = 0.0
  var isFinished = false
  /// Since the last line of metrics.
  var line: Line
  /// Since the beginning of the epoch.
  var generatorLossOfEpoch = 0.0

  /// Sums over the updates since the last line of metrics.
  struct Line: Codable, Sendable, Equatable {
    /// One for each factor.
    var factors: [FactorFigures]
    var generatorLoss = 0.0
    var jointLogit = 0.0
    var updates = 0

    init(factors: Int) { self.factors = Array(repeating: FactorFigures(), count: factors) }

    /// The means.
    func json(names: [String]) -> JSONObject {
      let count = Double(max(1, updates))
      var fields: JSONObject = ["generator_loss": generatorLoss / count, "joint_logit": jointLogit / count]
      for (name, factor) in zip(names, factors) {
        let count = Double(max(1, factor.updates))
        fields["\(name)_loss"] = .number(factor.loss / count)
        fields["\(name)_accuracy"] = .number(factor.accuracy / count)
        fields["\(name)_real_logit"] = .number(factor.realLogit / count)
        fields["\(name)_fake_logit"] = .number(factor.fakeLogit / count)
      }
      return fields
    }
  }

  init(factors: Int) { line = Line(factors: factors) }
}

/// What is known after an update of the generator.
public struct FactorGANStep: Sendable {
  public let update: Int
  public let epoch: Int
  public let updateOfEpoch: Int
  /// The generator's mean loss over the epoch so far.
  public let generatorLoss: Double
  public let seconds: Double
}

/// What a run is remembered by.
public struct FactorGANResult: Sendable, Equatable {
  public let updates: Int
  public let seconds: Double
  /// The last generator's figures by name.
  public let scores: JSONObject
}
