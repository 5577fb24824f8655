import Glibc

/// Whether two detectors, asked about the same instances, have different areas under their characteristics.
///
/// E. DeLong, D. DeLong, D. Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
/// characteristic curves", Biometrics 44, 1988, by ranks as in X. Sun and W. Xu, IEEE SPL 21(11), 2014. Instances are taken
/// to be independent; neighbouring frames of a recording are not, so the test then finds differences too easily.
public struct DeLongTest: Sendable, Equatable {
  public let first: Double
  public let second: Double
  /// Of the difference of the areas.
  public let standardError: Double
  /// The difference, first minus second, in standard errors.
  public let statistic: Double
  /// The chance of a statistic at least as far from 0 when both areas are the same.
  public let probability: Double

  /// `nil` where there is no positive or no negative.
  public init?(_ first: [Float], _ second: [Float], isPositive: [Bool]) {
    guard let a = RankedArea(scores: first, isPositive: isPositive),
      let b = RankedArea(scores: second, isPositive: isPositive)
    else { return nil }
    func variance(_ a: [Double], _ b: [Double]) -> Double {
      let differences = zip(a, b).map { $0 - $1 }
      guard differences.count > 1 else { return 0 }
      let mean = differences.reduce(0, +) / Double(differences.count)
      let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return squares / Double(differences.count - 1) / Double(differences.count)
    }
    (self.first, self.second) = (a.value, b.value)
    standardError =
      (variance(a.positiveShares, b.positiveShares) + variance(a.negativeShares, b.negativeShares)).squareRoot()
    let difference = a.value - b.value
    statistic = difference == 0 ? 0 : difference / standardError
    probability = difference == 0 ? 1 : erfc(abs(statistic) / 2.0.squareRoot())
  }
}
