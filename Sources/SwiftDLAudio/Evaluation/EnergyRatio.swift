import Glibc

extension BSSEval {
  /// The plain ratio of energies per window, in dB: 10 log₁₀(Σ s² / Σ (s - ŝ)²).
  ///
  /// Windows follow each other without overlap; what is left at the end is one too if it is at
  /// least half a window, or the only one. NaN where the reference is silent, infinite where there
  /// is no difference. Sums are over all channels, in double precision.
  ///
  /// - Parameter window: in seconds.
  public static func signalToDistortionRatio(
    reference: AudioBuffer, estimate: AudioBuffer, window: Double = 1
  ) -> [Double] {
    precondition(
      reference.samples.count == estimate.samples.count && reference.channels == estimate.channels,
      "signalToDistortionRatio: \(reference.frames) frames of \(reference.channels) channels beside "
        + "\(estimate.frames) of \(estimate.channels)")
    precondition(window > 0, "signalToDistortionRatio: window \(window) s; it must be positive")
    let frames = reference.frames, channels = reference.channels
    let length = max(1, Int((window * Double(reference.sampleRate)).rounded(.down)))
    var ratios: [Double] = []
    for start in stride(from: 0, to: frames, by: length) {
      let end = min(start + length, frames)
      if start > 0 && 2 * (end - start) < length { break }
      var signal = 0.0, error = 0.0
      for index in start * channels..<end * channels {
        let value = Double(reference.samples[index])
        let difference = value - Double(estimate.samples[index])
        signal += value * value
        error += difference * difference
      }
      ratios.append(signal == 0 ? .nan : decibels(signal, error))
    }
    return ratios
  }

  /// The median of what is a number; NaN if nothing is.
  public static func median(_ values: [Double]) -> Double {
    let sorted = values.filter { !$0.isNaN }.sorted()
    if sorted.isEmpty { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
