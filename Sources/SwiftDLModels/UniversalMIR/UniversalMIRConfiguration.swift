import SwiftDL

/// What a universal network says about a sound, and how often.
public struct UniversalHead: Codable, Sendable, Hashable {
  /// How often.
  public enum Rate: String, Codable, Sendable, CaseIterable {
    /// Once: a genre, a key.
    case clip
    /// Once in every frame: a beat, a chord.
    case frame
    /// With every sample: a separated voice.
    case sample
  }
  public var rate = Rate.clip
  /// Numbers each time: logits of classes, samples of sources.
  public var outputs = 10

  public init(_ rate: Rate = .clip, outputs: Int = 10) { (self.rate, self.outputs) = (rate, outputs) }
}

/// The shape of a universal network: everything but its weights.
public struct UniversalMIRConfiguration: Codable, Sendable, Hashable {
  public var channels = 1
  /// Samples per second of the audio the network works on.
  public var sampleRate = 16000
  /// Times the rate is halved.
  public var levels = 10
  /// Filters that each level adds: level i has `filters`·i.
  public var filters = 24
  public var downKernel = 15
  public var upKernel = 5
  /// Slope of LeakyReLU below zero.
  public var leakySlope: Float = 0.2
  /// Times the rate of the samples is halved for that of the frames; fewer than `levels`.
  public var frameLevel = 8
  /// Samples of the usual clip.
  public var clipSamples = 65536
  public var head = UniversalHead()

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    for (name, value, range) in [
      ("channels", channels, 1...64), ("sampleRate", sampleRate, 1000...768_000), ("levels", levels, 2...16),
      ("filters", filters, 1...512), ("clipSamples", clipSamples, 1...1 << 24), ("head.outputs", head.outputs, 1...4096),
      ("frameLevel", frameLevel, 1...max(1, levels - 1)),
    ] where !range.contains(value) {
      return "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) are possible"
    }
    for (name, kernel) in [("downKernel", downKernel), ("upKernel", upKernel)]
    where kernel < 1 || kernel > 255 || kernel % 2 == 0 {
      return "\(name) is \(kernel); odd numbers from 1 to 255 are possible"
    }
    if clipSamples % totalStride != 0 {
      return "clipSamples is \(clipSamples); multiples of \(totalStride), of \(levels) levels, are possible"
    }
    if !(leakySlope >= 0 && leakySlope < 1) { return "leakySlope is \(leakySlope); 0 ..< 1 is possible" }
    let count = parameterCount
    if count > 500_000_000 {
      return "levels, filters and kernels make \(count / 1_000_000) million weights; 500 are possible"
    }
    return nil
  }

  /// Channels of level i, from 1; level `levels + 1` is the bottleneck.
  func channels(atLevel level: Int) -> Int { filters * level }

  /// Channels that the head reads.
  var headInputs: Int {
    switch head.rate {
    case .clip: channels(atLevel: frameLevel + 1) + channels(atLevel: levels + 1)
    case .frame: channels(atLevel: frameLevel + 1)
    case .sample: channels(atLevel: 1) + channels
    }
  }

  /// Trained numbers, the head's included.
  public var parameterCount: Int {
    // Weights, biases, and the two numbers of a normalised channel.
    func layer(_ kernel: Int, _ inputs: Int, _ outputs: Int) -> Int { (kernel * inputs + 3) * outputs }
    var total = (headInputs + 1) * head.outputs
    for level in 1...levels + 1 {
      total += layer(downKernel, level == 1 ? channels : channels(atLevel: level - 1), channels(atLevel: level))
      if level > levels { break }
      total += layer(upKernel, channels(atLevel: level) + channels(atLevel: level + 1), channels(atLevel: level))
    }
    return total
  }

  // MARK: - Lengths

  /// Samples between lengths that the network takes.
  public var totalStride: Int { 1 << min(levels, 20) }
  /// Samples from one frame to the next.
  public var frameSamples: Int { 1 << frameLevel }
  public var framesPerSecond: Double { Double(sampleRate) / Double(frameSamples) }

  /// What comes out, each `outputs` numbers, for a clip of so many samples.
  public func outputFrames(_ samples: Int) -> Int {
    switch head.rate {
    case .clip: 1
    case .frame: samples / frameSamples
    case .sample: samples
    }
  }

  /// Multiply–adds for a clip of so many samples, forward: as deep into the decoder as the head asks for.
  public func multiplyAdds(_ samples: Int) -> Int {
    let top = head.rate == .sample ? 1 : frameLevel + 1
    var total = outputFrames(samples) * headInputs * head.outputs
    for level in 1...levels + 1 {
      let frames = samples >> (level - 1)
      total += frames * downKernel * (level == 1 ? channels : channels(atLevel: level - 1)) * channels(atLevel: level)
      if level <= levels, level >= top {
        total += frames * upKernel * (channels(atLevel: level) + channels(atLevel: level + 1)) * channels(atLevel: level)
      }
    }
    return total
  }
}

// MARK: - Presets

extension UniversalMIRConfiguration {
  private init(_ change: (inout UniversalMIRConfiguration) -> Void) {
    self.init()
    change(&self)
  }

  /// Four seconds at 16 kHz, 62.5 frames a second; ten classes a clip.
  public static let clip = UniversalMIRConfiguration { _ in }
  /// The same with the 88 keys of a piano in every frame.
  public static let frame = UniversalMIRConfiguration { $0.head = UniversalHead(.frame, outputs: 88) }
  /// The same with two sources.
  public static let sample = UniversalMIRConfiguration { $0.head = UniversalHead(.sample, outputs: 2) }
  /// For experiments on one core: two seconds at 8 kHz, 31 frames a second.
  public static let small = UniversalMIRConfiguration {
    $0.sampleRate = 8000
    $0.levels = 9
    $0.filters = 6
    $0.downKernel = 9
    $0.upKernel = 3
    $0.clipSamples = 16384
  }
  /// For tests of whole pipelines.
  public static let tiny = UniversalMIRConfiguration {
    $0.sampleRate = 4000
    $0.levels = 3
    $0.filters = 2
    $0.downKernel = 5
    $0.upKernel = 3
    $0.frameLevel = 2
    $0.clipSamples = 256
    $0.head = UniversalHead(.clip, outputs: 3)
  }

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: UniversalMIRConfiguration)] = [
    ("universal-mir", clip), ("universal-mir-frame", frame), ("universal-mir-sample", sample),
    ("universal-mir-small", small), ("universal-mir-tiny", tiny),
  ]
}
