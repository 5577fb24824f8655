extension STFT {
  /// A signal whose spectrogram has magnitudes near given ones, found by rounds of transforming back and forth and putting
  /// the magnitudes back in their place.
  ///
  /// The distance between the magnitudes and those of the signal never grows from round to round. Source: Griffin and Lim,
  /// "Signal estimation from modified short-time Fourier transform", IEEE Transactions on Acoustics, Speech, and Signal
  /// Processing, 1984.
  /// - Parameters:
  ///   - magnitudes: `frames × bins`, not negative.
  ///   - start: a spectrogram whose phases are begun with, such as a mixture's; where it is zero the phase is too.
  ///   - rounds: 0 for the phases as they are.
  ///   - length: samples of the signal.
  public func griffinLim(_ magnitudes: [Float], start: Spectrogram, rounds: Int, length: Int) -> [Float] {
    precondition(
      magnitudes.count == start.real.count && start.frames == frames(of: length),
      "STFT.griffinLim: \(magnitudes.count) magnitudes and \(start.frames) frames for \(length) samples")
    var spectrogram = start.withMagnitudes(magnitudes)
    for _ in 0..<rounds {
      spectrogram = forward(inverse(spectrogram, length: length)).withMagnitudes(magnitudes)
    }
    return inverse(spectrogram, length: length)
  }
}

extension Spectrogram {
  /// The phases of this one under other magnitudes, `frames × bins`.
  func withMagnitudes(_ magnitudes: [Float]) -> Spectrogram {
    var result = self
    for index in magnitudes.indices {
      let size = (real[index] * real[index] + imaginary[index] * imaginary[index]).squareRoot()
      if size > 0 {
        result.real[index] *= magnitudes[index] / size
        result.imaginary[index] *= magnitudes[index] / size
      } else {
        (result.real[index], result.imaginary[index]) = (magnitudes[index], 0)
      }
    }
    return result
  }
}
