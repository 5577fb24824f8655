import Glibc

/// Whether the differences within pairs lie to one side of 0: F. Wilcoxon's signed-rank test, "Individual comparisons by
/// ranking methods", Biometrics Bulletin 1, 1945; by ranks alone.
public struct SignedRankTest: Sendable, Equatable {
  /// Pairs whose numbers differ; others are left out.
  public let pairs: Int
  /// The lesser of the sums of ranks of positive and of negative differences.
  public let statistic: Double
  /// The chance of a statistic at most as large when differences lie to both sides alike.
  public let probability: Double

  /// Exact for up to 50 pairs, else by the normal approximation with the correction for ties. As scipy's `wilcoxon`, which
  /// approximates from 14 pairs with equal differences on.
  public init(_ first: [Double], _ second: [Double]) {
    precondition(first.count == second.count, "SignedRankTest: \(first.count) and \(second.count) numbers are no pairs")
    let differences = zip(first, second).map { $0 - $1 }.filter { $0 != 0 }
    let n = differences.count
    pairs = n
    guard n > 0 else {
      (statistic, probability) = (0, 1)
      return
    }
    let ranks = Ranks.middle(differences.map(abs))
    let positive = zip(ranks, differences).reduce(0) { $0 + ($1.1 > 0 ? $1.0 : 0) }
    let total = Double(n * (n + 1)) / 2
    statistic = min(positive, total - positive)
    if first.count <= 50 {
      probability = min(1, 2 * Self.chance(ofAtMost: statistic, ranks: ranks))
      return
    }
    let ties = Dictionary(grouping: ranks) { $0 }.values.map { Double($0.count) }
    let correction = ties.reduce(0) { $0 + ($1 * $1 * $1 - $1) } / 2
    let variance = (Double(n * (n + 1) * (2 * n + 1)) - correction) / 24
    probability = variance > 0 ? min(1, erfc((total / 2 - statistic) / (2 * variance).squareRoot())) : 1
  }

  /// The chance that the sum of the ranks with a head is at most `limit`, when a coin is thrown for every rank; ranks are whole
  /// or halves.
  private static func chance(ofAtMost limit: Double, ranks: [Double]) -> Double {
    let doubled = ranks.map { Int(2 * $0) }
    var shares = [Double](repeating: 0, count: doubled.reduce(1, +))
    shares[0] = 1
    for rank in doubled {
      for sum in stride(from: shares.count - 1, through: 0, by: -1) {
        shares[sum] = (shares[sum] + (sum >= rank ? shares[sum - rank] : 0)) / 2
      }
    }
    return shares.prefix(Int(2 * limit) + 1).reduce(0, +)
  }
}
