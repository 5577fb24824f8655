import Glibc

/// The filters of 512 taps that come closest, in least squares over the whole track, to making each
/// channel of each estimate: from all references' channels, and from its own reference's alone.
struct DistortionFilters {
  let sources: Int
  let channels: Int
  /// `all[e][a]`: from channel a of all references to channel e of all estimates.
  private(set) var all: [[[Double]]]
  /// `own[e][a]`: from channel a of the estimate's own reference.
  private(set) var own: [[[Double]]]
  /// See `BSSEval.Scores.referenceFloor`.
  let referenceFloor: Double

  init(_ correlations: Correlations, regularization: Double) {
    sources = correlations.sources
    channels = correlations.channels
    let signals = correlations.signals
    let channels = channels
    // One system with all references, and one for each alone.
    let systems =
      [0..<signals] + (0..<correlations.sources).map { $0 * channels..<($0 + 1) * channels }
    var solutions = [Solution](
      repeating: Solution(filters: [], floor: 0), count: systems.count)
    solutions.withUnsafeMutableBufferPointer { solutions in
      nonisolated(unsafe) let solutions = solutions
      concurrently(systems.count) { index in
        solutions[index] = Self.solve(
          correlations, references: systems[index], estimates: systems[index],
          regularization: regularization)
      }
    }
    all = solutions[0].filters
    referenceFloor = solutions[0].floor
    own = solutions.dropFirst().flatMap(\.filters)
  }

  private struct Solution {
    /// `[estimate's channel][reference's channel][tap]`.
    let filters: [[[Double]]]
    let floor: Double
  }

  private static func solve(
    _ correlations: Correlations, references: Range<Int>, estimates: Range<Int>,
    regularization: Double
  ) -> Solution {
    let taps = Correlations.taps
    let channels = references.count
    var blocks: [Double] = []
    blocks.reserveCapacity(taps * channels * channels)
    for lag in 0..<taps {
      for a in references {
        for b in references { blocks.append(correlations.references(a, b, lag: lag)) }
      }
    }
    let energies = (0..<channels).map { blocks[$0 * channels + $0] }
    let mean = energies.reduce(0, +) / Double(channels)
    let factor = factor(
      blocks, channels: channels, mean: mean, ridge: .ulpOfOne + regularization * mean)
    let sides = DoubleBuffer(estimates.count * factor.size)
    for (index, e) in estimates.enumerated() {
      for (channel, a) in references.enumerated() {
        for (lag, value) in correlations.estimate(e, with: a).enumerated() {
          sides.pointer[index * factor.size + lag * channels + channel] = value
        }
      }
    }
    let columns = estimates.indices.map {
      sides.pointer + ($0 - estimates.startIndex) * factor.size
    }
    factor.solve(columns)
    let filters = columns.map { column in
      (0..<channels).map { channel in (0..<taps).map { column[$0 * channels + channel] } }
    }
    // An empty channel is left out: its rows meet nothing but zeros, and do no harm.
    let smallest = factor.smallestEigenvalue { energies[$0 % channels] > 0 }
    return Solution(filters: filters, floor: 10 * log10(smallest / mean))
  }

  /// The factor with a ridge; where channels are so alike that the matrix is not positive definite
  /// in doubles, with the least power of four times a rounding error that makes it so.
  private static func factor(
    _ blocks: [Double], channels: Int, mean: Double, ridge: Double
  ) -> BlockToeplitzFactor {
    var ridge = ridge
    while true {
      let factor = BlockToeplitzFactor(
        blocks: blocks, channels: channels, lags: Correlations.taps, ridge: ridge)
      if let factor { return factor }
      ridge = max(ridge * 4, mean * 0x1p-54)
    }
  }
}
