import Foundation
import Glibc
public import SwiftDL
import SwiftDLAudio
public import SwiftDLModels

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

  /// One, or several whose results are averaged; with the same sources.
  private let models: [any SeparationNetwork]
  private let output: SeparationOutput
  private let stems: [StemSelection.Stem]
  private let isComplete: Bool
  private let facts: [JSONObject]
  /// Of a container.
  private let encoder: FFmpeg?

  /// - Parameter models: a network, or several that know the same sources: an ensemble, whose results are averaged.
  /// - Throws: `ConfigurationError` for stems the models do not have, for models that do not fit together, and for
  ///   activity where it is not told; for a container without ffmpeg, and for more stems than it holds.
  public init(_ models: [any SeparationNetwork], _ output: SeparationOutput) throws(ConfigurationError) {
    guard let model = models.first else { throw ConfigurationError("model", "is not named") }
    let names = model.configuration.sources
    for other in models where other.configuration.sources.sorted() != names.sorted() {
      throw ConfigurationError(
        "--ensemble",
        "the models know other sources: \(names.joined(separator: ", "))"
          + " and \(other.configuration.sources.joined(separator: ", "))", hint: "take models of the same sources")
    }
    if output.activity != nil {
      guard model is any ActivitySeparator else {
        throw ConfigurationError(
          "--activity", "\(output.modelName) does not tell when there is singing", hint: "-m detect-voice does")
      }
      if output.shifts > 0 || output.augmented || models.count > 1 {
        throw ConfigurationError(
          "--activity", "is told of the signal as it is by one model", hint: "leave --shifts, --tta and --ensemble out")
      }
    }
    // Networks of their own for every source need not be asked about those nobody wants.
    let needed = try output.stems.needed(of: names)
    self.models = models.map { $0.restricted(to: needed) }
    self.output = output
    let computed = self.models[0].configuration.sources
    let stems = try output.stems.stems(of: computed)
    self.stems = output.inContainer ? StemContainerWriter.arranged(stems) : stems
    encoder = output.inContainer ? try Self.encoder(for: stems) : nil
    isComplete = computed.count == names.count
    facts = models.map { model in
      [
        "architecture": type(of: model).architecture, "sources": model.configuration.sources,
        "sample_rate": model.configuration.sampleRate, "parameters": model.parameterCount,
        "weights_checksum": model.parameters.checksum(),
      ]
    }
  }

  private static func encoder(for stems: [StemSelection.Stem]) throws(ConfigurationError) -> FFmpeg {
    let (key, most) = ("--format \(StemContainerWriter.pathExtension)", StemContainerWriter.capacity)
    if stems.count > most {
      throw ConfigurationError(key, "holds \(most) stems, not \(stems.count)", hint: "--stems and --two-stems choose some")
    }
    guard let program = FFmpeg() else {
      throw ConfigurationError(key, "needs the program ffmpeg, which is not installed", hint: "apt install ffmpeg")
    }
    return program
  }

  /// Separates one file; the results have its exact length, and its sample rate and channels where no others are asked for.
  /// Nothing is written unless everything is.
  ///
  /// - Parameters:
  ///   - trackName: the name of the track in the results; the file's own name when absent.
  ///   - progress: called with frames done and in all; returning false stops and leaves nothing behind.
  public func separate(
    _ input: SoundInput, trackName: String? = nil,
    progress: (_ done: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws(FileError) -> Outcome {
    func place(_ stem: String, _ pathExtension: String) -> String {
      output.place(input, trackName: trackName, stem: stem, pathExtension: pathExtension)
    }
    let paths =
      encoder == nil
      ? stems.map { place($0.name, output.format.pathExtension) } : [output.containerPlace(input, trackName: trackName)]
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
    let info = reader.info
    let frames = try output.excerpt.frames(of: info, named: input.shownPath)
    try reader.seek(toFrame: frames.lowerBound)
    let folders = Set((paths + [manifest]).map(Self.folder(of:))).sorted()
    let fresh = folders.map { FreshFolder($0) }
    var finished: [String] = []
    do throws(FileError) {
      for folder in folders { try Folders.create(folder) }
      let started = ContinuousClock.now
      let writer = try sink(reader, paths)
      var tally = SeparationTally(channels: info.channels, sampleRate: info.sampleRate)
      var singing: [Float] = []
      if try separate(reader, frames: frames.count, to: writer, &tally, &singing, progress) {
        try writer.finish { finished.append($0) }
        if let rule = output.activity?.rule, let hop = (models[0] as? any ActivitySeparator)?.activitySeconds {
          let seconds = Double(frames.count) / Double(info.sampleRate)
          let found = DetectedActivity(probabilities: singing, hop: hop, seconds: seconds, rule: rule)
          for (format, path) in activities {
            try AtomicFile.write(found.text(format, facts: ["model": output.modelName]), to: path)
            finished.append(path)
          }
        }
        let seconds = (ContinuousClock.now - started).seconds
        try describe(input, info, frames, writer, tally, seconds, in: manifest)
        return .written(paths + activities.map(\.1), residual: isComplete ? tally.residualDecibels : nil)
      }
    } catch {
      for path in finished { unlink(path) }
      fresh.reversed().forEach { $0.discardFolders() }
      throw error
    }
    fresh.reversed().forEach { $0.discardFolders() }
    return .stopped
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// What takes the stems.
  private func sink(_ reader: AudioReader, _ paths: [String]) throws(FileError) -> any StemSink {
    let (channels, inputRate) = (outputChannels(reader.info), reader.info.sampleRate)
    let sampleRate = output.sampleRate ?? inputRate
    if let encoder {
      return try StemContainerWriter(
        paths[0], names: stems.map(\.name), program: encoder, channels: channels, inputRate: inputRate,
        sampleRate: sampleRate, clipMode: clipMode, tags: reader.tags)
    }
    return try StemWriter(
      paths, channels: channels, inputRate: inputRate, sampleRate: sampleRate, format: output.format, clipMode: clipMode,
      tags: stems.map { $0.tags(from: reader.tags) })
  }

  private func outputChannels(_ info: AudioInfo) -> Int {
    output.channels ?? (output.inContainer ? 2 : info.channels)
  }

  private var clipMode: ClipMode {
    let hasFullScale = output.inContainer || output.format != .wav(.float32)
    return output.clipMode ?? (hasFullScale ? .common : .none)
  }

  /// Returns false when stopped.
  private func separate(
    _ reader: AudioReader, frames: Int, to writer: any StemSink, _ tally: inout SeparationTally, _ singing: inout [Float],
    _ progress: (_ done: Int, _ total: Int) -> Bool
  ) throws(FileError) -> Bool {
    let info = reader.info
    // Fewer channels than a pair are made of what was found in both; more are separated as a pair, which is cheaper.
    let wanted = outputChannels(info)
    let channels = wanted < info.channels ? min(info.channels, 2) : info.channels
    let (before, after) = (ChannelMix(from: info.channels, to: channels), ChannelMix(from: channels, to: wanted))
    let stream = EnsembleStream(
      models, channels: channels, sampleRate: info.sampleRate, tileFrames: output.tileFrames, overlap: output.overlap,
      shifts: output.shifts, augmented: output.augmented, seed: output.seed)
    // The mixture up to what the stream has answered.
    var mixture: [Float] = []
    var done = 0
    while true {
      let ended = done == frames
      let block = ended ? [] : try reader.read(maxFrames: min(frames - done, 1 << 16)).samples
      done += block.count / info.channels
      tally.add(block)
      let mixed = before(block)
      mixture += mixed
      let sources = stream.process(mixed, isLast: ended)
      let piece = Array(mixture.prefix(sources.first?.count ?? 0))
      mixture.removeFirst(piece.count)
      tally.compare(piece, sources)
      try writer.write(after(piece), stems.map { after($0.samples(piece, sources)) })
      singing += stream.takeActivity()
      if !progress(done, frames) { return false }
      if ended { return true }
    }
  }

  private func describe(
    _ input: SoundInput, _ info: AudioInfo, _ frames: Range<Int>, _ writer: any StemSink, _ tally: SeparationTally,
    _ seconds: Double, in path: String
  ) throws(FileError) {
    let manifest = SeparationManifest(
      programVersion: output.programVersion, modelName: output.modelName, models: facts,
      input: [
        "file": input.shownPath.split(separator: "/").last.map(String.init) ?? input.shownPath, "format": info.format,
        "first_frame": frames.lowerBound, "frames": frames.count, "channels": info.channels, "sample_rate": info.sampleRate,
        "samples_checksum": tally.samplesChecksum, "loudness_lufs": SeparationManifest.rounded(tally.loudness),
      ],
      options: [
        "format": (output.inContainer ? StemContainerWriter.pathExtension : output.format.pathExtension).json,
        "clip_mode": clipMode.rawValue, "tile_frames": output.tileFrames,
        "overlap": output.overlap, "shifts": output.shifts, "tta": output.augmented, "seed": Double(output.seed),
        "sample_rate": output.sampleRate ?? info.sampleRate, "channels": outputChannels(info),
      ],
      stems: zip(stems, writer.written).map { stem, written in written.level.json(name: stem.name, path: written.path) },
      residual: isComplete ? tally.residualDecibels : nil, seconds: seconds,
      secondsOfAudio: Double(frames.count) / Double(info.sampleRate))
    try AtomicFile.write(manifest.json.json.written(indentation: 2) + "\n", to: path)
  }
}
