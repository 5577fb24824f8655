import Foundation
public import SwiftDL

/// What a run's folder tells, read without its lock: of a finished run, or of one that is still
/// going.
public struct RunRecord: Sendable, Equatable {
  public let path: String
  /// The text of `config.yaml`.
  public let configurationText: String
  public let environment: JSONObject
  /// The lines of metrics, oldest first.
  public let metrics: [JSONObject]
  /// The numbers the run is remembered by; nil until it is finished.
  public let summary: JSONObject?

  public init(_ path: String) throws(FileError) {
    self.path = path
    guard Folders.isDirectory(path) else { throw FileError(path, "there is no run here") }
    let configuration = RunFiles.configuration(path)
    guard let text = try? String(contentsOfFile: configuration, encoding: .utf8) else {
      throw FileError(path, "this is no complete run: config.yaml is missing or cannot be read")
    }
    configurationText = text
    environment = try Self.object(RunFiles.environment(path)) ?? [:]
    metrics = try MetricsFile.read(RunFiles.metrics(path)).map(\.fields)
    summary = try Self.object(RunFiles.summary(path))
  }

  /// The configuration as the type it was written from. Keys that came after the run keep their
  /// defaults.
  public func configuration<Configuration: RunConfiguration>(
    as type: Configuration.Type
  ) throws(ConfigurationError) -> Configuration {
    try ConfigurationLoader.read(
      type, from: configurationText, origin: RunFiles.configuration(path))
  }

  /// One plain setting by its key, for those who do not know the configuration's type yet.
  public func setting(_ key: String) -> String? {
    (try? YAMLReader.value(key, in: configurationText, origin: RunFiles.configuration(path))) ?? nil
  }

  /// A metric over the steps that told it, in the file's order; a null counts as not a number.
  public func series(_ name: String) -> [(step: Int, value: Double)] {
    metrics.compactMap { line in
      guard let step = line["step"]?.integer, let value = line[name] else { return nil }
      return (step, value.number ?? .nan)
    }
  }

  /// What of the environment may stand beside a result elsewhere: paths and command lines of a machine stay at home.
  var travellingFacts: JSONObject {
    var facts: JSONObject = [:]
    for name in ["date", "program version", "processor", "cores", "instruction_set", "threads", "precision", "commit"] {
      if let fact = environment[name] { facts[name] = fact }
    }
    return facts
  }

  /// The object in a JSON file; nil where there is no file.
  static func object(_ path: String) throws(FileError) -> JSONObject? {
    guard Folders.exists(path) else { return nil }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw FileError(path, "cannot be read as a text in UTF-8")
    }
    do {
      guard let object = try JSONValue(parsing: text).object else {
        throw FileError(path, "this is no JSON object")
      }
      return object
    } catch { throw (error as? FileError) ?? FileError(path, "\(error)") }
  }
}
