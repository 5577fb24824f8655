import Foundation
import Glibc
public import SwiftDL
public import SwiftDLAudio
public import SwiftDLModels

/// What is written of separated files, and where.
public struct SeparationOutput: Sendable {
  /// What happens to results that are there already.
  public enum Existing: String, Sendable, CaseIterable {
    case overwrite
    /// A track all of whose files are there is left alone.
    case skip
    /// A file that is there is an error.
    case fail
  }

  public var folder = "separated"
  /// The name of the model's folder in it.
  public var modelName: String
  public var stems = StemSelection.all
  public var filename = FilenameTemplate.usual
  public var format = AudioFormat.wav(.float32)
  /// Absent: nothing for floating point, one gain for all stems of a track otherwise.
  public var clipMode: ClipMode?
  public var existing = Existing.overwrite
  /// The least frames separated at a time, at the network's rate: memory grows with it.
  public var tileFrames = 1 << 17
  /// The share of a window that the next one repeats, of networks whose windows do not join exactly.
  public var overlap = 0.25
  /// How often a track is separated, each time a little later; 0 once as it is.
  public var shifts = 0
  public var seed: UInt64 = 0
  public var programVersion = ""
  /// How it is told when there is singing, in files `activity` beside the stems; of networks that find that too.
  public var activity: ActivityOutput?

  public init(modelName: String) { self.modelName = modelName }
}

/// Separates sound files into one file per source, block by block, with a manifest beside them.
public struct FileSeparator: Sendable {
  public enum Outcome: Sendable, Equatable {
    /// The stems, and what the sources leave of the mixture in dB: nil where not all were computed.
    case written([String], residual: Double?)
    /// Everything was there already.
    case skipped
    /// Somebody asked to stop; nothing was written.
    case stopped
  }

  private let model: any SeparationNetwork
  private let output: SeparationOutput
  private let stems: [StemSelection.Stem]
  private let isComplete: Bool
  private let facts: JSONObject

  /// - Throws: `ConfigurationError` for stems the model does not have, and for activity where it tells none.
  public init(_ model: any SeparationNetwork, _ output: SeparationOutput) throws(ConfigurationError) {
    if output.activity != nil {
      guard model is any ActivitySeparator else {
        throw ConfigurationError(
          "--activity", "\(output.modelName) does not tell when there is singing", hint: "-m detect-voice does")
      }
      if output.shifts > 0 { throw ConfigurationError("--activity", "is told of the signal as it is: leave --shifts out") }
    }
    // Networks of their own for every source need not be asked about those nobody wants.
    let needed = try output.stems.needed(of: model.configuration.sources)
    self.model = model.restricted(to: needed)
    self.output = output
    stems = try output.stems.stems(of: self.model.configuration.sources)
    isComplete = self.model.configuration.sources.count == model.configuration.sources.count
    facts = [
      "name": output.modelName, "architecture": type(of: model).architecture, "sources": model.configuration.sources,
      "sample_rate": model.configuration.sampleRate, "parameters": model.parameterCount,
      "weights_checksum": model.parameters.checksum(),
    ]
  }

  /// Separates one file; the results have its exact length, sample rate and channels. Nothing is written
  /// unless everything is.
  ///
  /// - Parameters:
  ///   - trackName: the name of the track in the results; the file's own name when absent.
  ///   - progress: called with frames done and in all; returning false stops and leaves nothing behind.
  public func separate(
    _ input: SoundInput, trackName: String? = nil,
    progress: (_ done: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws(FileError) -> Outcome {
    let track = FilenameTemplate.Track(input, name: trackName)
    let root = "\(output.folder)/\(output.modelName)"
    func place(_ stem: String, _ pathExtension: String) -> String {
      "\(root)/\(output.filename.name(track, stem: stem, pathExtension: pathExtension, model: output.modelName))"
    }
    let paths = stems.map { place($0.name, output.format.pathExtension) }
    let manifest = place("manifest", "json")
    let activities = (output.activity?.formats ?? []).map { ($0, place("activity", $0.suffix)) }
    switch output.existing {
    case .overwrite: break
    case .skip: if (paths + activities.map(\.1)).allSatisfy(Folders.exists) { return .skipped }
    case .fail:
      if let path = (paths + activities.map(\.1) + [manifest]).first(where: Folders.exists) {
        throw FileError(path, "is there already", hint: "--exists overwrite replaces it, --exists skip leaves it")
      }
    }
    let reader = try input.open()
    guard reader.info.frames > 0 else {
      throw FileError(input.shownPath, "has no samples", hint: "give a file with at least one frame")
    }
    let folders = Set((paths + [manifest]).map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) }).sorted()
    let fresh = folders.map { FreshFolder($0) }
    var finished: [String] = []
    do throws(FileError) {
      for folder in folders { try Folders.create(folder) }
      let started = ContinuousClock.now
      let writer = try StemWriter(
        paths, channels: reader.info.channels, sampleRate: reader.info.sampleRate, format: output.format, clipMode: clipMode)
      var residual = Residual()
      var singing: [Float] = []
      if try separate(reader, to: writer, &residual, &singing, progress) {
        try writer.finish { finished.append($0) }
        if let rule = output.activity?.rule, let hop = (model as? any ActivitySeparator)?.activitySeconds {
          let found = DetectedActivity(probabilities: singing, hop: hop, seconds: reader.info.duration, rule: rule)
          for (format, path) in activities {
            try AtomicFile.write(found.text(format, facts: ["model": output.modelName]), to: path)
            finished.append(path)
          }
        }
        let seconds = (ContinuousClock.now - started).seconds
        try describe(input, reader, writer, residual, seconds, in: manifest)
        return .written(paths + activities.map(\.1), residual: isComplete ? residual.decibels : nil)
      }
    } catch {
      for path in finished { unlink(path) }
      fresh.reversed().forEach { $0.discardFolders() }
      throw error
    }
    fresh.reversed().forEach { $0.discardFolders() }
    return .stopped
  }

  private var clipMode: ClipMode {
    let hasFullScale = output.format != .wav(.float32)
    return output.clipMode ?? (hasFullScale ? .common : .none)
  }

  /// Energies of the mixture and of what the sources leave of it.
  private struct Residual {
    var mixture = 0.0
    var rest = 0.0

    mutating func add(_ mixture: [Float], _ sources: [[Float]]) {
      for index in mixture.indices {
        let rest = sources.reduce(mixture[index]) { $0 - $1[index] }
        self.rest += Double(rest) * Double(rest)
        self.mixture += Double(mixture[index]) * Double(mixture[index])
      }
    }

    /// Nil of silence; minus infinity, which JSON cannot say, is told as -200.
    var decibels: Double? { mixture > 0 ? max(-200, Decibels.ofPower(rest, over: mixture)) : nil }
  }

  /// Returns false when stopped.
  private func separate(
    _ reader: AudioReader, to writer: StemWriter, _ residual: inout Residual, _ singing: inout [Float],
    _ progress: (_ done: Int, _ total: Int) -> Bool
  ) throws(FileError) -> Bool {
    let info = reader.info
    let stream = ShiftedStream(
      model, channels: info.channels, sampleRate: info.sampleRate, tileFrames: output.tileFrames, overlap: output.overlap,
      shifts: output.shifts, seed: output.seed)
    // The mixture up to what the stream has answered.
    var mixture: [Float] = []
    var done = 0
    var ended = false
    while !ended {
      let block = try reader.read(maxFrames: 1 << 16)
      done += block.frames
      ended = block.isEmpty
      mixture += block.samples
      let sources = stream.process(block.samples, isLast: ended)
      let piece = Array(mixture.prefix(sources.first?.count ?? 0))
      mixture.removeFirst(piece.count)
      residual.add(piece, sources)
      try writer.write(stems.map { $0.samples(piece, sources) })
      singing += stream.takeActivity()
      if !progress(done, info.frames) { return false }
    }
    return true
  }

  private func describe(
    _ input: SoundInput, _ reader: AudioReader, _ writer: StemWriter, _ residual: Residual, _ seconds: Double,
    in path: String
  ) throws(FileError) {
    let info = reader.info
    let samples = info.frames * info.channels
    let manifest = SeparationManifest(
      programVersion: output.programVersion, model: facts,
      input: [
        "file": input.shownPath.split(separator: "/").last.map(String.init) ?? input.shownPath, "format": info.format,
        "frames": info.frames, "channels": info.channels, "sample_rate": info.sampleRate,
      ],
      options: [
        "format": output.format.pathExtension, "clip_mode": clipMode.rawValue, "tile_frames": output.tileFrames,
        "overlap": output.overlap, "shifts": output.shifts, "seed": Double(output.seed),
      ],
      stems: zip(stems, zip(writer.paths, writer.levels)).map { stem, written in
        written.1.json(name: stem.name, path: written.0, samples: samples)
      },
      residual: isComplete ? residual.decibels : nil, seconds: seconds, secondsOfAudio: info.duration)
    try AtomicFile.write(manifest.json.json.written(indentation: 2) + "\n", to: path)
  }
}
