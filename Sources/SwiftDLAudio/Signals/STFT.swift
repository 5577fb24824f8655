import Glibc

/// The short-time Fourier transform of a real signal, and the way back; librosa's conventions.
///
/// Frame `m` is centred on sample `m · hop`: it holds the `size` samples around it, weighted with a
/// periodic Hann window `sin²(πn / size)`, and the signal is continued beyond its ends by `padding`.
/// A signal of `n` samples has `1 + ⌊n / hop⌋` frames of `size / 2 + 1` frequency bins, bin `k`
/// being `k · sampleRate / size` Hz; no samples have no frames. Not normalised: a full-scale sine
/// on a bin reads `size / 4`. Computed in double precision.
public struct STFT: Sendable {
  /// How the signal continues beyond its ends.
  public enum Padding: Sendable, Hashable {
    /// Mirrored at the first and the last sample, which are not repeated.
    case reflect
    case zeros
  }

  /// Samples per frame, even.
  public let size: Int
  /// Samples from one frame to the next.
  public let hop: Int
  public let padding: Padding
  private let transform: RealTransform
  private let window: [Double]

  /// A transform with frames of `size` samples every `hop` samples.
  ///
  /// Every signal can be recovered if `hop` is at most half of `size`.
  public init(size: Int, hop: Int, padding: Padding = .reflect) {
    precondition(size >= 2 && size % 2 == 0, "STFT: size \(size); even sizes from 2 on work")
    precondition((1...size).contains(hop), "STFT: hop \(hop); 1 to the size, \(size), work")
    self.size = size
    self.hop = hop
    self.padding = padding
    transform = RealTransform(size: size)
    window = Self.hann(size)
  }

  /// Frequency bins per frame.
  public var bins: Int { size / 2 + 1 }

  /// Frames of a signal of so many samples.
  public func frames(of samples: Int) -> Int { samples == 0 ? 0 : 1 + samples / hop }

  /// The spectrogram of one channel.
  public func forward(_ samples: [Float]) -> Spectrogram {
    let frames = frames(of: samples.count)
    let bins = bins
    var real = [Float](repeating: 0, count: frames * bins)
    var imaginary = real
    let run = 64
    real.withUnsafeMutableBufferPointer { real in
      imaginary.withUnsafeMutableBufferPointer { imaginary in
        nonisolated(unsafe) let real = real
        nonisolated(unsafe) let imaginary = imaginary
        concurrently((frames + run - 1) / run) { index in
          let frame = DoubleBuffer(size)
          let spectrum = DoubleBuffer(2 * transform.stride)
          for m in index * run..<min((index + 1) * run, frames) {
            load(samples, around: m * hop, into: frame.pointer)
            transform.forward(frame.pointer, into: spectrum.pointer)
            for bin in 0..<bins {
              real[m * bins + bin] = Float(spectrum.pointer[bin])
              imaginary[m * bins + bin] = Float(spectrum.pointer[transform.stride + bin])
            }
          }
        }
      }
    }
    return Spectrogram(real: real, imaginary: imaginary, frames: frames, bins: bins)
  }

  /// The signal of `length` samples whose spectrogram comes closest in least squares.
  ///
  /// For an unchanged spectrogram that is the signal itself. Samples that no frame reaches are 0.
  public func inverse(_ spectrogram: Spectrogram, length: Int) -> [Float] {
    precondition(
      spectrogram.bins == bins,
      "STFT.inverse: \(spectrogram.bins) bins per frame; size \(size) has \(bins)")
    precondition(length >= 0, "STFT.inverse: length \(length); 0 or more is needed")
    var sums = [Double](repeating: 0, count: length)
    var weights = sums
    let frame = DoubleBuffer(size)
    let spectrum = DoubleBuffer(2 * transform.stride)
    for m in 0..<spectrogram.frames {
      let start = m * hop - size / 2
      let inside = max(0, -start)..<max(max(0, -start), min(size, length - start))
      if inside.isEmpty { continue }
      for bin in 0..<bins {
        spectrum.pointer[bin] = Double(spectrogram.real[m * bins + bin])
        spectrum.pointer[transform.stride + bin] = Double(spectrogram.imaginary[m * bins + bin])
      }
      transform.inverse(spectrum.pointer, into: frame.pointer)
      for n in inside {
        sums[start + n] += frame.pointer[n] * window[n]
        weights[start + n] += window[n] * window[n]
      }
    }
    return (0..<length).map { index in
      weights[index] > 1e-10 ? Float(sums[index] / (weights[index] * Double(size))) : 0
    }
  }

  /// The periodic Hann window, `sin²(πn / size)`.
  static func hann(_ size: Int) -> [Double] {
    (0..<size).map { n in
      let root = sin(.pi * Double(n) / Double(size))
      return root * root
    }
  }

  private func load(
    _ samples: [Float], around centre: Int, into frame: UnsafeMutablePointer<Double>
  ) {
    let start = centre - size / 2
    let count = samples.count
    samples.withUnsafeBufferPointer { samples in
      for n in 0..<size {
        var index = start + n
        if index < 0 || index >= count {
          if padding == .zeros {
            frame[n] = 0
            continue
          }
          index = Self.reflected(index, count)
        }
        frame[n] = Double(samples[index]) * window[n]
      }
    }
  }

  /// Where a walk to `index` ends that turns round at 0 and at `count - 1`.
  private static func reflected(_ index: Int, _ count: Int) -> Int {
    if count == 1 { return 0 }
    let period = 2 * (count - 1)
    let phase = ((index % period) + period) % period
    return phase < count ? phase : period - phase
  }
}

/// Complex values by time and frequency: `frames × bins`, frame by frame.
public struct Spectrogram: Sendable, Equatable {
  public var real: [Float]
  public var imaginary: [Float]
  public let frames: Int
  public let bins: Int

  public init(real: [Float], imaginary: [Float], frames: Int, bins: Int) {
    precondition(
      real.count == frames * bins && imaginary.count == frames * bins,
      "Spectrogram: \(real.count) real and \(imaginary.count) imaginary parts for "
        + "\(frames) frames of \(bins) bins")
    self.real = real
    self.imaginary = imaginary
    self.frames = frames
    self.bins = bins
  }

  /// Squared absolute values, `frames × bins`.
  public var power: [Float] { zip(real, imaginary).map { $0 * $0 + $1 * $1 } }

  /// Absolute values, `frames × bins`.
  public var magnitude: [Float] { zip(real, imaginary).map { ($0 * $0 + $1 * $1).squareRoot() } }

  /// The values multiplied by a real mask, `frames × bins`; phases stay.
  public func masked(by mask: [Float]) -> Spectrogram {
    precondition(
      mask.count == real.count,
      "Spectrogram.masked: a mask of \(mask.count) values for \(frames) frames of \(bins) bins")
    var result = self
    for index in mask.indices {
      result.real[index] *= mask[index]
      result.imaginary[index] *= mask[index]
    }
    return result
  }
}
