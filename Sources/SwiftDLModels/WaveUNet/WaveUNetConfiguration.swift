import SwiftDL

/// The shape of a Wave-U-Net: everything but its weights.
///
/// Source: Stoller, Ewert, Dixon, "Wave-U-Net", ISMIR 2018, sections 3 and 4.
public struct WaveUNetConfiguration: Codable, Sendable, Hashable {
  /// How the rate is doubled on the way up.
  public enum Upsampling: String, Codable, Sendable {
    /// Linear interpolation.
    case linear
    /// Interpolation with one learned weight per channel and level (section 3.2.1).
    case learned
  }

  /// What the last layer predicts.
  public enum Output: String, Codable, Sendable {
    /// Every source on its own.
    case direct
    /// All sources but the last, which is the mixture minus the others (section 3.2.2).
    case difference
  }

  /// The last layer's activation.
  public enum OutputActivation: String, Codable, Sendable {
    case tanh
    /// Unbounded; the author's later advice against saturation.
    case linear
  }

  /// Names of the separated sources, in output order; with a difference output the last one is the rest.
  public var sources = ["accompaniment", "vocals"]
  public var channels = 1
  /// Frames per second of the audio the network works on.
  public var sampleRate = 22050
  /// Times the rate is halved.
  public var levels = 12
  /// Filters that each level adds: level i has `filters`·i.
  public var filters = 24
  public var downKernel = 15
  public var upKernel = 5
  public var outputKernel = 1
  /// Slope of LeakyReLU below zero.
  public var leakySlope: Float = 0.2
  /// No padding anywhere: the input is longer than the output, so that every output sees real context.
  public var context = false
  public var upsampling = Upsampling.linear
  public var output = Output.direct
  public var outputActivation = OutputActivation.tanh
  /// Output frames of the usual window, at least; the paper's of most networks when absent.
  public var windowFrames: Int?

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if sources.isEmpty { return "sources must name at least one source" }
    if Set(sources).count < sources.count { return "sources names one source twice" }
    if sources.count == 1 && output == .difference {
      return "a difference output needs at least two sources"
    }
    if channels < 1 || channels > 64 { return "channels is \(channels); 1 to 64 are possible" }
    if sampleRate < 1000 || sampleRate > 768_000 {
      return "sampleRate is \(sampleRate); 1000 to 768000 are possible"
    }
    if levels < 1 || levels > 16 { return "levels is \(levels); 1 to 16 are possible" }
    if filters < 1 || filters > 512 { return "filters is \(filters); 1 to 512 are possible" }
    for (name, kernel) in [("downKernel", downKernel), ("upKernel", upKernel), ("outputKernel", outputKernel)]
    where kernel < 1 || kernel > 255 || kernel % 2 == 0 {
      return "\(name) is \(kernel); odd numbers from 1 to 255 are possible"
    }
    if let frames = windowFrames, frames < 1 || frames > 1 << 24 {
      return "windowFrames is \(frames); 1 to \(1 << 24) are possible"
    }
    if !(leakySlope >= 0 && leakySlope < 1) { return "leakySlope is \(leakySlope); 0 ..< 1 is possible" }
    // Checked before anything is allocated: a file may claim any size.
    let weights = approximateWeights
    if weights > 500_000_000 {
      return "levels, filters and kernels make \(weights / 1_000_000) million weights; 500 are possible"
    }
    return nil
  }

  /// The weights of all convolutions but the first and the last.
  private var approximateWeights: Int {
    (1...levels).reduce(0) { total, level in
      let (narrow, wide) = (channels(atLevel: level), channels(atLevel: level + 1))
      return total + downKernel * narrow * wide + upKernel * narrow * (narrow + wide)
    }
  }

  /// Channels after the convolution of level i (1-based); level `levels + 1` is the bottleneck.
  func channels(atLevel level: Int) -> Int { filters * level }

  /// Frames between positions where windows may be cut without changing any value.
  public var totalStride: Int { 1 << levels }
}

// MARK: - Lengths

extension WaveUNetConfiguration: SeparationNetworkConfiguration {
  public var lastSourceIsRest: Bool { output == .difference }
  public var edges: WindowEdges { context ? .context : .padded }

  /// The smallest window with at least `frames` output frames.
  ///
  /// With context, sizes go backwards through the network from the wanted output to the bottleneck, are
  /// rounded up there, and forwards again (section 3.2.2 of the paper). Without, the length is a multiple of
  /// the total stride.
  public func window(forOutputFrames frames: Int) -> WindowLengths {
    require(frames > 0, "Wave-U-Net: a window of \(frames) output frames")
    guard context else {
      let length = (frames + totalStride - 1) / totalStride * totalStride
      return WindowLengths(input: length, output: length)
    }
    // Frames needed after the bottleneck, rounding up at each level on the way down.
    var bottleneck = frames + outputKernel - 1
    for _ in 0..<levels { bottleneck = (bottleneck + upKernel - 1 + 2) / 2 }
    bottleneck = max(bottleneck, 1)
    return window(bottleneckFrames: bottleneck)
  }

  /// The window whose bottleneck has the given frames after its convolution (with context).
  func window(bottleneckFrames: Int) -> WindowLengths {
    var output = bottleneckFrames
    for _ in 0..<levels { output = 2 * output - 1 - (upKernel - 1) }
    output -= outputKernel - 1
    var input = bottleneckFrames + downKernel - 1
    for _ in 0..<levels { input = 2 * input - 1 + downKernel - 1 }
    return WindowLengths(input: input, output: output)
  }

  /// Whether a window of this length passes through without remainders.
  public func accepts(inputFrames: Int) -> Bool {
    guard context else { return inputFrames > 0 && inputFrames % totalStride == 0 }
    var frames = inputFrames
    for _ in 0..<levels {
      frames -= downKernel - 1
      if frames < 1 || frames % 2 == 0 { return false }
      frames = (frames + 1) / 2
    }
    let bottleneck = frames - (downKernel - 1)
    return bottleneck > 0 && window(bottleneckFrames: bottleneck).output > 0
  }

  public var defaultWindow: WindowLengths { window(forOutputFrames: windowFrames ?? 16384) }

  /// The input frames one output frame can depend on, at the most, over all positions of the output.
  public var receptiveField: ReceptiveField {
    var before = 0
    var after = 0
    let (down, up, last) = (downKernel / 2, upKernel / 2, outputKernel / 2)
    for position in 0..<totalStride {
      // The interval of frames needed at each level on the way up, then down again.
      var low = position - last
      var high = position + last
      var skips: [(low: Int, high: Int)] = []
      for _ in 0..<levels {
        low -= up
        high += up
        skips.append((low, high))
        low = floorHalf(low)
        high = -floorHalf(-high)
      }
      low -= down
      high += down
      for skip in skips.reversed() {
        low = min(2 * low, skip.low) - down
        high = max(2 * high, skip.high) + down
      }
      before = max(before, position - low)
      after = max(after, high - position)
    }
    return ReceptiveField(before: before, after: after)
  }

  private func floorHalf(_ n: Int) -> Int { n >> 1 }

  /// Multiply–adds of one window, forward.
  public func multiplyAdds(_ window: WindowLengths) -> Int {
    var total = 0
    var frames = window.input
    var skips: [Int] = []
    func conv(_ frames: Int, _ kernel: Int, _ input: Int, _ output: Int) -> Int {
      let result = context ? frames - (kernel - 1) : frames
      total += result * kernel * input * output
      return result
    }
    for level in 1...levels {
      frames = conv(frames, downKernel, level == 1 ? channels : channels(atLevel: level - 1), channels(atLevel: level))
      skips.append(frames)
      frames = (frames + 1) / 2
    }
    frames = conv(frames, downKernel, channels(atLevel: levels), channels(atLevel: levels + 1))
    for level in (1...levels).reversed() {
      frames = context ? 2 * frames - 1 : 2 * frames
      frames = conv(
        frames, upKernel, channels(atLevel: level) + channels(atLevel: level + 1), channels(atLevel: level))
    }
    _ = conv(frames, outputKernel, channels(atLevel: 1) + channels, predictedSources * channels)
    return total
  }

  /// Sources the last layer predicts; the difference output works out one more.
  var predictedSources: Int { output == .difference ? sources.count - 1 : sources.count }
}

// MARK: - Presets

extension WaveUNetConfiguration {
  private init(_ change: (inout WaveUNetConfiguration) -> Void) {
    self.init()
    change(&self)
  }

  /// M1: the base network; same padding, direct output, mono.
  public static let m1 = WaveUNetConfiguration { _ in }
  /// M2: M1 with a difference output.
  public static let m2 = WaveUNetConfiguration { $0.output = .difference }
  /// M3: M2 with context.
  public static let m3 = WaveUNetConfiguration {
    $0.output = .difference
    $0.context = true
  }
  /// M4: M3 in stereo.
  public static let m4 = WaveUNetConfiguration {
    $0 = m3
    $0.channels = 2
  }
  /// M5: M4 with learned upsampling.
  public static let m5 = WaveUNetConfiguration {
    $0 = m4
    $0.upsampling = .learned
  }
  /// M6: M4 for four instruments.
  public static let m6 = WaveUNetConfiguration {
    $0 = m4
    $0.sources = ["bass", "drums", "other", "vocals"]
  }
  /// M7: M3 for audio as slow as the spectrogram networks U7 and U7a work on, with more filters.
  public static let m7 = WaveUNetConfiguration {
    $0 = m3
    $0.sampleRate = 8192
    $0.filters = 34
    $0.windowFrames = 98560
  }
  /// M5 for audio of 44.1 kHz; its window has as many samples, so half the seconds.
  public static let m5HighRate = WaveUNetConfiguration {
    $0 = m5
    $0.sampleRate = 44100
  }
  /// For a first model on two cores: 1.5 million parameters in stereo, which see 0.2 s to either side.
  public static let small = WaveUNetConfiguration {
    $0.sources = ["guitar", "rest"]
    $0.channels = 2
    $0.levels = 8
    $0.filters = 16
    $0.context = true
    $0.output = .difference
    $0.outputActivation = .linear
  }
  /// For tests of whole pipelines: trains in seconds and separates next to nothing.
  public static let tiny = WaveUNetConfiguration {
    $0.levels = 3
    $0.filters = 6
    $0.downKernel = 5
    $0.upKernel = 3
    $0.output = .difference
    $0.outputActivation = .linear
  }

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: WaveUNetConfiguration)] = [
    ("wave-u-net-m1", m1), ("wave-u-net-m2", m2), ("wave-u-net-m3", m3), ("wave-u-net-m4", m4),
    ("wave-u-net-m5", m5), ("wave-u-net-m6", m6), ("wave-u-net-m7", m7), ("wave-u-net-m5-44khz", m5HighRate),
    ("wave-u-net-small", small), ("wave-u-net-tiny", tiny),
  ]
}
