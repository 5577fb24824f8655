/// The settings of a run: a Codable struct whose `init()` states every default.
///
/// A configuration is resolved from its defaults, then a YAML file, then `key=value` overrides
/// (`ConfigurationLoader`). Nested structs make dotted keys. A nested struct that is itself a
/// `RunConfiguration` may also be optional, or the element of a list, and is then still filled in
/// from its own defaults.
public protocol RunConfiguration: Codable, Sendable, Equatable {
  init()
  /// Checks what types alone cannot say, naming the key: `throw ConfigurationError("rate", "must be
  /// positive")`.
  func validate() throws(ConfigurationError)
  /// One line about a dotted key, written beside it in YAML files: `["optimizer.rate": "step size
  /// of Adam"]`.
  static var comments: [String: String] { get }
}

extension RunConfiguration {
  public func validate() throws(ConfigurationError) {}
  public static var comments: [String: String] { [:] }

  /// Every key with its value, in the order of declaration, each float with the digits that name
  /// it.
  public var json: JSONObject { DescribedValue(of: self).value.object ?? JSONObject() }

  /// Every key with its value as a YAML file that loads back to an equal configuration.
  public var resolvedYAML: String { YAMLText.written(json, comments: Self.comments) }

  /// Twelve hexadecimal digits that name the resolved configuration.
  ///
  /// They depend on the keys and values alone: not on the order of declaration, the spelling in the
  /// file (`1e-3` or `0.001`), nor on which values were defaults. FNV-1a of the JSON form with
  /// sorted keys.
  public var fingerprint: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in json.json.written(sortedKeys: true).utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    // FNV's high bits mix best; fold the low ones in and keep 48.
    let digits = String((hash ^ hash << 16) >> 16, radix: 16)
    return String(repeating: "0", count: 12 - digits.count) + digits
  }

  /// The dotted keys whose values differ, with both values: of two runs, or of a run and its
  /// defaults.
  public func differences(from other: Self) -> [(key: String, value: JSONValue, other: JSONValue)] {
    let mine = json.flattened
    let theirs = Dictionary(other.json.flattened.map { ($0.key, $0.value) }) { first, _ in first }
    let lost = other.json.flattened.filter { entry in !mine.contains { $0.key == entry.key } }
    return mine.filter { theirs[$0.key] != $0.value }.map {
      ($0.key, $0.value, theirs[$0.key] ?? .null)
    }
      + lost.map { ($0.key, .null, $0.value) }
  }
}

extension JSONObject {
  /// The leaves with their dotted keys, `layers[0].channels`, depth first. Lists of plain values
  /// are leaves, and so is what is empty.
  public var flattened: [(key: String, value: JSONValue)] {
    entries.flatMap { Self.leaves($0.value, at: $0.key) }
  }

  private static func leaves(_ value: JSONValue, at key: String) -> [(
    key: String, value: JSONValue
  )] {
    switch value {
    case .object(let object) where !object.isEmpty:
      object.entries.flatMap { leaves($0.value, at: "\(key).\($0.key)") }
    case .array(let values) where values.contains { $0.object != nil }:
      values.enumerated().flatMap { leaves($1, at: "\(key)[\($0)]") }
    default: [(key, value)]
    }
  }
}
