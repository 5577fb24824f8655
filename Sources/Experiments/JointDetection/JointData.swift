import SwiftDL
import SwiftDLModels

/// Mixtures with their context, and the voice in them.
struct SingingBatch: Sendable {
  /// `[batch, input samples, 1]`
  let mixture: Tensor
  /// The samples that the output's frames reach, `[batch, samples, 1]`.
  let voice: Tensor
  let accompaniment: Tensor

  /// - Parameter excerpts: with the voice as their only target.
  init(_ excerpts: ExcerptBatch, items: Int, _ window: ExcerptWindow) {
    mixture = Tensor([items, window.input, 1], excerpts.mixture)
    voice = Tensor([items, window.output, 1], excerpts.targets[0])
    accompaniment = mixture.sliced(axis: 1, window.contextBefore..<window.contextBefore + window.output) - voice
  }
}

/// Recordings with their context, and whether there is singing.
struct LabelledBatch: Sendable {
  let mixture: Tensor
  /// `[batch, output frames]`, 0 or 1.
  let singing: Tensor
}

/// The excerpts of a run, from songs with their stems and from labelled recordings: random ones for training, evenly spread
/// ones for validation. Batches are pure functions of a step, so that a resumed run sees what it would have seen.
struct JointData: Sendable {
  static let voice = SourceGroup(stem: "vocals")

  private let model: DetectSeparateConfiguration
  private let window: ExcerptWindow
  private let songs: Part?
  private let recordings: Part?
  private let activities: (train: [VoiceActivity], validation: [VoiceActivity])
  /// Lines about the sets.
  let summary: [String]

  /// One set: what is drawn from, and what it is looked at by.
  private struct Part: Sendable {
    let training: ExcerptReader
    let sampler: ExcerptSampler
    let validation: ExcerptReader
    let windows: [ExcerptPlan]
  }

  /// - Parameters:
  ///   - cache: the folder for decoded audio.
  ///   - progress: told recordings decoded and all.
  init(_ configuration: JointConfiguration, cache: String, progress: (Int, Int) -> Void = { _, _ in }) throws(FileError) {
    let (model, data) = (configuration.model, configuration.data)
    self.model = model
    window = Self.window(of: model)
    let store = try PCMCache(folder: cache)
    var sets: [(name: String, group: SourceGroup, train: [Track], validation: [Track], remix: Bool)] = []
    var (lines, labelled): ([String], LabelledCorpus?) = ([], nil)
    if configuration.objective != .detection {
      let corpus = try MultitrackCorpus(
        data.separation, validation: .automatic(count: data.validationTracks, seed: UInt64(configuration.seed)))
      sets.append((data.separation, Self.voice, corpus.train, corpus.validation, data.remix))
      let minutes = corpus.train.reduce(0) { $0 + $1.seconds } / 60
      lines.append("separation: \(corpus.train.count) songs, \(minutes.text(decimals: 1)) minutes")
    }
    if configuration.objective != .separation {
      let corpus = try LabelledCorpus(data.detection, validationItems: data.validationTracks)
      var tracks: [Split: [Track]] = [:]
      for split in [Split.train, .validation] {
        for item in corpus[split] { tracks[split, default: []].append(try item.track()) }
      }
      sets.append((data.detection, LabelledCorpus.group, tracks[.train] ?? [], tracks[.validation] ?? [], false))
      labelled = corpus
      lines.append("detection: \(corpus.summary(.train))")
    }
    let total = sets.reduce(0) { $0 + $1.train.count + $1.validation.count }
    var done = 0
    var parts: [String: Part] = [:]
    for set in sets {
      for (name, tracks) in [("train on", set.train), ("validate with", set.validation)] where tracks.isEmpty {
        throw FileError(set.name, "has nothing to \(name)", hint: "put recordings into train and valid")
      }
      func reader(_ tracks: [Track]) throws(FileError) -> ExcerptReader {
        defer { done += tracks.count }
        return try ExcerptReader(
          tracks, groups: [set.group], sampleRate: model.sampleRate, channels: 1, cache: store,
          progress: { progress(done + $0, total) })
      }
      let (training, validation) = (try reader(set.train), try reader(set.validation))
      let options = ExcerptSampler.Options(remix: set.remix, gain: data.gain[0]...data.gain[1])
      parts[set.group.name] = Part(
        training: training,
        sampler: ExcerptSampler(
          trackFrames: training.trackFrames, sources: training.sourceCount, window: window,
          seed: CounterHash(UInt64(configuration.seed), text: set.group.name).value, options: options),
        validation: validation,
        windows: ConsecutiveWindows(
          trackFrames: validation.trackFrames, sources: validation.sourceCount, window: window, keepsRemainder: false
        ).spread(atMost: configuration.validationWindows))
    }
    (songs, recordings) = (parts[Self.voice.name], parts[LabelledCorpus.group.name])
    activities = (labelled?[.train].map(\.activity) ?? [], labelled?[.validation].map(\.activity) ?? [])
    summary = lines
  }

  /// The samples of an excerpt. The frames of the output reach half a frame beyond its samples, to both sides.
  static func window(of model: DetectSeparateConfiguration) -> ExcerptWindow {
    let lengths = model.defaultWindow
    return ExcerptWindow(
      output: lengths.output + 2 * model.hop, contextBefore: lengths.contextBefore - model.hop,
      contextAfter: lengths.contextAfter - model.hop)
  }

  /// The batch of songs of a step; `nil` where none are trained on.
  func songs(step: Int, size: Int) -> SingingBatch? {
    songs.map { songs in
      let plans = songs.sampler.batch(epoch: 0, step: step, size: size)
      return SingingBatch(songs.training.batch(plans, window), items: size, window)
    }
  }

  /// The batch of labelled recordings of a step; `nil` where none are trained on.
  func recordings(step: Int, size: Int) -> LabelledBatch? {
    recordings.map { labelled($0.training, activities.train, $0.sampler.batch(epoch: 0, step: step, size: size)) }
  }

  func validationSongs(size: Int) -> some Sequence<SingingBatch> {
    (songs?.windows ?? []).pieces(of: size).lazy.compactMap { plans in
      songs.map { SingingBatch($0.validation.batch(plans, window), items: plans.count, window) }
    }
  }

  func validationRecordings(size: Int) -> some Sequence<LabelledBatch> {
    (recordings?.windows ?? []).pieces(of: size).lazy.compactMap { plans in
      recordings.map { labelled($0.validation, activities.validation, plans) }
    }
  }

  private func labelled(_ reader: ExcerptReader, _ activities: [VoiceActivity], _ plans: [ExcerptPlan]) -> LabelledBatch {
    let excerpts = reader.batch(plans, window)
    let frames = model.outputSize.frames
    let singing = plans.flatMap { plan -> [Float] in
      guard let source = plan.sources.first else { return [] }
      return (0..<frames).map { frame in
        let sample = source.start + (frame + 1) * model.hop
        return activities[source.track].isActive(at: Double(sample) / Double(model.sampleRate)) ? 1 : 0
      }
    }
    return LabelledBatch(
      mixture: Tensor([plans.count, window.input, 1], excerpts.mixture), singing: Tensor([plans.count, frames], singing))
  }
}

extension RandomAccessCollection where Index == Int {
  /// All elements, or so many of them, evenly spread.
  fileprivate func spread(atMost wanted: Int) -> [Element] {
    guard wanted > 0, wanted < count else { return Array(self) }
    return (0..<wanted).map { self[startIndex + $0 * count / wanted] }
  }
}

extension Array {
  /// The elements in pieces of at most so many.
  fileprivate func pieces(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
