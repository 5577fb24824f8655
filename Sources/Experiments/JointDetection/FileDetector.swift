import Glibc
public import SwiftDL
import SwiftDLAudio
public import SwiftDLModels

/// How it is told when there is singing.
public struct ActivityOutput: Sendable, Equatable {
  public var formats = ActivityFormat.allCases
  public var rule = VoiceActivity.Rule()

  public init() {}
}

/// Finds singing in sound files, block by block, and writes it in every wanted format.
///
/// Memory does not depend on a file's length but for the probabilities, 1.2 MB an hour, and the text of a format that tells
/// them all.
public struct FileDetector: Sendable {
  public enum Outcome: Sendable, Equatable {
    /// The files, and the share of the time that is sung.
    case written([String], share: Double)
    /// Everything was there already.
    case skipped
    /// Somebody asked to stop; nothing was written.
    case stopped
  }

  /// Names of files: the recording's, and what the format adds.
  public static let filename = "{track}.{stem}"

  private let model: any ActivitySeparator
  private let name: String
  private let folder: String
  private let output: ActivityOutput
  private let existing: SeparationOutput.Existing
  private let template: FilenameTemplate

  /// - Parameters:
  ///   - name: what files call the model.
  ///   - folder: where results go, in the folders that the files have below those that were named.
  public init(
    _ model: any ActivitySeparator, name: String, folder: String, _ output: ActivityOutput,
    existing: SeparationOutput.Existing
  ) throws(ConfigurationError) {
    (self.model, self.name, self.folder) = (model, name, folder)
    (self.output, self.existing) = (output, existing)
    template = try FilenameTemplate(Self.filename)
  }

  /// Finds singing in one file. Nothing is written unless everything is.
  ///
  /// - Parameter progress: called with frames done and in all; returning false stops.
  public func detect(
    _ input: SoundInput, progress: (_ done: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws(FileError) -> Outcome {
    let track = FilenameTemplate.Track(input)
    let paths = output.formats.map {
      "\(folder)/\(template.name(track, stem: $0.suffix, pathExtension: "", model: name))"
    }
    switch existing {
    case .overwrite: break
    case .skip: if paths.allSatisfy(Folders.exists) { return .skipped }
    case .fail:
      if let path = paths.first(where: Folders.exists) {
        throw FileError(path, "is there already", hint: "--exists overwrite replaces it, --exists skip leaves it")
      }
    }
    let reader = try input.open()
    guard reader.info.frames > 0 else {
      throw FileError(input.shownPath, "has no samples", hint: "give a file with at least one frame")
    }
    guard let probabilities = try probabilities(reader, progress) else { return .stopped }
    let found = DetectedActivity(
      probabilities: probabilities, hop: model.activitySeconds, seconds: reader.info.duration, rule: output.rule)
    try write(found, input, to: paths)
    return .written(paths, share: found.activity.seconds / reader.info.duration)
  }

  /// The probabilities of all frames; `nil` when stopped.
  private func probabilities(
    _ reader: AudioReader, _ progress: (_ done: Int, _ total: Int) -> Bool
  ) throws(FileError) -> [Float]? {
    let info = reader.info
    let stream = SeparationStream(model, channels: 1, sampleRate: info.sampleRate, tileFrames: 1 << 17)
    var probabilities: [Float] = []
    var (done, ended) = (0, false)
    while !ended {
      let block = try reader.read(maxFrames: 1 << 16)
      done += block.frames
      ended = block.isEmpty
      _ = stream.process(block.mixed(toChannels: 1).samples, isLast: ended)
      probabilities += stream.takeActivity()
      if !progress(done, info.frames) { return nil }
    }
    return probabilities
  }

  private func write(_ found: DetectedActivity, _ input: SoundInput, to paths: [String]) throws(FileError) {
    let facts: JSONObject = [
      "file": input.shownPath.split(separator: "/").last.map(String.init) ?? input.shownPath, "model": name,
      "weights_checksum": model.parameters.checksum(),
    ]
    let folders = Set(paths.map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) }).sorted()
    let fresh = folders.map { FreshFolder($0) }
    var finished: [String] = []
    do throws(FileError) {
      for folder in folders { try Folders.create(folder) }
      for (format, path) in zip(output.formats, paths) {
        try AtomicFile.write(found.text(format, facts: facts), to: path)
        finished.append(path)
      }
    } catch {
      for path in finished { unlink(path) }
      fresh.reversed().forEach { $0.discardFolders() }
      throw error
    }
  }
}

extension ModelFile {
  /// Reads a network that tells when there is singing; of a run's folder the one that was best at it.
  public static func loadDetector(_ path: String) throws(FileError) -> any ActivitySeparator {
    let best = "\(path)/\(JointFiles.bestDetection)"
    let network = try loadSeparator(Folders.exists(best) ? best : path)
    guard let detector = network as? any ActivitySeparator else {
      throw FileError(
        path, "holds a \(type(of: network).architecture), which does not tell when there is singing",
        hint: "use detect-voice, or a model that `swiftdl train detect-separate` wrote")
    }
    return detector
  }
}
