import SwiftDL

/// The shape of the network that finds singing and separates it: everything but its weights.
///
/// In files of models and as `model.KEY` of a run.
public struct DetectSeparateConfiguration: SeparationNetworkConfiguration {
  /// Frames per second of the audio.
  public var sampleRate = 22050
  /// Samples of a Fourier transform, and from one frame to the next.
  public var frameSize = 512
  public var hop = 256
  /// Times both axes are halved.
  public var levels = 4
  /// Features of the first level, which double from one to the next.
  public var features = 16
  /// Features of the convolution over all bins of the deepest level.
  public var blockFeatures = 512
  /// Frames that are wanted at the output; `outputSize` is what the network makes of it.
  public var frames = 130
  /// Slope of LeakyReLU below zero.
  public var leakySlope: Float = 0.2

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    for (name, value, range) in [
      ("sampleRate", sampleRate, 1000...192_000), ("frameSize", frameSize, 16...1 << 14), ("levels", levels, 1...8),
      ("features", features, 1...256), ("blockFeatures", blockFeatures, 1...1 << 14), ("frames", frames, 1...1 << 14),
    ] where !range.contains(value) {
      return "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) are possible"
    }
    if frameSize % 2 != 0 || 2 * hop != frameSize {
      return "hop is \(hop); half of an even frameSize, \(frameSize), is needed"
    }
    if features << levels > 1 << 14 { return "features and levels make layers of \(features << levels) features" }
    if !(leakySlope >= 0 && leakySlope < 1) { return "leakySlope is \(leakySlope); 0 ..< 1 is possible" }
    return nil
  }

  // MARK: - Spectrograms

  /// Frequency bins of a frame.
  public var bins: Int { frameSize / 2 + 1 }
  /// Bins and frames that the network gives, and that it takes in for them.
  public var outputSize: (bins: Int, frames: Int) { (sizes(bins).output, sizes(frames).output) }
  public var inputSize: (bins: Int, frames: Int) { (sizes(bins).input, sizes(frames).input) }
  /// Bins of the deepest level, all of which its convolution spans.
  var deepestBins: Int { sizes(bins).deepest }
  /// How much shorter an output is than its input, along both axes.
  var lost: Int { inputSize.frames - outputSize.frames }

  /// From the wanted extent down to the least even extent of the deepest level that reaches it, and up again.
  private func sizes(_ wanted: Int) -> (input: Int, deepest: Int, output: Int) {
    var deepest = Double(wanted)
    for _ in 0..<levels { deepest = (deepest + 2) / 2 }
    let even = Int((deepest / 2).rounded(.up)) * 2
    var (input, output) = (even, even)
    for _ in 0..<levels { (input, output) = (2 * (input + 2), 2 * output - 2) }
    return (input + 2, even, output)
  }

  /// The output's extent for an input's; `nil` where a level cannot be halved or nothing is left.
  func outputExtent(of input: Int) -> Int? {
    var extent = input - 2
    for _ in 0..<levels {
      guard extent > 0, extent % 2 == 0 else { return nil }
      extent = extent / 2 - 2
    }
    guard extent > 0 else { return nil }
    for _ in 0..<levels { extent = 2 * extent - 2 }
    return extent > 0 ? extent : nil
  }

  // MARK: - Waveforms

  public var sources: [String] { ["vocals", "accompaniment"] }
  public var lastSourceIsRest: Bool { true }
  public var channels: Int { 1 }
  public var edges: WindowEdges { .context }
  /// Samples between positions where every level is cut at the same places.
  public var totalStride: Int { hop << levels }

  /// Samples for so many output frames: those that all their frames reach are the output.
  private func window(outputFrames frames: Int) -> WindowLengths {
    WindowLengths(input: (frames + lost - 1) * hop + frameSize, output: (frames - 1) * hop)
  }

  public func window(forOutputFrames frames: Int) -> WindowLengths {
    var wanted = self
    wanted.frames = (frames + hop - 1) / hop + 1
    return window(outputFrames: wanted.outputSize.frames)
  }

  public func accepts(inputFrames: Int) -> Bool {
    guard inputFrames >= frameSize, (inputFrames - frameSize) % hop == 0 else { return false }
    return (outputExtent(of: (inputFrames - frameSize) / hop + 1) ?? 0) > 1
  }

  public var defaultWindow: WindowLengths { window(outputFrames: outputSize.frames) }

  /// Of a sample: through the frames around it.
  public var receptiveField: ReceptiveField {
    let window = defaultWindow
    return ReceptiveField(before: window.contextBefore, after: window.contextAfter)
  }

  public func multiplyAdds(_ window: WindowLengths) -> Int {
    let frames = (window.input - frameSize) / hop + 1
    let (bins, transform) = (inputSize.bins, frameSize * 2 * self.bins)
    var total = frames * transform + (window.output / hop + 1) * transform
    var (height, width, inputs) = (bins, frames, 1)
    for level in 0...levels {
      if level > 0 { (height, width) = (height / 2, width / 2) }
      (height, width) = (height - 2, width - 2)
      total += height * width * 9 * inputs * (features << level)
      inputs = features << level
    }
    total += 2 * width * height * inputs * blockFeatures
    for level in (0..<levels).reversed() {
      let outputs = features << level
      total += height * width * 4 * (4 * outputs) * outputs
      (height, width) = (2 * height - 2, 2 * width - 2)
      total += height * width * 9 * 2 * outputs * outputs
    }
    return total + 2 * height * width * (features + 1)
  }
}
