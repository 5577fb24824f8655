/// Where a run stands: everything besides weights, optimiser and seed that decides what happens next. Saved with every
/// checkpoint, so a resumed run continues to the same bits.
struct JointProgress: Codable, Sendable, Equatable {
  /// Steps taken.
  var step = 0
  /// Evaluations made.
  var evaluations = 0
  /// Seconds of steps, without evaluations.
  var seconds = 0.0
  var isFinished = false
  var bestArea: Double?
  var bestError: Double?
  /// Evaluations since one of the figures was best.
  var evaluationsWithoutImprovement = 0
  /// Sums of losses since the last evaluation.
  var separationLoss = 0.0
  var detectionLoss = 0.0
  var stepsOfLosses = 0

  /// Notes what an evaluation found. Returns what is best so far.
  mutating func note(_ found: JointFigures) -> (area: Bool, error: Bool) {
    let area = found.area.map { $0 > bestArea ?? -.infinity } ?? false
    let error = found.error.map { $0 < bestError ?? .infinity } ?? false
    if area { bestArea = found.area }
    if error { bestError = found.error }
    evaluations += 1
    evaluationsWithoutImprovement = area || error ? 0 : evaluationsWithoutImprovement + 1
    (separationLoss, detectionLoss, stepsOfLosses) = (0, 0, 0)
    return (area, error)
  }
}

/// What an evaluation finds.
public struct JointFigures: Sendable, Equatable {
  /// Under the receiver operating characteristic, over all frames; nil where detection is not trained.
  public var area: Double?
  /// The separation loss; nil where separation is not trained.
  public var error: Double?
}

/// What is known after a step.
public struct JointStep: Sendable {
  public let step: Int
  /// Steps since the last evaluation, this one included, and from one to the next.
  public let stepOfEvaluation: Int
  public let stepsOfEvaluation: Int
  public let evaluations: Int
  /// Means since the last evaluation.
  public let separationLoss: Double?
  public let detectionLoss: Double?
  public let seconds: Double
}

/// What a run is remembered by.
public struct JointResult: Sendable, Equatable {
  public let steps: Int
  public let bestArea: Double?
  public let bestError: Double?
}
