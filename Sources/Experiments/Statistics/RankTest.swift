import Foundation

/// Whether one sample tends to larger numbers than another: the test of Mann and Whitney (1947), by ranks alone,
/// since times are anything but normal.
public struct RankTest: Sendable, Equatable {
  /// Pairs (x of the first, y of the second) with x > y; equal ones count half.
  public let statistic: Double
  /// The chance of a statistic at least as far from the middle when both samples come from one distribution.
  public let probability: Double

  /// Exact where no two numbers are equal and samples are small, else by the normal approximation with the
  /// corrections for ties and for continuity. No sample may be empty.
  public init(_ first: [Double], _ second: [Double]) {
    precondition(!first.isEmpty && !second.isEmpty, "a rank test of \(first.count) and \(second.count) numbers")
    let (n, m) = (first.count, second.count)
    statistic = first.reduce(0) { sum, x in
      sum + second.reduce(0) { $0 + (x > $1 ? 1 : x == $1 ? 0.5 : 0) }
    }
    let all = (first + second).sorted()
    let ties = Dictionary(grouping: all) { $0 }.values.map { Double($0.count) }
    if ties.allSatisfy({ $0 == 1 }) && n * m <= 1600 {
      let least = Int(min(statistic, Double(n * m) - statistic))
      probability = min(1, 2 * Self.chance(ofAtMost: least, n, m))
      return
    }
    let total = Double(n + m)
    let middle = Double(n * m) / 2
    let correction = ties.reduce(0) { $0 + ($1 * $1 * $1 - $1) } / (total * (total - 1))
    let variance = Double(n * m) / 12 * (total + 1 - correction)
    let distance = max(0, abs(statistic - middle) - 0.5)
    probability = variance > 0 ? min(1, erfc(distance / (2 * variance).squareRoot())) : 1
  }

  /// The chance that U, of samples of n and m numbers from one distribution, is at most `limit`.
  static func chance(ofAtMost limit: Int, _ n: Int, _ m: Int) -> Double {
    // ways[u]: the share of the orders with statistic u, taking the numbers of one sample in one by one: the
    // generating function is the Gaussian binomial coefficient.
    guard limit >= 0 else { return 0 }
    var ways = [Double](repeating: 0, count: n * m + 1)
    ways[0] = 1
    for i in 1...n {
      // Times (1 − q^(m+i)) over (1 − q^i), and i over m + i to stay within shares of one.
      for u in stride(from: n * m, through: m + i, by: -1) { ways[u] -= ways[u - m - i] }
      for u in stride(from: i, through: n * m, by: 1) { ways[u] += ways[u - i] }
      let share = Double(i) / Double(m + i)
      for u in ways.indices { ways[u] *= share }
    }
    return ways.prefix(limit + 1).reduce(0, +)
  }

  /// An interval for the ratio of the second sample's level to the first's: the ratios of all pairs between the
  /// ranks that the exact test would not reject (Hodges and Lehmann, 1963; Moses). `nil` when there are too few
  /// numbers for any interval of that confidence.
  public static func ratioInterval(
    _ first: [Double], _ second: [Double], confidence: Double = 0.95
  ) -> ClosedRange<Double>? {
    let ratios = first.flatMap { x in second.map { $0 / x } }.sorted()
    let doubt = (1 - confidence) / 2
    var rank = 0
    while rank < ratios.count / 2, chance(ofAtMost: rank, first.count, second.count) <= doubt { rank += 1 }
    return rank == 0 ? nil : ratios[rank - 1]...ratios[ratios.count - rank]
  }
}
