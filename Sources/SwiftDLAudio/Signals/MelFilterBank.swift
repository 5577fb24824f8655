import Glibc

/// Triangular filters, evenly spaced on the mel scale, that sum a spectrum into bands.
///
/// Conventions of `librosa.filters.mel`: Slaney's mel scale (linear up to 1 kHz, logarithmic above),
/// and each triangle divided by half its width in Hz, so that bands of white noise are equal.
public struct MelFilterBank: Sendable {
  public let bands: Int
  /// Frequency bins of the spectra it takes: `size / 2 + 1`.
  public let bins: Int
  /// `bands × bins`.
  public let weights: [Float]
  /// The bins where a band's weights are not zero.
  private let ranges: [Range<Int>]

  /// Filters for spectra of frames of `size` samples.
  ///
  /// - Parameters:
  ///   - lowest: where the first triangle begins, in Hz.
  ///   - highest: where the last one ends, in Hz; half the sample rate if nil.
  public init(
    sampleRate: Int, size: Int, bands: Int = 128, lowest: Double = 0, highest: Double? = nil
  ) {
    precondition(sampleRate > 0, "MelFilterBank: \(sampleRate) Hz; at least 1 Hz is needed")
    precondition(size >= 2 && size % 2 == 0, "MelFilterBank: size \(size); even sizes work")
    precondition(bands > 0, "MelFilterBank: \(bands) bands; at least 1 is needed")
    let highest = highest ?? Double(sampleRate) / 2
    precondition(
      lowest >= 0 && lowest < highest,
      "MelFilterBank: \(lowest) to \(highest) Hz; the lowest must be 0 or more and the highest above"
    )
    let bins = size / 2 + 1
    let low = Self.mel(lowest)
    let high = Self.mel(highest)
    let edges = (0..<bands + 2).map {
      Self.hertz(low + (high - low) * Double($0) / Double(bands + 1))
    }
    var weights = [Float](repeating: 0, count: bands * bins)
    for band in 0..<bands {
      let (left, centre, right) = (edges[band], edges[band + 1], edges[band + 2])
      for bin in 0..<bins {
        let frequency = Double(bin) * Double(sampleRate) / Double(size)
        let rising = (frequency - left) / (centre - left)
        let falling = (right - frequency) / (right - centre)
        weights[band * bins + bin] = Float(max(0, min(rising, falling)) * 2 / (right - left))
      }
    }
    self.bands = bands
    self.bins = bins
    self.weights = weights
    ranges = (0..<bands).map { band in
      let row = weights[band * bins..<(band + 1) * bins]
      guard let first = row.firstIndex(where: { $0 > 0 }),
        let last = row.lastIndex(where: { $0 > 0 })
      else { return 0..<0 }
      return first - band * bins..<last - band * bins + 1
    }
  }

  /// Sums values by frame and bin, usually a power spectrogram, into bands: `frames × bands`.
  public func apply(_ values: [Float]) -> [Float] {
    precondition(
      values.count % bins == 0,
      "MelFilterBank: \(values.count) values are no whole number of frames of \(bins) bins")
    var result: [Float] = []
    result.reserveCapacity(values.count / bins * bands)
    for frame in stride(from: 0, to: values.count, by: bins) {
      for (band, range) in ranges.enumerated() {
        var sum: Float = 0
        for bin in range { sum += values[frame + bin] * weights[band * bins + bin] }
        result.append(sum)
      }
    }
    return result
  }

  /// Slaney's scale: 3 mel per 200 Hz up to 1 kHz, then 27 mel per factor of 6.4.
  static func mel(_ hertz: Double) -> Double {
    hertz < 1000 ? hertz * 3 / 200 : 15 + 27 * log(hertz / 1000) / log(6.4)
  }

  static func hertz(_ mel: Double) -> Double {
    mel < 15 ? mel * 200 / 3 : 1000 * exp(log(6.4) * (mel - 15) / 27)
  }
}
