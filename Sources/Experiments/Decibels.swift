import Glibc

/// Ratios on the logarithmic scale.
enum Decibels {
  /// 10 log10(power / reference): -infinity for no power; NaN when both are zero.
  static func ofPower(_ power: Double, over reference: Double) -> Double {
    10 * log10(power / reference)
  }
}
