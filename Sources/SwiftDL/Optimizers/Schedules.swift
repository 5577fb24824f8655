import Glibc

/// A learning rate as a pure function of the number of updates made: nothing to save, nothing to
/// restore.
public protocol LearningRateSchedule: Sendable {
  /// The rate of the update that follows `step` others.
  func learningRate(at step: Int) -> Float
}

/// The same rate for ever.
public struct ConstantRate: LearningRateSchedule, Hashable, Codable {
  public let rate: Float
  public init(_ rate: Float) { self.rate = rate }
  public func learningRate(at step: Int) -> Float { rate }
}

/// Half a cosine from `rate` down to `minimum`, again and again, each period `multiplier` times as
/// long as the one before (Loshchilov and Hutter, "SGDR", 2017; PyTorch's
/// CosineAnnealingWarmRestarts).
public struct CosineRestarts: LearningRateSchedule, Hashable, Codable {
  public let rate: Float
  public let minimum: Float
  /// Updates in the first period.
  public let period: Int
  public let multiplier: Int

  public init(rate: Float, minimum: Float = 0, period: Int, multiplier: Int = 1) {
    precondition(
      period > 0 && multiplier > 0, "CosineRestarts: period \(period), multiplier \(multiplier)")
    self.rate = rate
    self.minimum = minimum
    self.period = period
    self.multiplier = multiplier
  }

  public func learningRate(at step: Int) -> Float {
    precondition(step >= 0, "CosineRestarts: step \(step)")
    var (position, length) = (step, period)
    if multiplier == 1 { position %= period }
    while position >= length {
      position -= length
      length *= multiplier
    }
    let fall = (1 + cos(Double.pi * Double(position) / Double(length))) / 2
    return Float(Double(minimum) + Double(rate - minimum) * fall)
  }
}

/// Grows linearly for `steps` updates from a share of the first rate of another schedule, which
/// then begins.
public struct LinearWarmUp<Following: LearningRateSchedule>: LearningRateSchedule {
  public let steps: Int
  public let startingShare: Float
  public let following: Following

  public init(steps: Int, startingShare: Float = 0, followedBy following: Following) {
    precondition(steps >= 0, "LinearWarmUp: \(steps) steps")
    self.steps = steps
    self.startingShare = startingShare
    self.following = following
  }

  public func learningRate(at step: Int) -> Float {
    if step >= steps { return following.learningRate(at: step - steps) }
    let share = startingShare + (1 - startingShare) * Float(step) / Float(steps)
    return share * following.learningRate(at: 0)
  }
}

extension LinearWarmUp: Equatable where Following: Equatable {}
extension LinearWarmUp: Hashable where Following: Hashable {}
extension LinearWarmUp: Encodable where Following: Encodable {}
extension LinearWarmUp: Decodable where Following: Decodable {}

/// Halves the learning rate when a metric has stopped improving (PyTorch's ReduceLROnPlateau).
///
/// A value: its state travels in a checkpoint as it is.
public struct PlateauHalving: Sendable, Hashable, Codable {
  public private(set) var learningRate: Float
  public let factor: Float
  /// Records without improvement that are tolerated; one more lowers the rate.
  public let patience: Int
  /// Improvements smaller than this share of the best value do not count.
  public let threshold: Float
  public let minimum: Float
  public let higherIsBetter: Bool
  /// The best metric so far.
  public private(set) var best: Float?
  /// Records since the last improvement or the last time the rate was lowered.
  public private(set) var waiting = 0

  public init(
    rate: Float, factor: Float = 0.5, patience: Int = 10, threshold: Float = 1e-4,
    minimum: Float = 0, higherIsBetter: Bool = false
  ) {
    precondition(
      factor > 0 && factor < 1, "PlateauHalving: factor \(factor) is not between 0 and 1")
    learningRate = rate
    self.factor = factor
    self.patience = patience
    self.threshold = threshold
    self.minimum = minimum
    self.higherIsBetter = higherIsBetter
  }

  /// Takes a new metric; not-a-number counts as no improvement.
  /// - Returns: whether the rate was lowered.
  @discardableResult
  public mutating func record(_ metric: Float) -> Bool {
    if isBetter(metric) {
      best = metric
      waiting = 0
    } else {
      waiting += 1
    }
    guard waiting > patience else { return false }
    waiting = 0
    let lowered = max(learningRate * factor, minimum)
    defer { learningRate = lowered }
    return lowered < learningRate
  }

  private func isBetter(_ metric: Float) -> Bool {
    guard let best else { return !metric.isNaN }
    return higherIsBetter ? metric > best * (1 + threshold) : metric < best * (1 - threshold)
  }
}
