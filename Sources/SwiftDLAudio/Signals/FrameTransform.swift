/// The Fourier transform of single frames under a Hann window, and the way back, for signals that arrive live: nothing is
/// allocated after the beginning.
///
/// Frames of `size` samples every `hop` samples, taken apart and added up again, are the signal. The window is
/// periodic, `sin²(πn / size)`, in both directions; the way back divides by what overlaps, as `STFT` and TensorFlow's
/// `inverse_stft_window_fn` do. Computed in double precision.
public final class FrameTransform {
  /// Samples per frame, even, and from one frame to the next.
  public let size: Int
  public let hop: Int
  private let transform: RealTransform
  private let window: [Double]
  /// The window over what overlaps and over the size, which the transform back leaves in.
  private let synthesis: [Double]
  private let frame: DoubleBuffer
  private let spectrum: DoubleBuffer

  public init(size: Int, hop: Int) {
    precondition(size >= 2 && size % 2 == 0, "FrameTransform: size \(size); even sizes from 2 on work")
    precondition((1..<size).contains(hop), "FrameTransform: hop \(hop); frames of \(size) samples have to overlap")
    self.size = size
    self.hop = hop
    transform = RealTransform(size: size)
    let window = STFT.hann(size)
    self.window = window
    synthesis = (0..<size).map { n in
      let energy = stride(from: n % hop, to: size, by: hop).reduce(0) { $0 + window[$1] * window[$1] }
      return window[n] / (energy * Double(size))
    }
    frame = DoubleBuffer(size)
    spectrum = DoubleBuffer(2 * transform.stride)
  }

  public var bins: Int { size / 2 + 1 }

  /// Takes a frame of `size` samples apart into `bins` real and imaginary parts.
  public func forward(
    _ samples: UnsafePointer<Float>, real: UnsafeMutablePointer<Float>, imaginary: UnsafeMutablePointer<Float>
  ) {
    for n in 0..<size { frame.pointer[n] = Double(samples[n]) * window[n] }
    transform.forward(frame.pointer, into: spectrum.pointer)
    for bin in 0..<bins {
      real[bin] = Float(spectrum.pointer[bin])
      imaginary[bin] = Float(spectrum.pointer[transform.stride + bin])
    }
  }

  /// Adds the frame with this spectrum to `size` sums.
  public func addInverse(
    real: UnsafePointer<Float>, imaginary: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>
  ) {
    for bin in 0..<bins {
      spectrum.pointer[bin] = Double(real[bin])
      spectrum.pointer[transform.stride + bin] = Double(imaginary[bin])
    }
    transform.inverse(spectrum.pointer, into: frame.pointer)
    for n in 0..<size { sums[n] += Float(frame.pointer[n] * synthesis[n]) }
  }
}
