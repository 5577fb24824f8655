import Glibc

/// Ratios on the logarithmic scale.
enum Decibels {
  /// 10 log10(power / reference): -infinity for no power; NaN when both are zero.
  static func ofPower(_ power: Double, over reference: Double) -> Double {
    10 * log10(power / reference)
  }

  /// Energy of a reference over energy of the error of its estimate; infinite without an error.
  static func signalToDistortion(_ reference: [Float], _ estimate: [Float]) -> Double {
    precondition(
      reference.count == estimate.count,
      "signalToDistortion: \(reference.count) samples and \(estimate.count)")
    var signal = 0.0
    var error = 0.0
    for index in reference.indices {
      let difference = Double(estimate[index]) - Double(reference[index])
      signal += Double(reference[index]) * Double(reference[index])
      error += difference * difference
    }
    return ofPower(signal, over: error)
  }
}
