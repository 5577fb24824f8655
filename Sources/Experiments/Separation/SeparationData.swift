import SwiftDL
import SwiftDLModels

/// One batch: a mixture with its context and the sources it should be separated into.
struct SeparationBatch: Sendable {
  /// `[batch, input frames, channels]`
  let mixture: Tensor
  /// `[batch, output frames, sources · channels]`
  let targets: Tensor

  init(_ excerpts: ExcerptBatch, items: Int, channels: Int) {
    mixture = Tensor([items, excerpts.mixture.count / items / channels, channels], excerpts.mixture)
    let parts = excerpts.targets.map { Tensor([items, $0.count / items / channels, channels], $0) }
    targets = .concatenated(parts, axis: 2)
  }

  private init(mixture: Tensor, targets: Tensor) {
    self.mixture = mixture
    self.targets = targets
  }

  /// Parts of equal size, one after another.
  func split(into parts: Int) -> [SeparationBatch] {
    if parts == 1 { return [self] }
    let extents = Array(repeating: mixture.shape[0] / parts, count: parts)
    return zip(mixture.split(axis: 0, extents: extents), targets.split(axis: 0, extents: extents))
      .map { SeparationBatch(mixture: $0, targets: $1) }
  }
}

/// The excerpts of a run: random ones for training, consecutive ones for validation.
struct SeparationData: Sendable {
  let training: ExcerptReader
  let validation: ExcerptReader?
  let window: ExcerptWindow
  private let sampler: ExcerptSampler
  private let validationWindows: [ExcerptPlan]
  private let channels: Int

  /// - Parameter cache: the folder for decoded audio.
  init<N>(
    _ configuration: SeparationConfiguration<N>, cache: String, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(FileError) {
    let model = configuration.model
    let corpus = try MultitrackCorpus(
      configuration.data.path,
      validation: .automatic(count: configuration.data.validationTracks, seed: UInt64(configuration.seed)))
    guard !corpus.train.isEmpty else {
      throw FileError(
        configuration.data.path, "has no tracks to train on",
        hint: "put track folders with stems under \(configuration.data.path)/train")
    }
    let store = try PCMCache(folder: cache)
    let total = corpus.train.count + corpus.validation.count
    func reader(_ tracks: [Track], _ mixture: ExcerptReader.MixtureRule, after done: Int) throws(FileError)
      -> ExcerptReader
    {
      try ExcerptReader(
        tracks, groups: configuration.groups, sampleRate: model.sampleRate, channels: model.channels,
        cache: store, mixture: mixture, progress: { progress(done + $0, total) })
    }
    training = try reader(corpus.train, .sum, after: 0)
    validation =
      corpus.validation.isEmpty ? nil : try reader(corpus.validation, .stored, after: corpus.train.count)
    let lengths = configuration.window
    window = ExcerptWindow(
      output: lengths.output, contextBefore: lengths.contextBefore, contextAfter: lengths.contextAfter)
    let (reader, window) = (validation, window)
    validationWindows =
      reader.map { Self.windows(of: $0, window, atMost: configuration.validationWindows) } ?? []
    channels = model.channels
    let changes = configuration.augmentation
    sampler = ExcerptSampler(
      trackFrames: training.trackFrames, sources: training.sourceCount, window: window,
      seed: UInt64(configuration.seed),
      options: .init(
        remix: changes.remix, gain: changes.gain[0]...changes.gain[1], swapsChannels: changes.swapChannels,
        flipsPolarity: changes.flipPolarity, filterDecibels: changes.filterDecibels))
  }

  /// All consecutive windows, or evenly spread ones, always the same.
  private static func windows(of reader: ExcerptReader, _ window: ExcerptWindow, atMost wanted: Int)
    -> [ExcerptPlan]
  {
    let all = ConsecutiveWindows(
      trackFrames: reader.trackFrames, sources: reader.sourceCount, window: window, keepsRemainder: true)
    guard wanted > 0, wanted < all.count else { return Array(all) }
    return (0..<wanted).map { all[$0 * all.count / wanted] }
  }

  /// The training batch at a position of the run: a pure function of it.
  func batch(epoch: Int, step: Int, size: Int) -> SeparationBatch {
    SeparationBatch(
      training.batch(sampler.batch(epoch: epoch, step: step, size: size), window), items: size,
      channels: channels)
  }

  /// The validation batches of at most `size` windows.
  func validationBatches(size: Int) -> some Sequence<SeparationBatch> {
    stride(from: 0, to: validationWindows.count, by: size).lazy.compactMap { start in
      validation.map { reader in
        let plans = Array(validationWindows[start..<Swift.min(start + size, validationWindows.count)])
        return SeparationBatch(reader.batch(plans, window), items: plans.count, channels: channels)
      }
    }
  }
}
