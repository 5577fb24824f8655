/// Location and spread of scores, undefined ones (NaN and infinite) left out and counted.
public struct ScoreStatistics: Sendable, Equatable {
  /// The number of defined scores.
  public let count: Int
  public let undefined: Int
  /// Of an even count the mean of the two in the middle. NaN, like the rest, if no score is
  /// defined.
  public let median: Double
  /// The median of the absolute deviations from the median, not scaled.
  public let medianAbsoluteDeviation: Double
  public let mean: Double
  /// Of the population: divided by the count, as numpy.nanstd does.
  public let standardDeviation: Double

  public init(_ scores: [Double]) {
    let defined = scores.filter(\.isFinite)
    count = defined.count
    undefined = scores.count - defined.count
    let middle = Self.median(defined)
    median = middle
    medianAbsoluteDeviation = Self.median(defined.map { abs($0 - middle) })
    let mean = defined.reduce(0, +) / Double(defined.count)
    self.mean = mean
    let squares = defined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = (squares / Double(defined.count)).squareRoot()
  }

  /// The median of the defined scores; NaN if there are none.
  public static func median(_ scores: [Double]) -> Double {
    let sorted = scores.filter(\.isFinite).sorted()
    if sorted.isEmpty { return .nan }
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }
}
