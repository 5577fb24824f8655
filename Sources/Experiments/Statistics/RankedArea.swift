/// How well numbers tell positives from negatives: the area under the receiver operating characteristic.
///
/// The chance that a positive has a larger number than a negative; equal numbers count half. Exact, ties included: computed
/// from ranks (Hanley and McNeil, 1982), as scikit-learn's `roc_auc_score`.
public struct RankedArea: Sendable, Equatable {
  public let value: Double
  public let positives: Int
  public let negatives: Int
  /// For each positive the share of negatives below it, and for each negative the share of positives above it: what DeLong's
  /// test compares.
  let positiveShares: [Double]
  let negativeShares: [Double]

  /// `nil` where there is no positive or no negative, or a number that is none.
  ///
  /// - Parameters:
  ///   - scores: larger ones mean positive.
  ///   - isPositive: the truth, of as many.
  public init?(scores: [Float], isPositive: [Bool]) {
    precondition(scores.count == isPositive.count, "RankedArea: \(scores.count) scores and \(isPositive.count) truths")
    guard scores.allSatisfy({ !$0.isNaN }) else { return nil }
    let positive = zip(scores, isPositive).filter(\.1).map(\.0)
    let negative = zip(scores, isPositive).filter { !$0.1 }.map(\.0)
    guard !positive.isEmpty, !negative.isEmpty else { return nil }
    let (m, n) = (Double(positive.count), Double(negative.count))
    let all = Ranks.middle(positive + negative)
    let (own, others) = (Ranks.middle(positive), Ranks.middle(negative))
    positiveShares = own.indices.map { (all[$0] - own[$0]) / n }
    negativeShares = others.indices.map { 1 - (all[positive.count + $0] - others[$0]) / m }
    value = positiveShares.reduce(0, +) / m
    (positives, negatives) = (positive.count, negative.count)
  }
}

/// Places in an order, from 1.
enum Ranks {
  /// Equal numbers share the mean of their places.
  static func middle<Number: Comparable>(_ numbers: [Number]) -> [Double] {
    let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
    var ranks = [Double](repeating: 0, count: numbers.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, numbers[order[end]] == numbers[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }
}
