import SwiftDLModels

/// How a signal of any length is cut into windows so that the pieces equal one pass over the whole.
///
/// A window's output may be cut at multiples of the network's total stride without changing any value, as
/// long as every kept frame sees all the input it depends on. Networks with context are fed zeros beyond the
/// ends of the signal, as in training; networks that pad inside are given the true ends, and a margin as wide
/// as their receptive field everywhere else. Networks that normalise over a window get windows of the usual length, side
/// by side as their author cuts them: nothing makes those one pass.
struct TilePlan: Sendable, Hashable {
  /// Frames that one tile contributes: a multiple of the total stride.
  let hop: Int
  /// Frames at the end of a tile that the next one repeats.
  let overlap: Int
  /// Input frames before and after the contributed ones.
  let before: Int
  let after: Int
  /// Whether the input is extended by zeros to fill every window; otherwise it ends with the signal.
  let extendsWithZeros: Bool
  /// Output frames at the start of a window that are thrown away: they depend on its edge.
  private let trimmed: Int
  let totalStride: Int

  /// - Parameter frames: the least number of output frames of a tile; larger tiles waste less on context and
  ///   need more memory.
  init(_ configuration: some SeparationNetworkConfiguration, outputFrames frames: Int, overlap share: Double = 0) {
    let totalStride = configuration.totalStride
    self.totalStride = totalStride
    func roundedUp(_ frames: Int) -> Int { (frames + totalStride - 1) / totalStride * totalStride }
    func plan(_ window: WindowLengths, trimming trimmed: Int, hop: Int) -> (Int, Int, Int, Int) {
      let before = window.contextBefore + trimmed
      return (trimmed, hop, before, window.input - before - hop)
    }
    extendsWithZeros = configuration.edges != .padded
    let isOverlapping = configuration.edges == .normalized
    overlap = isOverlapping ? Int(Double(configuration.defaultWindow.output) * min(0.5, max(0, share))) : 0
    switch configuration.edges {
    case .context:
      let window = configuration.window(forOutputFrames: max(frames, totalStride))
      (trimmed, hop, before, after) = plan(window, trimming: 0, hop: window.output / totalStride * totalStride)
    case .blurred(let first, let last):
      // Tiles twice as long as what is thrown away, at the least.
      let (first, last) = (roundedUp(first), roundedUp(last))
      let window = configuration.window(forOutputFrames: max(frames, totalStride, 2 * (first + last)) + first + last)
      (trimmed, hop, before, after) = plan(
        window, trimming: first, hop: (window.output - first - last) / totalStride * totalStride)
    case .normalized:
      let window = configuration.defaultWindow
      (trimmed, hop, before, after) = plan(window, trimming: 0, hop: window.output - overlap)
    case .padded:
      (trimmed, hop) = (0, roundedUp(frames))
      (before, after) = (roundedUp(configuration.receptiveField.before), roundedUp(configuration.receptiveField.after))
    }
  }

  /// The input of tile `index` of a signal of `frames` frames: the range of positions, which may reach
  /// outside the signal (zeros), and where in the tile's output its contribution starts.
  func tile(_ index: Int, of frames: Int) -> (input: Range<Int>, outputStart: Int) {
    let start = index * hop
    if extendsWithZeros { return (start - before..<start + hop + after, trimmed) }
    let end = (frames + totalStride - 1) / totalStride * totalStride
    let low = max(0, start - before)
    return (low..<min(end, start + hop + after), start - low)
  }

  /// The last input position tile `index` needs, exclusive, in a signal without end.
  func inputEnd(ofTile index: Int) -> Int { index * hop + hop + after }
  /// The first input position that tile `index` and later ones need.
  func inputStart(ofTile index: Int) -> Int { max(0, index * hop - before) }
}
