import Foundation
import Glibc
public import SwiftDL

/// The folder of one training run, open for writing, and locked against a second process.
///
///     DIR/config.yaml        the resolved configuration
///     DIR/environment.json   machine, program, command line; a resumed run adds its own
///     DIR/metrics.jsonl      one JSON object a line
///     DIR/checkpoints/  DIR/samples/  DIR/report.html
///     DIR/summary.json       written last: its presence says that the run is finished
public final class RunFolder: Sendable {
  public let path: String
  /// Whether a checkpoint lay here when the folder was opened. A run that was stopped before its first begins again,
  /// which gives what it would have given.
  public let hasCheckpoint: Bool
  private let lock: RunLock
  private let metricsFile: MetricsFile

  private init(path: String, lock: RunLock) throws(FileError) {
    self.path = path
    self.lock = lock
    let checkpoints = RunFiles.checkpoints(path)
    let names = Folders.isDirectory(checkpoints) ? try Folders.names(in: checkpoints) : []
    hasCheckpoint = !names.isEmpty
    metricsFile = try MetricsFile(RunFiles.metrics(path))
  }

  /// Begins a run in a folder that is new or empty.
  public static func create(
    _ path: String, configuration: some RunConfiguration, environment: RunEnvironment
  ) throws(FileError) -> RunFolder {
    // Asked before the lock, so that a refusal leaves nothing in a folder that is not ours; and
    // again behind it, for two processes that begin at once.
    try refuseOccupied(path)
    let fresh = FreshFolder(path)
    let lock: RunLock
    do throws(FileError) {
      try Folders.create(path)
      lock = try RunLock(folder: path)
      try refuseOccupied(path)
    } catch {
      fresh.discardFolders()
      throw error
    }
    do throws(FileError) {
      try Folders.create(RunFiles.checkpoints(path))
      try Folders.create(RunFiles.samples(path))
      try write(environment.facts, to: RunFiles.environment(path))
      let run = try RunFolder(path: path, lock: lock)
      // Last, since a folder with a configuration counts as a run.
      try run.save(configuration)
      return run
    } catch {
      fresh.discard()
      throw error
    }
  }

  /// Opens a run that was interrupted. Call `rewind(toStep:)` with the checkpoint's step before
  /// logging on.
  ///
  /// A folder that is missing, half written, or finished is refused with the
  /// reason. `environment` is added to what the run knows about the machines it ran on.
  /// - Parameter extending: opens a finished run too, because its settings now take it further.
  public static func resume(
    _ path: String, environment: RunEnvironment? = nil, extending: Bool = false
  ) throws(FileError) -> RunFolder {
    guard Folders.isDirectory(path) else {
      throw FileError(path, "there is no run here", hint: "start one without --resume")
    }
    for file in [RunFiles.configuration(path), RunFiles.environment(path), RunFiles.metrics(path)]
    where !Folders.exists(file) {
      let empty = try Folders.names(in: path).isEmpty
      throw FileError(
        path,
        empty
          ? "the folder is empty"
          : "this is no complete run: \(file.dropFirst(path.count + 1)) is missing",
        hint: empty
          ? "start a run without --resume" : "choose another folder, or delete it and start again")
    }
    let lock = try RunLock(folder: path)
    if let summary = try RunRecord.object(RunFiles.summary(path)) {
      let step = summary["step"]?.integer.map { " at step \($0)" } ?? ""
      guard extending else {
        throw FileError(
          path, "this run is finished\(step)",
          hint: "raise its bounds to take it further, or start a new one in another folder")
      }
      unlink(RunFiles.summary(path))
    }
    if let environment {
      var facts = try RunRecord.object(RunFiles.environment(path)) ?? [:]
      facts["resumed"] = .array((facts["resumed"]?.array ?? []) + [.object(environment.facts)])
      try write(facts, to: RunFiles.environment(path))
    }
    try Folders.create(RunFiles.checkpoints(path))
    try Folders.create(RunFiles.samples(path))
    let run = try RunFolder(path: path, lock: lock)
    if !run.hasCheckpoint { try run.rewind(toStep: -1) }
    return run
  }

  /// Trains in the folder asked for: a new one, or that of a run that was interrupted.
  ///
  /// Where no checkpoint has come about, there is nothing to resume: then a new folder is put back to what it was, so that
  /// its name is free for the next attempt.
  static func training<Result>(
    _ request: RunRequest, configuration: some RunConfiguration, extending: Bool = true, _ body: (RunFolder) throws -> Result
  ) throws -> Result {
    let environment = RunEnvironment.computing(programVersion: request.programVersion)
    let fresh = FreshFolder(request.folder)
    let run =
      try request.resumes
      ? resume(request.folder, environment: environment, extending: extending)
      : create(request.folder, configuration: configuration, environment: environment)
    defer {
      if !request.resumes, (try? Folders.names(in: run.checkpoints).isEmpty) == true { fresh.discard() }
    }
    return try body(run)
  }

  private static func refuseOccupied(_ path: String) throws(FileError) {
    guard Folders.exists(path) else { return }
    guard Folders.isDirectory(path) else {
      throw FileError(path, "this is a file, not a folder", hint: "choose another name for the run")
    }
    if try Folders.names(in: path).isEmpty { return }
    if Folders.exists(RunFiles.configuration(path)) {
      throw FileError(
        path, "a run is here already", hint: "continue it with --resume, or choose another folder")
    }
    throw FileError(path, "the folder is not empty", hint: "choose a new folder for the run")
  }

  // MARK: Files

  public var configurationFile: String { RunFiles.configuration(path) }
  public var reportFile: String { RunFiles.report(path) }

  /// `DIR/checkpoints`
  public var checkpoints: String { RunFiles.checkpoints(path) }

  /// `DIR/samples/NAME`
  public func sample(_ name: String) -> String { "\(RunFiles.samples(path))/\(name)" }

  /// Writes the resolved configuration, replacing the one that is there (a resumed run may change
  /// its length).
  public func save(_ configuration: some RunConfiguration) throws(FileError) {
    try AtomicFile.write(configuration.resolvedYAML, to: configurationFile)
  }

  // MARK: Metrics

  /// Appends a line of metrics; `step` must be among the fields. Numbers that are not finite become
  /// null.
  ///
  /// Log a step before its checkpoint is saved: resuming keeps lines up to the checkpoint's step.
  public func log(_ fields: JSONObject) throws(FileError) {
    precondition(
      fields["step"]?.integer != nil,
      "a line of metrics needs an integer “step”: \(fields.json.text)")
    try metricsFile.append(fields.json.text + "\n")
  }

  /// Drops the lines behind a step, so that the file equals that of a run never interrupted.
  public func rewind(toStep step: Int) throws(FileError) {
    let record = try MetricsFile.read(metricsFile.path)
    let kept = record.prefix { $0.fields["step"]?.integer ?? 0 <= step }
    try metricsFile.truncate(to: kept.last?.end ?? 0)
  }

  /// What the run has written so far.
  public func record() throws(FileError) -> RunRecord { try RunRecord(path) }

  /// Marks the run as finished, with the numbers it shall be remembered by.
  public func finish(_ summary: JSONObject = [:]) throws(FileError) {
    let facts: JSONObject = ["finished": RunEnvironment.timestamp(Date())]
    try Self.write(facts.merging(summary), to: RunFiles.summary(path))
  }

  private static func write(_ object: JSONObject, to path: String) throws(FileError) {
    try AtomicFile.write(object.json.written(indentation: 2) + "\n", to: path)
  }
}

/// The names inside a run's folder, in one place.
enum RunFiles {
  static func configuration(_ run: String) -> String { "\(run)/config.yaml" }
  static func environment(_ run: String) -> String { "\(run)/environment.json" }
  static func metrics(_ run: String) -> String { "\(run)/metrics.jsonl" }
  static func checkpoints(_ run: String) -> String { "\(run)/checkpoints" }
  static func samples(_ run: String) -> String { "\(run)/samples" }
  static func report(_ run: String) -> String { "\(run)/report.html" }
  static func summary(_ run: String) -> String { "\(run)/summary.json" }
}
