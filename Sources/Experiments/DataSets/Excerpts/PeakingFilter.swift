import Glibc

/// A gentle equaliser band: raises or lowers what lies around one frequency.
///
/// Source: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients", the peaking filter.
public struct PeakingFilter: Sendable, Equatable {
  /// As a share of the sample rate, below a half.
  public let frequency: Double
  public let decibels: Double
  /// The width of the band, about one and a half octaves.
  static let quality = 0.9

  public init(frequency: Double, decibels: Double) {
    self.frequency = frequency
    self.decibels = decibels
  }

  /// - Parameter octaves: 0 ... 1, from 1/400 to 2/5 of the sample rate in equal ratios.
  init(octaves: Double, decibels: Double) {
    self.init(frequency: 0.0025 * pow(160, octaves), decibels: decibels)
  }

  /// Filters interleaved samples in place, channel by channel, beginning in silence.
  public func apply(to samples: UnsafeMutableBufferPointer<Float>, channels: Int) {
    let gain = pow(10, decibels / 40)
    let angle = 2 * Double.pi * frequency
    let width = sin(angle) / (2 * Self.quality)
    let scale = 1 / (1 + width / gain)
    let (b0, b1, b2) = ((1 + width * gain) * scale, -2 * cos(angle) * scale, (1 - width * gain) * scale)
    let a2 = (1 - width / gain) * scale
    for channel in 0..<channels {
      // The transposed second direct form: two numbers of state.
      var (first, second) = (0.0, 0.0)
      for index in stride(from: channel, to: samples.count, by: channels) {
        let x = Double(samples[index])
        let y = b0 * x + first
        first = b1 * (x - y) + second
        second = b2 * x - a2 * y
        samples[index] = Float(y)
      }
    }
  }
}
