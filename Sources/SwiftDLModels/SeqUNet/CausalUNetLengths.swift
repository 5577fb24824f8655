import SwiftDL

/// The lengths of a causal U-Net: how frames shrink on the way down and grow on the way up when nothing is
/// padded, and which earlier frames an output depends on.
///
/// At every rate the latest frame stands for the latest moment: frame q of a level, counted back from its
/// latest, lies at frame 2q of the level above.
struct CausalUNetLengths {
  /// Rates; the rate halves `levels` − 1 times.
  let levels: Int
  let kernel: Int
  /// Convolutions at a level's rate on the way down and at the bottom, and on the way up.
  let blockLayers: Int
  let upLayers: Int
  /// Frames that a first layer before the levels takes away.
  let entranceSpan: Int
  /// A transposed convolution makes 2n − loss of n frames.
  let transposedLoss: Int
  /// Zeros stand before every layer, so that nothing is lost.
  let isPadded: Bool

  private var shrink: Int { blockLayers * (kernel - 1) }

  /// The smallest window with at least `frames` output frames: the bottom's frames are counted up from one.
  func window(forOutputFrames frames: Int) -> WindowLengths {
    require(frames > 0, "a window of \(frames) output frames")
    if isPadded { return WindowLengths(input: frames, output: frames) }
    var low = 1
    var high = 2
    while output(bottom: high).map({ $0 >= frames }) != true { high *= 2 }
    while low < high {
      let middle = (low + high) / 2
      if output(bottom: middle).map({ $0 >= frames }) == true { high = middle } else { low = middle + 1 }
    }
    return WindowLengths(input: input(bottom: low), output: output(bottom: low) ?? 0)
  }

  /// Output frames when the bottom has `bottom`; `nil` when a level has too few for every phase of the rates
  /// below it.
  private func output(bottom: Int) -> Int? {
    var frames = bottom
    for level in 0..<levels - 1 {
      frames = 2 * frames - transposedLoss - upLayers * (kernel - 1)
      if frames < 2 << level { return nil }
    }
    return frames
  }

  private func input(bottom: Int) -> Int {
    var frames = bottom + shrink
    for _ in 0..<levels - 1 { frames = 2 * frames - 2 + kernel + shrink }
    return frames + entranceSpan
  }

  /// Output frames for an input without remainders; `nil` for other lengths.
  func outputFrames(_ input: Int) -> Int? {
    if isPadded { return input > 0 ? input : nil }
    var frames = input - entranceSpan
    for _ in 0..<levels - 1 {
      frames -= shrink
      if frames < kernel || (frames - kernel) % 2 != 0 { return nil }
      frames = (frames - kernel) / 2 + 1
    }
    frames -= shrink
    return frames > 0 ? output(bottom: frames) : nil
  }

  /// Input frames with zeros in front when layers are padded: every level then halves without remainder.
  func paddedFrames(_ frames: Int) -> Int {
    let stride = 1 << (levels - 1)
    return max(1, (frames - 1 + stride - 1) / stride) * stride + 1
  }

  /// Earlier frames that an output depends on, for each phase of the lowest rate, the latest phase first.
  var receptiveFields: [Int] {
    (0..<1 << (levels - 1)).map { phase in -earliest(at: 0, from: -phase) - phase + entranceSpan }
  }

  /// The earliest frame at a level's entrance that its frame `position` (at most 0) depends on at its exit.
  private func earliest(at level: Int, from position: Int) -> Int {
    if level == levels - 1 { return position - shrink }
    let up = position - upLayers * (kernel - 1)
    // The transposed convolution's frame u is made of the frames q with 0 <= u − 2q < kernel.
    let below = (up - kernel + 2) >> 1
    let thinned = 2 * earliest(at: level + 1, from: below) - (kernel - 1)
    return min(up, thinned) - shrink
  }
}
