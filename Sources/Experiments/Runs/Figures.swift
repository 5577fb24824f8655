import Foundation

/// Numbers as people read them: three or four digits, and a unit that fits.
public enum Figures {
  /// `0.1234`, `12.34`, `1235`, `1.2e-05`: about four significant digits, never a long tail.
  /// Untrimmed, zeros at the end stay, and a number that changes in place does not change its
  /// width.
  public static func short(_ value: Double, trimmed: Bool = true) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
    let size = abs(value)
    if size != 0 && (size < 1e-3 || size >= 1e7) { return String(format: "%.2e", value) }
    let decimals =
      size == 0 || size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4
    let text = String(format: "%.\(decimals)f", value)
    return trimmed ? withoutTail(text) : text
  }

  /// A JSON value in a line of progress or a cell of a table.
  public static func short(_ value: JSONValue, trimmed: Bool = true) -> String {
    switch value {
    case .null: "–"
    case .bool(let flag): flag ? "yes" : "no"
    case .integer(let integer): String(integer)
    case .number(let number): short(number, trimmed: trimmed)
    case .string(let text): text
    case .array(let values): values.map { short($0) }.joined(separator: ", ")
    case .object: value.text
    }
  }

  /// A fixed number of decimals, with a real minus sign; a dash for what is not a number.
  public static func fixed(_ value: Double?, decimals: Int) -> String {
    guard let value, !value.isNaN else { return "–" }
    if value.isInfinite { return value < 0 ? "−∞" : "∞" }
    let text = String(format: "%.\(decimals)f", abs(value))
    let isZero = !text.contains { ("1"..."9").contains($0) }
    return (value < 0 && !isZero ? "−" : "") + text
  }

  /// A span for the eye: `85 µs`, `12.3 ms`, `1.5 s`.
  public static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<1e-3: short(digits3(seconds * 1e6)) + " µs"
    case ..<1: short(digits3(seconds * 1e3)) + " ms"
    default: short(digits3(seconds)) + " s"
    }
  }

  /// A span on the clock: `0:07`, `12:34`, `3:05:00`, `2d 03:00`.
  public static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e12 else { return "–" }
    let whole = Int(max(seconds, 0).rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (days, hours, minutes) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60)
    if days > 0 { return "\(days)d \(two(hours)):\(two(minutes))" }
    if hours > 0 { return "\(hours):\(two(minutes)):\(two(whole % 60))" }
    return "\(minutes):\(two(whole % 60))"
  }

  /// An axis label or a count: `950`, `10k`, `1.5M`.
  static func compact(_ value: Double) -> String {
    let size = abs(value)
    if size >= 1e9 { return short(value / 1e9) + "G" }
    if size >= 1e6 { return short(value / 1e6) + "M" }
    if size >= 1e4 { return short(value / 1e3) + "k" }
    return short(value).replacingOccurrences(of: "-", with: "−")
  }

  private static func digits3(_ value: Double) -> Double {
    guard value > 0 else { return value }
    let unit = pow(10, (log10(value)).rounded(.down) - 2)
    return (value / unit).rounded() * unit
  }

  private static func withoutTail(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text[...]
    while text.hasSuffix("0") { text = text.dropLast() }
    return String(text.hasSuffix(".") ? text.dropLast() : text)
  }
}
