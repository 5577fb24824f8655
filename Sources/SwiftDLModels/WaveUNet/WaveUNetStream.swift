public import SwiftDL

/// A Wave-U-Net with context that takes a signal piece by piece and computes nothing twice but a few frames at the seams.
/// It returns what one pass over the whole would; to the bit where the kernels choose the same order of additions for
/// signals of both lengths, within rounding elsewhere.
///
/// In windows side by side, M4's context of six seconds is computed again for every window. Here each level goes on from
/// where it was. The first levels (`shallowLevels`), whose signals are large, run over pieces that overlap by the few
/// frames their kernels reach; a piece's skip connections are kept until the deeper levels have caught up, a context's
/// length later. The deeper levels' signals are short, and kept as long as something may look at them.
public struct WaveUNetStream: SourceStream {
  private let network: WaveUNet
  /// Levels that run piece by piece; the others remember.
  private let shallowLevels: Int
  /// By how many frames each level's skip connection is ahead of what joins it, `[1] …`; `[0]` is the mixture's.
  private let offsets: [Int]
  /// The mixture that later pieces still look at.
  private var mixture = Remembered()
  /// The pieces whose skip connections wait for the deeper levels.
  private var pieces: [Piece] = []
  /// Skip connections of the deeper levels, from level `shallowLevels + 1` on.
  private var skips: [Remembered]
  /// What goes into each deeper level's convolution on the way up: the deepest level's comes from the bottleneck.
  private var rising: [Remembered]
  /// Frames that each deeper level's convolution down has answered, and the bottleneck's.
  private var fallen: [Int]
  /// Frames that each deeper level has answered on the way up.
  private var risen: [Int]
  /// Of the deepest shallow level's input on the way up: the first that the next window needs.
  private var position = 0
  /// Windows on the way up lose so many of their input's frames to the kernels' reach.
  private let lost: Int

  /// A signal of which the beginning has been forgotten.
  private struct Remembered {
    private(set) var start = 0
    private(set) var signal: Tensor?

    var end: Int { start + (signal?.shape[1] ?? 0) }

    mutating func append(_ new: Tensor) {
      signal = signal.map { .concatenated([$0, new], axis: 1) } ?? new
    }

    mutating func forget(before frame: Int) {
      guard let signal, frame > start else { return }
      let kept = Swift.min(frame, end)
      self.signal = kept == end ? nil : signal.sliced(axis: 1, kept - start..<end - start)
      start = kept
    }

    /// The frames from `first` on; nil when there are none.
    func from(_ first: Int) -> Tensor? {
      first < end ? signal?.sliced(axis: 1, first - start..<end - start) : nil
    }
  }

  /// The mixture and the skip connections of the shallow levels over one piece.
  private struct Piece {
    /// Where the piece begins in the signal: a multiple of the shallow levels' stride.
    let start: Int
    /// `[0]` is the mixture.
    let signals: [Tensor]

    func start(ofLevel level: Int) -> Int { level == 0 ? start : start >> (level - 1) }
    func end(ofLevel level: Int) -> Int { start(ofLevel: level) + signals[level].shape[1] }
  }

  /// - Parameter network: one with context.
  public init(_ network: WaveUNet) {
    let c = network.configuration
    require(c.context, "WaveUNetStream: a network without context answers windows only")
    self.network = network
    shallowLevels = min(4, c.levels)
    lost = c.upKernel + c.outputKernel
    // The surplus of a level's skip connection is the same in every window.
    var frames = c.defaultWindow.input
    var skipFrames: [Int] = []
    for _ in 0..<c.levels {
      skipFrames.append(frames - (c.downKernel - 1))
      frames = (skipFrames[skipFrames.count - 1] + 1) / 2
    }
    frames -= c.downKernel - 1
    var offsets: [Int] = []
    for skip in skipFrames.reversed() {
      offsets.append((skip - (2 * frames - 1)) / 2)
      frames = 2 * frames - 1 - (c.upKernel - 1)
    }
    self.offsets = [(c.defaultWindow.input - frames) / 2] + offsets.reversed()
    let deep = c.levels - shallowLevels
    skips = Array(repeating: Remembered(), count: deep)
    rising = Array(repeating: Remembered(), count: deep + 1)
    fallen = Array(repeating: 0, count: deep + 1)
    risen = Array(repeating: 0, count: deep)
  }

  public mutating func callAsFunction(_ new: Tensor) -> Tensor? {
    mixture.append(new)
    guard let piece = descend() else { return nil }
    fall(from: piece)
    rise()
    return ascend()
  }

  // MARK: - Shallow levels, down

  /// Convolves what has come of the mixture, and forgets of it what no later piece needs.
  private mutating func descend() -> Piece? {
    let (stride, reach) = (1 << shallowLevels, network.configuration.downKernel - 1)
    guard let signal = mixture.signal, signal.shape[1] > reach * (stride - 1) + 2 * stride else { return nil }
    var signals = [signal]
    for conv in network.down.prefix(shallowLevels) {
      signals.append(conv([signals.count == 1 ? ConvInput(signal) : .decimated(signals[signals.count - 1], by: 2)]))
    }
    let piece = Piece(start: mixture.start, signals: signals)
    pieces.append(piece)
    // The next piece begins where the first frame lies that it needs of any level.
    let (window, answered) = (lastWindowEnd(of: piece), (piece.end(ofLevel: shallowLevels) + 1) / 2 - reach)
    let needed = (0...shallowLevels).map { level in
      let own = level == 0 ? 0 : level - 1
      return (window << (shallowLevels - own) + offsets[level]) << own
    }
    let first = needed.reduce(answered << shallowLevels, min)
    mixture.forget(before: max(piece.start, first / stride * stride))
    return piece
  }

  // MARK: - Deep levels, down

  private mutating func fall(from piece: Piece) {
    for index in fallen.indices {
      let isBottleneck = index == skips.count
      let conv = isBottleneck ? network.bottleneck : network.down[shallowLevels + index]
      // Every second frame of the level above, from the first that has not been answered.
      let first = fallen[index]
      let input: ConvInput
      if index == 0 {
        let whole = ConvInput.decimated(piece.signals[shallowLevels], by: 2)
        input = whole.cropped(to: first - piece.start(ofLevel: shallowLevels) / 2..<whole.frames)
      } else {
        guard let above = skips[index - 1].from(2 * first) else { return }
        input = .decimated(above, by: 2)
      }
      guard input.frames >= conv.kernelSize else { return }
      let output = conv([input])
      fallen[index] += output.shape[1]
      if isBottleneck { rising[index].append(output) } else { skips[index].append(output) }
    }
  }

  // MARK: - Deep levels, up

  private mutating func rise() {
    let c = network.configuration
    for index in skips.indices.reversed() {
      let level = shallowLevels + index + 1
      // An even number of frames is answered, so that what is doubled next begins with a frame of the level below.
      let first = risen[index]
      let count = (2 * rising[index + 1].end - c.upKernel) / 2 * 2 - first
      guard count > 0, let below = rising[index + 1].from(first / 2),
        let skip = skips[index].from(first + offsets[level])
      else { continue }
      let needed = count + c.upKernel - 1
      rising[index].append(network.up[c.levels - level](below, skip: ConvInput(skip), frames: needed))
      risen[index] += count
      rising[index + 1].forget(before: risen[index] / 2)
      skips[index].forget(before: min(2 * fallen[index + 1], risen[index] + offsets[level]))
    }
  }

  // MARK: - Shallow levels, up

  /// The frame of the deepest shallow level's input on the way up where the piece's last window ends.
  private func lastWindowEnd(of piece: Piece) -> Int {
    let lost = lost + network.configuration.upKernel
    let ends = (0...shallowLevels).map { level in
      (piece.end(ofLevel: level) - offsets[level] - lost) >> (shallowLevels - max(0, level - 1))
    }
    return max(position, ends.reduce(Int.max, min))
  }

  private mutating func ascend() -> Tensor? {
    var outputs: [Tensor] = []
    while let piece = pieces.first {
      let last = lastWindowEnd(of: piece)
      let end = min(rising[0].end - lost, last)
      if end > position {
        outputs.append(window(position..<end, of: piece))
        position = end
        rising[0].forget(before: position)
      }
      if pieces.count == 1 || position < last { break }
      pieces.removeFirst()
    }
    return outputs.isEmpty ? nil : .concatenated(outputs, axis: 1)
  }

  /// The sources of the frames that belong to a range of the deepest shallow level's input on the way up.
  private func window(_ range: Range<Int>, of piece: Piece) -> Tensor {
    let c = network.configuration
    func first(ofLevel level: Int) -> Int {
      range.lowerBound << (shallowLevels - max(0, level - 1)) + offsets[level] - piece.start(ofLevel: level)
    }
    // Frames needed of what each level answers, from the first level to the input of the deepest.
    var needed = [range.count << shallowLevels + c.outputKernel - 1]
    for level in 0..<shallowLevels { needed.append((needed[level] + c.upKernel + 1) / 2) }
    guard var x = rising[0].from(range.lowerBound) else { preconditionFailure("WaveUNetStream: a window of nothing") }
    for level in stride(from: shallowLevels, to: 0, by: -1) {
      let frames = needed[level - 1] + c.upKernel - 1
      let skip = ConvInput(piece.signals[level]).cropped(to: first(ofLevel: level)..<first(ofLevel: level) + frames)
      x = network.up[c.levels - level](x, skip: skip, frames: frames)
    }
    let start = first(ofLevel: 0)
    let mixture = piece.signals[0].sliced(axis: 1, start..<start + needed[0])
    return network.sources(predicted: network.output([mixture, x]), of: mixture)
  }
}
