import Glibc
import SwiftDL

/// Resampling by a whole factor with a fixed windowed sinc, channel by channel, the ends mirrored.
///
/// 15 taps, cutoff at the lower rate's Nyquist frequency, unit gain at 0 Hz. Down, T frames become (T − 1) / factor + 1;
/// up, (T − 1)·factor + 1, with a gain of 1 / factor.
/// Source: Wave-U-Net-Pytorch, whose Blackman window is a Hann window by a slip that trained weights rely on.
struct SincResampler {
  private let factor: Int
  private let weight: Tensor

  init(channels: Int, factor: Int) {
    self.factor = factor
    let taps = Self.taps(ResamplingWaveUNetConfiguration.filterTaps, factor)
    weight = Tensor([taps.count, 1, channels], taps.flatMap { Array(repeating: $0, count: channels) })
  }

  private static func taps(_ count: Int, _ factor: Int) -> [Float] {
    let middle = count / 2
    let taps = (0..<count).map { index -> Double in
      let distance = Double(index - middle)
      let sinc = distance == 0 ? Double.pi / Double(factor) : sin(.pi * distance / Double(factor)) / distance
      return sinc * (0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(count - 1)))
    }
    let sum = taps.reduce(0, +)
    return taps.map { Float($0 / sum) }
  }

  func down(_ x: Tensor) -> Tensor {
    let filter = Conv1D(weight: weight, bias: nil, stride: factor, groups: weight.shape[2])
    return filter(x.reflectionPadded(axis: 1, by: weight.shape[0] / 2))
  }

  func up(_ x: Tensor) -> Tensor {
    // As much as the mirrored frames and half a filter are longer.
    let margin = (weight.shape[0] / 2) * (factor + 1)
    let filter = TransposedConv1D(
      weight: weight, bias: nil, stride: factor, groups: weight.shape[2],
      cropping: Padding(before: margin, after: margin))
    return filter(x.reflectionPadded(axis: 1, by: weight.shape[0] / 2))
  }
}
