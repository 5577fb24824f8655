import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// What a run learns from: songs with their stems, mixtures whose stems nobody has, and sources alone.
///
/// The paper keeps 64 excerpts of ten seconds in memory and replaces a few with every batch, because its songs lie on slow
/// disks in their own formats. Here everything is decoded once and mapped, and every excerpt is drawn anew.
struct AdversarialData: Sendable {
  private let paired: ExcerptReader
  private let pairedSampler: ExcerptSampler
  /// Absent where there are no critics.
  private let mixtures: RecordingPool?
  /// By source.
  private let solos: [Int: RecordingPool]
  private let validation: ExcerptReader?
  private let validationWindows: [ExcerptPlan]
  private let window: ExcerptWindow
  /// The tracks and pools in one line.
  let summary: String

  /// Opens all, decoding what the cache lacks.
  ///
  /// - Parameter progress: told recordings decoded and recordings in all.
  /// - Throws: `FileError` for pools that are missing, smaller than a batch, of different formats, or that share a
  ///   recording with what the run is validated or tested on.
  init(
    _ configuration: AdversarialConfiguration, cache: String, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(FileError) {
    let (model, path) = (configuration.model, configuration.data.path)
    let corpus = try MultitrackCorpus(path, validation: .none)
    let material = corpus.material[.train] ?? CorpusManifest.Material()
    guard !corpus.train.isEmpty else {
      throw FileError(path, "has no songs with stems to train on", hint: "list some under train: paired:")
    }
    let frames = (input: model.network.inputSize.frames, output: model.network.outputSize.frames)
    let context = model.contextFrames * model.hop
    let window = ExcerptWindow(
      output: model.samples(ofFrames: frames.output), contextBefore: context, contextAfter: context)
    self.window = window

    var pools: [(name: String, recordings: [Recording], window: ExcerptWindow)] = []
    if configuration.variant != .base { pools.append(("mixtures", material.mixtures, window)) }
    for source in configuration.criticSources {
      let name = model.sources[source]
      let stems = configuration.data.groups[name] ?? [name]
      let alone = material.unpaired[name] ?? stems.flatMap { material.unpaired[$0] ?? [] }
      pools.append(("\(name) alone", alone, ExcerptWindow(output: window.output)))
    }
    for pool in pools where pool.recordings.isEmpty {
      throw FileError(
        path, "lists no \(pool.name) to train on",
        hint: pool.name == "mixtures" ? "list files and folders under train: mixtures:" : "list them under train: unpaired:")
    }
    if !configuration.data.anyFormat { try Self.checkFormats(corpus.train, pools.map { ($0.name, $0.recordings) }, path) }

    let store = try PCMCache(folder: cache)
    let total = corpus.train.count + corpus.validation.count + pools.reduce(0) { $0 + $1.recordings.count }
    var done = 0
    func reader(_ tracks: [Track]) throws(FileError) -> ExcerptReader {
      let before = done
      let reader = try ExcerptReader(
        tracks, groups: configuration.groups, sampleRate: model.sampleRate, channels: 1, cache: store, mixture: .stored,
        progress: { progress(before + $0, total) })
      done += tracks.count
      return reader
    }
    func seed(_ name: String) -> UInt64 { CounterHash(UInt64(configuration.seed), text: name).value }
    paired = try reader(corpus.train)
    pairedSampler = ExcerptSampler(
      trackFrames: paired.trackFrames, sources: paired.sourceCount, window: window, seed: seed("paired"))
    validation = corpus.validation.isEmpty ? nil : try reader(corpus.validation)
    let all = validation.map {
      ConsecutiveWindows(trackFrames: $0.trackFrames, sources: $0.sourceCount, window: window, keepsRemainder: true)
    }
    validationWindows = Self.spread(all.map { Array($0) } ?? [], atMost: configuration.validationWindows)

    var mapped: [RecordingPool] = []
    for pool in pools {
      var recordings: [MappedSamples] = []
      for recording in pool.recordings {
        let samples = try store.samples(of: recording, sampleRate: model.sampleRate, channels: 1)
        guard samples.frames > 0 else { throw FileError(recording.path, "has no samples", hint: "take it out of \(path)") }
        recordings.append(samples)
        done += 1
        progress(done, total)
      }
      let filled = RecordingPool(
        recordings, window: pool.window, gain: configuration.data.gain[0]...configuration.data.gain[1],
        seed: seed("unpaired \(pool.name)"))
      guard filled.excerpts >= configuration.batchSize else {
        throw FileError(
          path, "its \(pool.name) fill \(filled.excerpts) excerpts, and a batch takes \(configuration.batchSize)",
          hint: "list more of them, or make batchSize smaller")
      }
      mapped.append(filled)
    }
    mixtures = mapped.first
    solos = Dictionary(uniqueKeysWithValues: zip(configuration.criticSources, mapped.dropFirst()))

    try LeakCheck(corpus, pools.map { ($0.name, $0.recordings) }, store, sampleRate: model.sampleRate).run()
    let parts = ["\(corpus.train.count) paired songs"] + pools.map { "\($0.recordings.count) \($0.name)" }
    summary = (parts + ["\(corpus.validation.count) songs for validation"]).joined(separator: ", ")
  }

  /// Evenly spread ones, always the same.
  private static func spread(_ windows: [ExcerptPlan], atMost wanted: Int) -> [ExcerptPlan] {
    guard wanted > 0, wanted < windows.count else { return windows }
    return (0..<wanted).map { windows[$0 * windows.count / wanted] }
  }

  /// Refuses recordings of different rates or channels: a critic tells them apart by what a rate leaves out.
  private static func checkFormats(
    _ songs: [Track], _ pools: [(name: String, recordings: [Recording])], _ path: String
  ) throws(FileError) {
    guard let first = songs.first else { return }
    func check(_ rate: Int, _ channels: Int, _ name: String) throws(FileError) {
      if rate == first.sampleRate && channels == first.channels { return }
      throw FileError(
        name, "has \(rate) Hz and \(channels) channels, “\(first.name)” \(first.sampleRate) Hz and \(first.channels)",
        hint: "bring all to one format, or take them as they are with data.anyFormat=true")
    }
    for song in songs { try check(song.sampleRate, song.channels, song.folder) }
    for pool in pools {
      for recording in pool.recordings {
        let info = try recording.info()
        try check(info.sampleRate, info.channels, recording.path)
      }
    }
  }

  // MARK: - Batches

  /// Paired windows as waveforms: `[batch, samples, 1]`, and one target for each source.
  struct Paired {
    let mixture: Tensor
    let sources: [Tensor]

    init(_ excerpts: ExcerptBatch, items: Int) {
      func tensor(_ samples: [Float]) -> Tensor { Tensor([items, samples.count / items, 1], samples) }
      mixture = tensor(excerpts.mixture)
      sources = excerpts.targets.map(tensor)
    }

    /// What the separator is to make of what, as spectrograms.
    func spectrograms(_ separator: AdversarialSeparator) -> (mixture: Tensor, targets: Tensor) {
      let targets = sources.map { separator.extended(separator.spectrogram($0)) }
      return (separator.spectrogram(mixture), .concatenated(targets, axis: 3))
    }
  }

  /// The paired batch of an update.
  func paired(_ update: Int, size: Int) -> Paired {
    Paired(paired.batch(pairedSampler.batch(epoch: 0, step: update, size: size), window), items: size)
  }

  /// Batch `number` of unpaired mixtures `[batch, samples, 1]`; nil where there are none.
  func mixtures(_ number: Int, size: Int) -> Tensor? { mixtures?.batch(number, size: size) }

  /// Batch `number` of a source alone.
  func solos(_ source: Int, _ number: Int, size: Int) -> Tensor? { solos[source]?.batch(number, size: size) }

  var hasValidation: Bool { validation != nil }

  /// The validation windows, so many at a time.
  func validationBatches(size: Int) -> some Sequence<(windows: Int, batch: Paired)> {
    stride(from: 0, to: validationWindows.count, by: size).lazy.compactMap { start in
      validation.map { reader in
        let plans = Array(validationWindows[start..<min(start + size, validationWindows.count)])
        return (plans.count, Paired(reader.batch(plans, window), items: plans.count))
      }
    }
  }
}
