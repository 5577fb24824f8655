import Foundation
import SwiftDL
import SwiftDLModels

/// Finds and checks what a run is trained on.
struct SequenceDataLoader<N: SequenceNetwork> {
  let configuration: SequenceConfiguration<N>
  /// The run's folder, where caches go.
  let folder: String
  let style: ProgressMeter.Style

  /// The data; the configuration's number of symbols becomes theirs.
  func load(_ resolved: inout SequenceConfiguration<N>) throws -> any SequenceDataSet {
    let settings = configuration.data
    let seed = UInt64(configuration.seed)
    let isSymbolic = if case .symbol = configuration.model.frame { true } else { false }
    let needsSymbols = [.characters, .words, .audio].contains(configuration.task)
    if isSymbolic != needsSymbols {
      throw ConfigurationError(
        "preset",
        "\(configuration.preset) models \(isSymbolic ? "symbols" : "signals"), which \(configuration.task.rawValue) has none of",
        hint: "leave the preset out")
    }
    if configuration.task != .copyMemory && settings.path.isEmpty {
      throw ConfigurationError("data.path", "is not set", hint: "data.path=… names \(Self.needs(configuration.task))")
    }
    switch configuration.task {
    case .characters, .words:
      let isWords = configuration.task == .words
      let corpus = try TextCorpus(
        settings.path, unit: isWords ? .words : .characters, limit: settings.wordLimit > 0 ? settings.wordLimit : .max,
        lineEnds: settings.lineEnds)
      resolved.model = N.configuration(configuration.model, withSymbols: corpus.vocabulary.count)
      return try TextData(
        corpus, settings.path, window: try window(resolved), rows: configuration.batchSize,
        evaluationRows: isWords ? configuration.batchSize : 1, seed: seed)
    case .music:
      return MusicData(try PianoRollCorpus(settings.path, framesPerQuarter: settings.framesPerQuarter), seed: seed)
    case .audio:
      let facts = facts(configuration)
      var bar: ProgressMeter?
      defer { bar?.finish() }
      return try AudioData(
        settings.path, cache: settings.cache.isEmpty ? "\(folder)-cache" : settings.cache,
        sampleRate: facts.sampleRate ?? 16000, window: try window(configuration), batchSize: configuration.batchSize,
        seed: seed,
        decoding: { done, total in
          if bar == nil { bar = ProgressMeter(total: total, label: "decoding", unit: "files", style: style) }
          bar?.update(done)
        })
    case .copyMemory:
      return CopyMemoryData(
        blanks: settings.blanks, sequences: settings.sequences, batchSize: configuration.batchSize, seed: seed)
    }
  }

  private static func needs(_ task: SequenceTask) -> String {
    switch task {
    case .characters, .words: "a folder with train.txt, valid.txt and test.txt, or a text file"
    case .music: "a .mat file of piano rolls or a folder of MIDI files"
    case .audio: "a folder of audio files"
    case .copyMemory: "nothing"
    }
  }

  private func facts(_ configuration: SequenceConfiguration<N>) -> NetworkFacts {
    N(configuration.model, random: RandomStream(seed: 0)).facts
  }

  /// Bytes that training will need, about; an error when the machine has fewer.
  func memory(for data: any SequenceDataSet, _ configuration: SequenceConfiguration<N>) throws -> Int {
    let usual = facts(configuration).window
    let (rows, frames) = data.largestBatch
    let output = frames - (usual.input - usual.output)
    let bytes = configuration.model.trainingBytes(WindowLengths(input: frames, output: output), rows: rows)
    let available = Int(ProcessInfo.processInfo.physicalMemory)
    if bytes > available {
      throw ConfigurationError(
        "batchSize",
        "with \(rows) rows of \(frames) frames training needs about \(bytes >> 20) MiB; this machine has \(available >> 20)",
        hint: "take a smaller batchSize, fewer model.windowFrames or a smaller network")
    }
    return bytes
  }

  private func window(_ configuration: SequenceConfiguration<N>) throws -> TrainingWindow {
    let lengths = facts(configuration).window
    let scored = lengths.output - configuration.contextFrames
    guard scored > 0 else {
      throw ConfigurationError(
        "contextFrames", "is \(configuration.contextFrames), but a window puts out \(lengths.output) frames")
    }
    return TrainingWindow(input: lengths.input, scored: scored)
  }
}
