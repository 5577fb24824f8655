/// A signal's channels mixed to one or two.
///
/// More than two are taken in WAV's order (of six: left, right, centre, bass effects, left and right behind) and mixed to
/// two after ITU-R BS.775: sides and centre 3 dB down, bass effects left out. What then exceeds full scale is the clip
/// mode's business. Of more than eight, every other is left.
struct ChannelMix: Sendable, Equatable {
  /// Factors, [output][input].
  private let weights: [[Float]]
  private let channels: Int

  /// - Parameter count: 1, 2, or as many as there are.
  init(from channels: Int, to count: Int) {
    self.channels = channels
    switch (channels, count) {
    case (channels, channels): weights = []
    case (1, 2): weights = [[1], [1]]
    case (_, 2): weights = Self.stereo(channels)
    default:
      precondition(count == 1, "ChannelMix: \(channels) channels to \(count)")
      weights = [(0..<channels).map { channel in Self.stereo(channels).reduce(0) { $0 + $1[channel] / 2 } }]
    }
  }

  /// Mixes interleaved samples.
  func callAsFunction(_ samples: [Float]) -> [Float] {
    if weights.isEmpty { return samples }
    let frames = samples.count / channels
    return [Float](unsafeUninitializedCapacity: frames * weights.count) { mixed, count in
      for frame in 0..<frames {
        for (output, row) in weights.enumerated() {
          var sum: Float = 0
          for channel in 0..<channels { sum += row[channel] * samples[frame * channels + channel] }
          mixed[frame * weights.count + output] = sum
        }
      }
      count = frames * weights.count
    }
  }

  /// Left and right of a known arrangement.
  private static func stereo(_ channels: Int) -> [[Float]] {
    let side = Float(0.5).squareRoot()
    return switch channels {
    case 1: [[1], [1]]
    case 2: [[1, 0], [0, 1]]
    case 3: [[1, 0, side], [0, 1, side]]
    case 4: [[1, 0, side, 0], [0, 1, 0, side]]
    case 5: [[1, 0, side, side, 0], [0, 1, side, 0, side]]
    case 6: [[1, 0, side, 0, side, 0], [0, 1, side, 0, 0, side]]
    case 7: [[1, 0, side, 0, 0.5, side, 0], [0, 1, side, 0, 0.5, 0, side]]
    case 8: [[1, 0, side, 0, side, 0, side, 0], [0, 1, side, 0, 0, side, 0, side]]
    default:
      [0, 1].map { output in
        let own = (0..<channels).filter { $0 % 2 == output }
        return (0..<channels).map { own.contains($0) ? 1 / Float(own.count) : 0 }
      }
    }
  }
}
