/// What a user asks for who wants something trained: a folder, and settings from a file and as `key=value`, the later
/// ones winning.
public struct RunRequest: Sendable {
  public var configurationFile: String?
  public var overrides: [String]
  public let folder: String
  /// Whether the run in the folder goes on.
  public var resumes: Bool
  public let programVersion: String

  public init(
    configurationFile: String? = nil, overrides: [String] = [], folder: String, resumes: Bool = false,
    programVersion: String
  ) {
    self.configurationFile = configurationFile
    self.overrides = overrides
    self.folder = folder
    self.resumes = resumes
    self.programVersion = programVersion
  }

  /// A plain setting by its dotted key, before it is known what kind of settings they are; nil where it was not told.
  func value(_ key: String) throws -> String? {
    if let told = overrides.last(where: { $0.hasPrefix("\(key)=") }) { return String(told.dropFirst(key.count + 1)) }
    return try configurationFile.flatMap { try YAMLReader.value(key, in: WholeFile.text($0), origin: $0) }
  }

  /// All settings: the defaults, then those of the run that goes on, then what was told.
  ///
  /// - Parameter mayChange: what a run that goes on may change: its bounds and where things lie, nothing that alters a
  ///   step.
  /// - Throws: `ConfigurationError` for unknown keys, impossible values, and changes that may not be.
  func resolved<Configuration: RunConfiguration>(
    _ defaults: Configuration, mayChange: [String]
  ) throws -> Configuration {
    func told(_ base: Configuration) throws -> Configuration {
      try ConfigurationLoader.load(Configuration.self, base: base, file: configurationFile, overrides: overrides)
    }
    guard resumes else { return try told(defaults) }
    let before = try ConfigurationLoader.load(Configuration.self, base: defaults, file: RunFiles.configuration(folder))
    let now = try told(before)
    if let change = now.differences(from: before).first(where: { !mayChange.contains($0.key) }) {
      throw ConfigurationError(
        change.key, "was \(change.other.text) when the run began and cannot become \(change.value.text)",
        hint: "leave it out, or start a new run with another --run")
    }
    return now
  }
}
