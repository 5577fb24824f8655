/// What is wrong with a configuration, in one line: where it was said, which key, the problem, and
/// a way out.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where the value came from: `train.yaml:12`, or the override as it was typed. Nil where only
  /// the value is known.
  public let origin: String?
  /// The dotted key, `optimizer.rate`; empty where the whole file is meant.
  public let key: String
  public let problem: String
  public let hint: String?

  public init(origin: String? = nil, _ key: String, _ problem: String, hint: String? = nil) {
    self.origin = origin
    self.key = key
    self.problem = problem
    self.hint = hint
  }

  public var description: String {
    let places = [origin, key.isEmpty ? nil : key].compactMap(\.self)
    return (places + [problem]).joined(separator: ": ") + (hint.map { " (\($0))" } ?? "")
  }

  /// The same error seen from the structure around it: `rate` inside `optimizer` is
  /// `optimizer.rate`.
  public func inside(_ outer: String) -> ConfigurationError {
    ConfigurationError(origin: origin, key.isEmpty ? outer : "\(outer).\(key)", problem, hint: hint)
  }

  func from(_ origin: String?) -> ConfigurationError {
    ConfigurationError(origin: self.origin ?? origin, key, problem, hint: hint)
  }
}
