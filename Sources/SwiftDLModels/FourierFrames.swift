import Glibc
import SwiftDL

/// The short-time Fourier transform of tensors and the way back, as convolutions with fixed weights, so that gradients
/// of any order come with them.
///
/// Frame m begins at sample m · hop, under a periodic Hann window; nothing is added at the ends, whose samples come back
/// faded. Between them the way back restores the signal exactly. TensorFlow's `stft` and `inverse_stft` with
/// `inverse_stft_window_fn`.
struct FourierFrames: Sendable {
  /// Samples per frame, even, and from one frame to the next.
  let size: Int
  let hop: Int
  /// `[size, 1, 2 · bins]`: real parts, then imaginary ones.
  private let analysis: Tensor
  private let synthesis: Tensor

  init(size: Int, hop: Int) {
    self.size = size
    self.hop = hop
    let bins = size / 2 + 1
    let window = (0..<size).map { n in
      let root = sin(Double.pi * Double(n) / Double(size))
      return root * root
    }
    // What overlaps at a sample, squared and summed.
    let energy = (0..<hop).map { n in stride(from: n, to: size, by: hop).reduce(0) { $0 + window[$1] * window[$1] } }
    var (forward, backward) = ([Float](), [Float]())
    for n in 0..<size {
      let back = window[n] / (energy[n % hop] * Double(size))
      func values(_ factor: Double, _ weight: (Int) -> Double, _ wave: (Double) -> Double) -> [Float] {
        (0..<bins).map { bin in
          Float(factor * weight(bin) * wave(2 * Double.pi * Double(bin * n % size) / Double(size)))
        }
      }
      // Every bin but the first and the last stands for two.
      func double(_ bin: Int) -> Double { bin == 0 || bin == bins - 1 ? 1 : 2 }
      forward += values(window[n], { _ in 1 }, cos) + values(-window[n], { _ in 1 }, sin)
      backward += values(back, double, cos) + values(-back, double, sin)
    }
    analysis = Tensor([size, 1, 2 * bins], forward)
    synthesis = Tensor([size, 1, 2 * bins], backward)
  }

  var bins: Int { size / 2 + 1 }

  /// - Parameter signal: `[batch, samples, 1]`
  /// - Returns: `[batch, frames, bins]`, real and imaginary parts.
  func forward(_ signal: Tensor) -> (real: Tensor, imaginary: Tensor) {
    let parts = conv1D(signal, analysis, stride: hop).split(axis: 2, extents: [bins, bins])
    return (parts[0], parts[1])
  }

  /// - Returns: `[batch, (frames − 1) · hop + size, 1]`
  func inverse(real: Tensor, imaginary: Tensor) -> Tensor {
    let spectrum = Tensor.concatenated([real, imaginary], axis: 2)
    let geometry = Conv1DGeometry(
      batch: real.shape[0], inputFrames: (real.shape[1] - 1) * hop + size, inputChannels: 1, outputChannels: 2 * bins,
      kernelSize: size, stride: hop)
    return conv1DInputGradient(synthesis, spectrum, geometry)
  }
}
