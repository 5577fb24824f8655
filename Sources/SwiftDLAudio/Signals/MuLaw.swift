import Glibc

/// Audio in 256 levels, finer near silence: mu-law companding as WaveNet uses it.
///
/// f(x) = sign(x) · ln(1 + 255·|x|) / ln 256; level = ⌊(f(x) + 1) / 2 · 255 + 0.5⌋, so silence is level 128.
/// Source: van den Oord et al., "WaveNet", 2016, section 2.2.
public enum MuLaw {
  public static let levels = 256
  /// The level of silence.
  public static let silence = 128
  private static let mu: Float = 255

  /// The level of a sample in −1 … 1; what lies beyond is clipped.
  public static func level(of sample: Float) -> Int {
    let x = min(max(sample, -1), 1)
    let companded = log1p(mu * abs(x)) / log1p(mu)
    return Int(((x < 0 ? -companded : companded) + 1) / 2 * mu + 0.5)
  }

  /// The sample in the middle of a level, in −1 … 1.
  public static func sample(of level: Int) -> Float {
    let companded = 2 * Float(level) / mu - 1
    let x = expm1(abs(companded) * log1p(mu)) / mu
    return companded < 0 ? -x : x
  }
}
