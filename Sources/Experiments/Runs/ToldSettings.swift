/// What the user told about a run: a file of settings and `key=value`, the later ones winning.
struct ToldSettings: Sendable {
  let file: String?
  let overrides: [String]
  /// The folder of the run that goes on; nil for a new one.
  let resumed: String?

  /// A plain setting by its dotted key, before it is known what kind of settings they are; nil where it was not told.
  func value(_ key: String) throws -> String? {
    if let told = overrides.last(where: { $0.hasPrefix("\(key)=") }) { return String(told.dropFirst(key.count + 1)) }
    return try file.flatMap { try YAMLReader.value(key, in: WholeFile.text($0), origin: $0) }
  }

  /// All settings: the defaults, then those of the run that goes on, then what was told.
  ///
  /// - Parameter mayChange: what a run that goes on may change: its bounds and where things lie, nothing that alters a
  ///   step.
  /// - Throws: `ConfigurationError` for unknown keys, impossible values, and changes that may not be.
  func resolved<Configuration: RunConfiguration>(
    _ defaults: Configuration, mayChange: [String]
  ) throws -> Configuration {
    guard let resumed else {
      return try ConfigurationLoader.load(Configuration.self, base: defaults, file: file, overrides: overrides)
    }
    let before = try ConfigurationLoader.load(Configuration.self, base: defaults, file: RunFiles.configuration(resumed))
    let now = try ConfigurationLoader.load(Configuration.self, base: before, file: file, overrides: overrides)
    if let change = now.differences(from: before).first(where: { !mayChange.contains($0.key) }) {
      throw ConfigurationError(
        change.key, "was \(change.other.text) when the run began and cannot become \(change.value.text)",
        hint: "leave it out, or start a new run with another --run")
    }
    return now
  }
}
