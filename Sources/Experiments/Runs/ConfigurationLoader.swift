import Foundation
import Yams

/// Resolves configurations: defaults, then a YAML file, then `key=value` overrides; what comes
/// later wins.
///
///     let configuration = try ConfigurationLoader.load(
///       SeparationConfiguration.self, file: "train.yaml",
///       overrides: ["optimizer.rate=1e-3", "stems=[guitar,rest]"])
///
/// A key that nothing answers to, or a value of the wrong type, is an error of one line that names
/// the place.
public enum ConfigurationLoader {
  /// The configuration after all three layers, validated. `base` are the defaults to begin with: a
  /// preset.
  public static func load<Configuration: RunConfiguration>(
    _ type: Configuration.Type, base: Configuration = Configuration(), file: String? = nil,
    overrides: [String] = []
  ) throws(ConfigurationError) -> Configuration {
    var resolution = Resolution(base)
    if let file { try resolution.overlay(yaml: text(of: file), origin: file) }
    for override in overrides { try resolution.override(override) }
    return try resolution.decoded()
  }

  /// A configuration written as YAML or as JSON, such as the one inside a checkpoint. Keys that are
  /// not there keep their defaults. `origin` names the text in errors.
  public static func read<Configuration: RunConfiguration>(
    _ type: Configuration.Type, from text: String, origin: String
  ) throws(ConfigurationError) -> Configuration {
    var resolution = Resolution(Configuration())
    try resolution.overlay(yaml: text, origin: origin)
    return try resolution.decoded()
  }

  private static func text(of file: String) throws(ConfigurationError) -> String {
    do { return try String(contentsOfFile: file, encoding: .utf8) } catch {
      let missing = !FileManager.default.fileExists(atPath: file)
      throw ConfigurationError(
        origin: file, "", missing ? "there is no such file" : "cannot be read as a text in UTF-8")
    }
  }
}

/// A configuration on its way: the values so far and, for errors found at the end, where each was
/// said.
private struct Resolution<Configuration: RunConfiguration> {
  private var value: JSONValue
  private let shape: ConfigurationShape
  private var origins: [String: String] = [:]

  init(_ base: Configuration) {
    let described = DescribedValue(of: base)
    value = described.value
    shape = described.shape
  }

  mutating func overlay(yaml text: String, origin: String) throws(ConfigurationError) {
    guard let node = try YAMLReader.node(text, origin: origin) else { return }
    var filling = ConfigurationFilling(file: origin)
    value = try filling.value(of: node, as: shape, over: value, at: "")
    origins.merge(filling.origins) { _, new in new }
  }

  mutating func override(_ override: String) throws(ConfigurationError) {
    let origin = "“\(override)”"
    guard let sign = override.firstIndex(of: "="), sign != override.startIndex else {
      throw ConfigurationError(origin: origin, "", "an override is written key=value")
    }
    let key = override[..<sign].split(separator: ".", omittingEmptySubsequences: false).map(
      String.init)
    var filling = ConfigurationFilling(override: origin)
    let text = override[override.index(after: sign)...]
    value = try filling.assigning(String(text), to: key[...], as: shape, over: value, at: "")
    origins.merge(filling.origins) { _, new in new }
  }

  func decoded() throws(ConfigurationError) -> Configuration {
    let configuration: Configuration
    do {
      configuration = try JSONDecoder().decode(Configuration.self, from: Data(value.text.utf8))
    } catch {
      let error = Self.explained(error)
      throw error.from(origin(of: error.key))
    }
    // What the types could not tell beforehand (keys inside lists and enumerations) shows in the
    // way back.
    if let key = Self.lostKey(value, DescribedValue(of: configuration).value, at: "") {
      throw ConfigurationError(origin: origin(of: key), key, "there is no such key")
    }
    do { try configuration.validate() } catch { throw error.from(origin(of: error.key)) }
    return configuration
  }

  /// Where a key, or the nearest thing around it, was said.
  private func origin(of key: String) -> String? {
    var key = key[...]
    while true {
      if let origin = origins[String(key)] { return origin }
      guard let end = key.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
      key = key[..<end]
    }
  }

  private static func lostKey(_ given: JSONValue, _ kept: JSONValue, at path: String) -> String? {
    switch (given, kept) {
    case (.object(let given), .object(let kept)):
      for (key, value) in given.entries {
        let inner = path.isEmpty ? key : "\(path).\(key)"
        guard let counterpart = kept[key] else { return inner }
        if let lost = lostKey(value, counterpart, at: inner) { return lost }
      }
    case (.array(let given), .array(let kept)):
      for (index, (value, counterpart)) in zip(given, kept).enumerated() {
        if let lost = lostKey(value, counterpart, at: "\(path)[\(index)]") { return lost }
      }
    default: break
    }
    return nil
  }

  private static func explained(_ error: any Error) -> ConfigurationError {
    guard let error = error as? DecodingError else { return ConfigurationError("", "\(error)") }
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.reduce("") { path, key in
        if let index = key.intValue { return "\(path)[\(index)]" }
        return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
      }
    }
    switch error {
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      let expectation = ConfigurationShape(of: type)?.expectation ?? "\(type)"
      return ConfigurationError(path(context), "expected \(expectation)")
    case .keyNotFound(let key, let context):
      return ConfigurationError(path(context), "the key \(key.stringValue) is missing")
    case .dataCorrupted(let context):
      return ConfigurationError(path(context), context.debugDescription)
    @unknown default: return ConfigurationError("", "\(error)")
    }
  }
}
