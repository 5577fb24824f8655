import SwiftDL

/// The shape of a Wave-U-Net that resamples with fixed filters: everything but its weights.
///
/// Source: the author's later PyTorch version, Wave-U-Net-Pytorch.
public struct ResamplingWaveUNetConfiguration: Codable, Sendable, Hashable {
  /// How features grow from level to level.
  public enum Growth: String, Codable, Sendable { case double, add }

  /// What stands between a convolution and its activation.
  public enum Normalization: String, Codable, Sendable {
    /// GroupNorm over 8 channels, then ReLU.
    case group
    /// Nothing; LeakyReLU of slope 0.01.
    case none
  }

  /// Names of the separated sources, in output order.
  public var sources = ["bass", "drums", "other", "vocals"]
  /// One network for all sources, instead of one for each.
  public var isShared = false
  public var channels = 2
  /// Frames per second of the audio the network works on.
  public var sampleRate = 44100
  public var levels = 6
  /// Features of the first level.
  public var features = 32
  public var growth = Growth.double
  public var kernel = 5
  /// What each level divides the rate by.
  public var stride = 4
  public var normalization = Normalization.group
  /// Output frames of the usual window, at least.
  public var windowFrames = 88200

  public init() {}

  /// Taps of the resampling filters.
  static let filterTaps = 15
  /// Channels that are normalised together.
  static let channelsPerGroup = 8

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if sources.isEmpty { return "sources must name at least one source" }
    if Set(sources).count < sources.count { return "sources names one source twice" }
    for (name, value, range) in [
      ("channels", channels, 1...64), ("sampleRate", sampleRate, 1000...768_000), ("levels", levels, 2...10),
      ("features", features, 1...4096), ("kernel", kernel, 1...255), ("stride", stride, 2...7),
      ("windowFrames", windowFrames, 1...1 << 24),
    ] where !range.contains(value) {
      return "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) are possible"
    }
    if kernel % 2 == 0 { return "kernel is \(kernel); odd numbers are possible" }
    if normalization == .group && features % Self.channelsPerGroup != 0 {
      return "features is \(features); groups of \(Self.channelsPerGroup) channels need a multiple of that"
    }
    if parameterCount > 500_000_000 {
      return "levels, features and kernel make \(parameterCount / 1_000_000) million weights; 500 are possible"
    }
    return nil
  }

  /// Features of level i, from 0.
  func features(atLevel level: Int) -> Int { growth == .double ? features << level : features * (level + 1) }

  /// Networks side by side.
  var networkCount: Int { isShared ? 1 : sources.count }
  /// Output channels of one of them.
  var outputsPerNetwork: Int { isShared ? sources.count * channels : channels }

  /// Trained numbers.
  public var parameterCount: Int {
    func conv(_ inputs: Int, _ outputs: Int) -> Int {
      kernel * inputs * outputs + outputs + (normalization == .group ? 2 * outputs : 0)
    }
    let deepest = features(atLevel: levels - 1)
    let blocks = (0..<levels - 1).reduce(0) { total, level in
      let (narrow, wide) = (features(atLevel: level), features(atLevel: level + 1))
      return total + conv(level == 0 ? channels : narrow, narrow) + conv(narrow, wide) + conv(wide, narrow)
        + conv(2 * narrow, narrow)
    }
    return networkCount * (blocks + conv(deepest, deepest) + (features + 1) * outputsPerNetwork)
  }

  /// Frames between positions where windows may be cut without changing any value, but for the mirrored edges.
  public var totalStride: Int { (1..<levels).reduce(1) { product, _ in product * stride } }
}

// MARK: - Lengths

extension ResamplingWaveUNetConfiguration: SeparationNetworkConfiguration {
  public var lastSourceIsRest: Bool { false }
  public var edges: WindowEdges {
    if normalization == .group { return .normalized }
    let (field, window) = (receptiveField, defaultWindow)
    return .blurred(
      before: max(0, field.before - window.contextBefore), after: max(0, field.after - window.contextAfter))
  }

  /// The smallest window with at least `frames` output frames.
  public func window(forOutputFrames frames: Int) -> WindowLengths {
    require(frames > 0, "Wave-U-Net: a window of \(frames) output frames")
    func reaches(_ bottleneck: Int) -> Bool { window(bottleneckFrames: bottleneck).map { $0.output >= frames } ?? false }
    // Outputs grow with the bottleneck: what doubling finds is narrowed down.
    var (tooFew, enough) = (0, 1)
    while !reaches(enough) { (tooFew, enough) = (enough, 2 * enough) }
    while enough - tooFew > 1 {
      let middle = (enough + tooFew) / 2
      if reaches(middle) { enough = middle } else { tooFew = middle }
    }
    return window(bottleneckFrames: enough) ?? WindowLengths(input: 0, output: 0)
  }

  /// The window whose bottleneck has the given frames after its convolution; `nil` when a filter would look beyond the
  /// mirrored edge of what it reads.
  func window(bottleneckFrames: Int) -> WindowLengths? {
    var (input, output) = (bottleneckFrames + kernel - 1, bottleneckFrames)
    for _ in 1..<levels {
      if output <= Self.filterTaps / 2 { return nil }
      output = (output - 1) * stride + 1 - 2 * (kernel - 1)
      input = (input - 1) * stride + 1 + 2 * (kernel - 1)
    }
    return output > 0 ? WindowLengths(input: input, output: output) : nil
  }

  /// Whether a window of this length passes through without remainders.
  public func accepts(inputFrames: Int) -> Bool {
    var frames = inputFrames
    for _ in 1..<levels {
      frames -= 2 * (kernel - 1)
      if frames < 1 || frames % stride != 1 { return false }
      frames = (frames - 1) / stride + 1
    }
    return window(bottleneckFrames: frames - (kernel - 1)) != nil
  }

  public var defaultWindow: WindowLengths { window(forOutputFrames: windowFrames) }

  /// The input frames one output frame can depend on, at the most, over all positions away from mirrored edges.
  public var receptiveField: ReceptiveField {
    let (reach, half) = (Self.filterTaps / 2, kernel / 2)
    var (before, after) = (0, 0)
    for position in 0..<totalStride {
      var (low, high) = (position, position)
      var skips: [(low: Int, high: Int)] = []
      for _ in 1..<levels {
        low -= half
        high += half
        skips.append((low, high))
        // A filter of 15 taps at every frame of the lower rate, the outermost of them zero.
        let first = low - half - (reach - 1)
        low = first >= 0 ? (first + stride - 1) / stride : -(-first / stride)
        high = (high + half + reach - 1) / stride
      }
      low -= half
      high += half
      for skip in skips.reversed() {
        low = min(low * stride - (reach - 1) - half, skip.low) - half
        high = max(high * stride + (reach - 1) + half, skip.high) + half
      }
      before = max(before, position - low)
      after = max(after, high - position)
    }
    return ReceptiveField(before: before, after: after)
  }

  /// Multiply–adds of one window, forward, filters included.
  public func multiplyAdds(_ window: WindowLengths) -> Int {
    var total = 0
    var frames = window.input
    func conv(_ inputs: Int, _ outputs: Int) {
      frames -= kernel - 1
      total += frames * kernel * inputs * outputs
    }
    for level in 0..<levels - 1 {
      let (narrow, wide) = (features(atLevel: level), features(atLevel: level + 1))
      conv(level == 0 ? channels : narrow, narrow)
      conv(narrow, wide)
      frames = (frames - 1) / stride + 1
      total += frames * Self.filterTaps * wide
    }
    conv(features(atLevel: levels - 1), features(atLevel: levels - 1))
    for level in (0..<levels - 1).reversed() {
      let (narrow, wide) = (features(atLevel: level), features(atLevel: level + 1))
      total += frames * Self.filterTaps * wide
      frames = (frames - 1) * stride + 1
      conv(wide, narrow)
      conv(2 * narrow, narrow)
    }
    return networkCount * (total + frames * features * outputsPerNetwork)
  }
}

// MARK: - Presets

extension ResamplingWaveUNetConfiguration {
  private init(_ change: (inout ResamplingWaveUNetConfiguration) -> Void) {
    self.init()
    change(&self)
  }

  /// One network for each of four instruments, as its author trains them: 69.9 million parameters.
  public static let separate = ResamplingWaveUNetConfiguration()
  /// One network for all four.
  public static let shared = ResamplingWaveUNetConfiguration { $0.isShared = true }
  /// For tests of whole pipelines.
  public static let tiny = ResamplingWaveUNetConfiguration {
    $0.sources = ["accompaniment", "vocals"]
    $0.channels = 1
    $0.sampleRate = 22050
    $0.levels = 3
    $0.features = 8
    $0.windowFrames = 1000
  }

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: ResamplingWaveUNetConfiguration)] = [
    ("wave-u-net-pytorch", separate), ("wave-u-net-pytorch-shared", shared), ("wave-u-net-pytorch-tiny", tiny),
  ]
}
