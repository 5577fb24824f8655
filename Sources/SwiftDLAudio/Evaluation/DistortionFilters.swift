/// The filters of 512 taps that come closest, in least squares over the whole track, to making each
/// channel of each estimate: from all references' channels, and from its own reference's alone.
struct DistortionFilters {
  let sources: Int
  let channels: Int
  /// `all[e][a]`: from channel a of all references to channel e of all estimates.
  private(set) var all: [[[Double]]]
  /// `own[e][a]`: from channel a of the estimate's own reference.
  private(set) var own: [[[Double]]]

  init(_ correlations: Correlations) {
    sources = correlations.sources
    channels = correlations.channels
    let signals = correlations.signals, channels = channels
    // One system with all references, and one for each alone.
    let systems =
      [0..<signals] + (0..<correlations.sources).map { $0 * channels..<($0 + 1) * channels }
    var solutions = [[[[Double]]]](repeating: [], count: systems.count)
    solutions.withUnsafeMutableBufferPointer { solutions in
      nonisolated(unsafe) let solutions = solutions
      concurrently(systems.count) { index in
        solutions[index] = Self.solve(
          correlations, references: systems[index], estimates: systems[index])
      }
    }
    all = solutions[0]
    own = solutions.dropFirst().flatMap { $0 }
  }

  /// `[estimate's channel][reference's channel][tap]`.
  private static func solve(
    _ correlations: Correlations, references: Range<Int>, estimates: Range<Int>
  ) -> [[[Double]]] {
    let taps = Correlations.taps
    let channels = references.count
    var blocks: [Double] = []
    blocks.reserveCapacity(taps * channels * channels)
    for lag in 0..<taps {
      for a in references {
        for b in references { blocks.append(correlations.references(a, b, lag: lag)) }
      }
    }
    let factor = factor(blocks, channels: channels)
    let sides = DoubleBuffer(estimates.count * factor.size)
    for (index, e) in estimates.enumerated() {
      for (channel, a) in references.enumerated() {
        for (lag, value) in correlations.estimate(e, with: a).enumerated() {
          sides.pointer[index * factor.size + lag * channels + channel] = value
        }
      }
    }
    factor.solve(estimates.indices.map { sides.pointer + ($0 - estimates.startIndex) * factor.size })
    return estimates.indices.map { e in
      (0..<channels).map { channel in
        (0..<taps).map { tap in
          sides.pointer[(e - estimates.startIndex) * factor.size + tap * channels + channel]
        }
      }
    }
  }

  /// The factor with museval's ridge, one unit of rounding; where channels are so alike that the
  /// matrix is not positive definite in doubles, with the least power of four that makes it so.
  private static func factor(_ blocks: [Double], channels: Int) -> BlockToeplitzFactor {
    let largest = (0..<channels).reduce(0) { max($0, blocks[$1 * channels + $1]) }
    var ridge = Double.ulpOfOne
    while true {
      let factor = BlockToeplitzFactor(
        blocks: blocks, channels: channels, lags: Correlations.taps, ridge: ridge)
      if let factor { return factor }
      ridge = max(ridge * 4, largest * 0x1p-54)
    }
  }
}
