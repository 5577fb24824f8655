/// Sound in memory: interleaved float samples, `samples[frame * channels + channel]`, full scale ±1.
public struct AudioBuffer: Sendable, Equatable {
  /// The samples, frame by frame; their count stays a multiple of `channels`.
  public var samples: [Float]
  public let channels: Int
  /// Frames per second.
  public let sampleRate: Int

  /// Takes interleaved samples as they are.
  public init(samples: [Float], channels: Int, sampleRate: Int) {
    precondition(channels > 0, "AudioBuffer: \(channels) channels; at least 1 is needed")
    precondition(sampleRate > 0, "AudioBuffer: \(sampleRate) Hz; at least 1 Hz is needed")
    precondition(
      samples.count % channels == 0,
      "AudioBuffer: \(samples.count) samples are no whole number of frames of \(channels) channels")
    self.samples = samples
    self.channels = channels
    self.sampleRate = sampleRate
  }

  /// Digital silence.
  public init(silence frames: Int, channels: Int, sampleRate: Int) {
    precondition(frames >= 0, "AudioBuffer: \(frames) frames; 0 or more are needed")
    self.init(
      samples: [Float](repeating: 0, count: frames * channels), channels: channels,
      sampleRate: sampleRate)
  }

  /// How many moments in time are held, each with one sample per channel.
  public var frames: Int { samples.count / channels }

  /// Length in seconds.
  public var duration: Double { Double(frames) / Double(sampleRate) }

  public var isEmpty: Bool { samples.isEmpty }

  /// A stretch of frames, as a buffer of its own.
  public subscript(range: Range<Int>) -> AudioBuffer {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= frames,
      "AudioBuffer: frames \(range) of a buffer that holds \(frames)")
    return AudioBuffer(
      samples: Array(samples[range.lowerBound * channels..<range.upperBound * channels]),
      channels: channels, sampleRate: sampleRate)
  }

  /// The samples of one channel.
  public func channel(_ index: Int) -> [Float] {
    precondition(
      (0..<channels).contains(index), "AudioBuffer: channel \(index) of \(channels)")
    return stride(from: index, to: samples.count, by: channels).map { samples[$0] }
  }

  /// One channel: the mean of all.
  public func mono() -> AudioBuffer { mixed(toChannels: 1) }

  /// The same sound on another number of channels.
  ///
  /// Going up, output channel `c` repeats input channel `c mod channels` (mono is duplicated).
  /// Going down to `n`, it is the mean of the input channels congruent to `c` modulo `n`, so
  /// that nothing is dropped (everything is averaged into mono; of L R C LFE Ls Rs, stereo gets
  /// L+C+Ls and R+LFE+Rs, each divided by 3).
  public func mixed(toChannels count: Int) -> AudioBuffer {
    precondition(count > 0, "AudioBuffer: mixing to \(count) channels; at least 1 is needed")
    if count == channels { return self }
    let frames = frames
    var result = AudioBuffer(silence: frames, channels: count, sampleRate: sampleRate)
    for output in 0..<count {
      let inputs =
        count > channels
        ? [output % channels] : Array(stride(from: output, to: channels, by: count))
      let gain = 1 / Float(inputs.count)
      for frame in 0..<frames {
        var sum: Float = 0
        for input in inputs { sum += samples[frame * channels + input] }
        result.samples[frame * count + output] = sum * gain
      }
    }
    return result
  }

  /// The largest absolute sample, 0 for an empty buffer.
  public var peak: Float { samples.reduce(0) { max($0, abs($1)) } }

  /// Root of the mean square over all samples, summed in double precision; 0 for an empty buffer.
  public var rms: Float {
    if samples.isEmpty { return 0 }
    let energy = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
    return Float((energy / Double(samples.count)).squareRoot())
  }
}
