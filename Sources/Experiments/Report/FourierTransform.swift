import Foundation

/// Magnitudes of short-time spectra for pictures. (Signal processing proper has its own transform,
/// which needs a library; a report needs a few hundred frames.)
struct FourierTransform {
  let size: Int
  private let window: [Float]
  private let cosines: [Float]
  private let sines: [Float]

  /// A Hann-windowed transform of a power of two.
  init(size: Int) {
    precondition(size >= 2 && size.nonzeroBitCount == 1, "the size \(size) is no power of two")
    self.size = size
    window = (0..<size).map { Float(0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(size))) }
    cosines = (0..<size / 2).map { Float(cos(2 * .pi * Double($0) / Double(size))) }
    sines = (0..<size / 2).map { Float(-sin(2 * .pi * Double($0) / Double(size))) }
  }

  /// The power of each of `size / 2 + 1` frequencies, scaled so that a sine of full scale has power
  /// 1.
  ///
  /// `start` may lie before the first sample or near the end: what is not there counts as silence.
  func powers(of samples: [Float], from start: Int) -> [Float] {
    let bits = size.trailingZeroBitCount
    var real = [Float](repeating: 0, count: size)
    var imaginary = [Float](repeating: 0, count: size)
    for index in max(0, -start)..<max(0, -start, min(size, samples.count - start)) {
      // Bits in reverse order: what the loops below expect.
      let place = Int(UInt(index).bitReversed >> (UInt.bitWidth - bits))
      real[place] = samples[start + index] * window[index]
    }
    var half = 1
    while half < size {
      let step = size / (2 * half)
      for block in stride(from: 0, to: size, by: 2 * half) {
        for index in 0..<half {
          let (c, s) = (cosines[index * step], sines[index * step])
          let (upper, lower) = (block + index, block + index + half)
          let (re, im) = (
            real[lower] * c - imaginary[lower] * s, real[lower] * s + imaginary[lower] * c
          )
          (real[lower], imaginary[lower]) = (real[upper] - re, imaginary[upper] - im)
          (real[upper], imaginary[upper]) = (real[upper] + re, imaginary[upper] + im)
        }
      }
      half *= 2
    }
    // The window's mean is a half, and a sine shares itself between two mirrored frequencies:
    // amplitude size / 4.
    let scale = 4 / Float(size)
    return (0...size / 2).map {
      let (re, im) = (real[$0] * scale, imaginary[$0] * scale)
      return re * re + im * im
    }
  }
}

extension UInt {
  fileprivate var bitReversed: UInt {
    var (value, out) = (self, UInt(0))
    for _ in 0..<UInt.bitWidth {
      out = out << 1 | value & 1
      value >>= 1
    }
    return out
  }
}
