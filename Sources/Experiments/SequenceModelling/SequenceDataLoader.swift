import SwiftDL
import SwiftDLModels

/// Finds and checks what a run is trained on.
struct SequenceDataLoader<N: SequenceNetwork> {
  let configuration: SequenceConfiguration<N>
  /// The run's folder, where caches go.
  let folder: String
  let style: ProgressMeter.Style

  /// The data; the configuration's number of symbols becomes theirs.
  func load(_ resolved: inout SequenceConfiguration<N>) throws -> any SequenceData {
    let settings = configuration.data
    let seed = UInt64(configuration.seed)
    let isSymbolic = N.symbolCount(of: configuration.model) != nil
    let needsSymbols = [.characters, .words, .audio].contains(configuration.task)
    if isSymbolic != needsSymbols {
      throw ConfigurationError(
        "preset", "\(configuration.preset) models \(isSymbolic ? "symbols" : "signals"), which \(configuration.task.rawValue) has none of",
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
      let facts = N(configuration.model, random: RandomStream(seed: 0)).facts
      let bar = ProgressMeter(total: nil, label: "decoding", unit: "files", style: style)
      defer { bar.finish() }
      return try AudioData(
        settings.path, cache: settings.cache.isEmpty ? "\(folder)-cache" : settings.cache,
        sampleRate: facts.sampleRate ?? 16000, window: try window(configuration), batchSize: configuration.batchSize,
        seed: seed, decoding: { done, _ in bar.update(done) })
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

  private func window(_ configuration: SequenceConfiguration<N>) throws -> TrainingWindow {
    let lengths = N(configuration.model, random: RandomStream(seed: 0)).facts.window
    let scored = lengths.output - configuration.contextFrames
    guard scored > 0 else {
      throw ConfigurationError(
        "contextFrames", "is \(configuration.contextFrames), but a window puts out \(lengths.output) frames")
    }
    return TrainingWindow(input: lengths.input, scored: scored)
  }
}
