import Foundation

/// How values become places along an axis.
public enum ScaleKind: String, Sendable { case linear, logarithmic }

/// An axis: the values at its ends, and the round ones between them that are labelled.
struct ChartScale {
  let kind: ScaleKind
  private(set) var low: Double
  private(set) var high: Double
  private(set) var ticks: [(value: Double, label: String)] = []

  /// The scale for a range. `rounded` moves its ends out to the nearest ticks.
  init(_ range: ClosedRange<Double>, kind: ScaleKind = .linear, count: Int = 5, rounded: Bool) {
    self.kind = kind
    (low, high) = (range.lowerBound, range.upperBound)
    if low == high {
      // One value alone stands in the middle.
      let room = kind == .logarithmic ? low : max(abs(low) * 0.5, 0.5)
      (low, high) = kind == .logarithmic ? (low / 2, high * 2) : (low - room, high + room)
    }
    kind == .linear ? layLinearTicks(count, rounded) : layLogarithmicTicks(count, rounded)
  }

  /// Where a value lies: 0 at the low end, 1 at the high one. Nil for what the axis cannot show.
  func place(_ value: Double) -> Double? {
    guard value.isFinite, kind == .linear || value > 0 else { return nil }
    return kind == .linear
      ? (value - low) / (high - low) : (log10(value) - log10(low)) / (log10(high) - log10(low))
  }

  /// Steps of 1, 2 or 5 times a power of ten: the one that comes nearest to the wanted count.
  private mutating func layLinearTicks(_ count: Int, _ rounded: Bool) {
    let rough = (high - low) / Double(count)
    let power = pow(10, log10(rough).rounded(.down))
    let step =
      power
      * ([1, 2, 5, 10].min { abs(log10($0 * power / rough)) < abs(log10($1 * power / rough)) } ?? 1)
    // A hair of tolerance, so that 0.3 counts as a multiple of 0.1.
    let first = ((low / step) + (rounded ? 1e-9 : -1e-9)).rounded(rounded ? .down : .up)
    let last = ((high / step) + (rounded ? -1e-9 : 1e-9)).rounded(rounded ? .up : .down)
    if rounded { (low, high) = (first * step, last * step) }
    // One unit for the whole axis: 5k beside 10k, not 5000.
    let largest = max(abs(low), abs(high))
    let (unit, suffix) =
      largest >= 1e10
      ? (1e9, "G") : largest >= 1e7 ? (1e6, "M") : largest >= 1e4 ? (1e3, "k") : (1, "")
    let decimals = max(0, Int((-log10(step / unit) - 1e-9).rounded(.up)))
    ticks = stride(from: first, through: last, by: 1).map { index in
      let label = Figures.fixed(index * step / unit, decimals: decimals)
      return (index * step, index == 0 ? "0" : label + suffix)
    }
  }

  /// Powers of ten, with 2 and 5 between them where there are few.
  private mutating func layLogarithmicTicks(_ count: Int, _ rounded: Bool) {
    let decades = log10(high) - log10(low)
    let factors: [Double] = decades < 1.2 ? [1, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1]
    let spacing = max(1, Int((decades / Double(count + 2)).rounded(.up)))
    let exponents = Int(log10(low).rounded(.down)) - 1...Int(log10(high).rounded(.up)) + 1
    let all = exponents.filter { $0 % spacing == 0 }
      .flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }.sorted()
    if rounded {
      low = all.last { $0 <= low * 1.000001 } ?? low
      high = all.first { $0 >= high * 0.999999 } ?? high
    }
    ticks = all.filter { $0 >= low * 0.999999 && $0 <= high * 1.000001 }.map {
      ($0, Self.label($0))
    }
  }

  private static func label(_ value: Double) -> String {
    value >= 1e-3 && value < 1e4
      ? Figures.short(value)
      : value >= 1e4
        ? Figures.compact(value)
        : String(format: "%.0e", value).replacingOccurrences(of: "e-0", with: "e−")
          .replacingOccurrences(of: "e-", with: "e−")
  }
}
