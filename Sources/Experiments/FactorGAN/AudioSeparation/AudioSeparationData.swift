import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// Excerpts of songs as spectrograms of accompaniment and source: of few songs both are known together.
struct AudioSeparationData: FactorGANData {
  let parts = SampleParts(sizes: [1, 1])
  /// One without training, for the shape of things.
  let separator: GeneratorSeparator
  private let reader: ExcerptReader
  private let test: ExcerptReader
  private let window: ExcerptWindow
  /// Places of excerpts: in the songs that are known whole, and in all.
  private let known: [ExcerptPlan]
  private let all: [ExcerptPlan]
  private let takesKnownMixtures: Bool
  private let rounds: Int
  let summary: String

  /// - Parameter progress: told songs decoded, and songs in all.
  init(
    _ configuration: FactorGANConfiguration, _ separator: GeneratorSeparator, cache: String,
    progress: (Int, Int) -> Void
  ) throws {
    let settings = configuration.data
    let corpus = try MultitrackCorpus(settings.path, validation: .none)
    guard corpus.stemNames.contains(settings.source) else {
      throw ConfigurationError(
        "data.source", "is \(settings.source); the stems of \(settings.path) are \(corpus.stemNames.joined(separator: ", "))"
      )
    }
    guard corpus.stemNames.count > 1 else { throw FileError(settings.path, "has no stems beside \(settings.source)") }
    guard settings.pairs <= corpus.train.count else {
      throw ConfigurationError(
        "data.pairs", "is \(settings.pairs), but \(settings.path) has \(corpus.train.count) songs to train on",
        hint: "0 takes all of them")
    }
    guard !corpus.test.isEmpty else {
      throw FileError(settings.path, "has no songs to judge by", hint: "put some into test")
    }
    let groups = [
      SourceGroup("accompaniment", stems: corpus.stemNames.filter { $0 != settings.source }),
      SourceGroup(stem: settings.source),
    ]
    let store = try PCMCache(folder: cache)
    let total = corpus.train.count + corpus.test.count
    func opened(_ tracks: [Track], after done: Int) throws -> ExcerptReader {
      try ExcerptReader(
        tracks, groups: groups, sampleRate: settings.sampleRate, channels: 1, cache: store,
        progress: { progress(done + $0, total) })
    }
    reader = try opened(corpus.train, after: 0)
    test = try opened(corpus.test, after: corpus.train.count)
    self.separator = separator
    let shape = separator.configuration
    window = ExcerptWindow(output: shape.windowSamples)
    // Every excerpt begins half of one behind the last.
    let hop = shape.network.width / 2 * shape.hop
    let frames = reader.trackFrames
    func excerpts(of songs: some Sequence<Int>) -> [ExcerptPlan] {
      songs.flatMap { song in
        stride(from: 0, through: max(0, frames[song] - shape.windowSamples), by: hop).map {
          ExcerptPlan(track: song, start: $0, sources: groups.count)
        }
      }
    }
    all = excerpts(of: frames.indices)
    var random = RandomStream(seed: UInt64(configuration.seed)).stream("order of songs")
    let order = random.permutation(of: frames.count)
    let songs = settings.pairs == 0 ? frames.count : settings.pairs
    known = excerpts(of: order.prefix(songs).sorted())
    takesKnownMixtures = configuration.factorisation == .gan
    rounds = configuration.judge.griffinLimRounds
    summary =
      "\(songs) of \(frames.count) songs known with their stems, \(known.count) of \(all.count) excerpts, "
      + "\(corpus.test.count) songs to judge by"
  }

  func count(of factor: DensityFactor) -> Int {
    if case .marginal = factor { return all.count }
    return known.count
  }

  func real(_ indices: ArraySlice<Int>, for factor: DensityFactor) -> Tensor {
    if case .marginal(let part) = factor { return spectrogram(reader.batch(indices.map { all[$0] }, window).targets[part]) }
    return spectrograms(reader.batch(indices.map { known[$0] }, window))
  }

  private func spectrograms(_ excerpts: ExcerptBatch) -> Tensor {
    .concatenated(excerpts.targets.map(spectrogram), axis: 3)
  }

  private func spectrogram(_ samples: [Float]) -> Tensor {
    separator.spectrogram(Tensor([samples.count / window.output, window.output, 1], samples))
  }

  func inputs(_ count: Int, random: inout RandomStream) -> GeneratorInputs {
    let pool = takesKnownMixtures ? known : all
    let drawn = (0..<count).map { _ in pool[random.integer(below: pool.count)] }
    return inputs(reader.batch(drawn, window), &random)
  }

  private func inputs(_ excerpts: ExcerptBatch, _ random: inout RandomStream) -> GeneratorInputs {
    let mixtures = spectrogram(excerpts.mixture)
    let noise = random.uniform([mixtures.shape[0], separator.configuration.network.noise], in: -1..<1)
    return GeneratorInputs(noise: noise, condition: mixtures)
  }

  /// Passages of test songs, evenly spread, always the same.
  private func testExcerpts(_ count: Int) -> ExcerptBatch {
    let frames = test.trackFrames
    let plans = (0..<count).map { number in
      let song = number % frames.count
      let last = max(0, frames[song] - window.output)
      return ExcerptPlan(track: song, start: last * (number / frames.count + 1) / (count / frames.count + 2), sources: 2)
    }
    return test.batch(plans, window)
  }

  // MARK: - Looked at and judged

  func inputsToLookAt(random: inout RandomStream) -> GeneratorInputs { inputs(testExcerpts(8), &random) }

  /// Spectrograms, low frequencies below: accompaniment, source, and again.
  func picture(_ samples: Tensor) -> any PNGPicture {
    let (bins, frames) = (samples.shape[1], samples.shape[2])
    let colours = ColourMap.ember(256)
    let pictures = samples.withUnsafeBuffer { values in
      (0..<2 * samples.shape[0]).map { index in
        let (sample, part) = (index / 2, index % 2)
        var picture = RGBImage(width: frames, height: bins, colour: colours[0])
        for bin in 0..<bins {
          for frame in 0..<frames {
            // e⁵: the loudest bins of music at full scale.
            let value = values[((sample * bins + bin) * frames + frame) * 2 + part] / 5
            picture[bins - 1 - bin, frame] = colours[Int(min(max(value, 0), 1) * 255)]
          }
        }
        return picture
      }
    }
    return RGBImage(grid: pictures, columns: 8)
  }

  /// How far spectrograms of test passages are off.
  func scores(of generator: some SampleGenerator, random: RandomStream) -> JSONObject {
    var random = random
    let excerpts = testExcerpts(32)
    let made = generator.samples(inputs(excerpts, &random), .inference)
    return ["spectrogram_mse": Double(meanSquaredError(made, spectrograms(excerpts)).scalar)]
  }

  func finalScores(
    of generator: some SampleGenerator, random: RandomStream, shouldStop: () -> Bool
  ) throws -> JSONObject? {
    let judge = WholeSongJudge(
      shape: separator.configuration, rounds: rounds, noise: random.stream("noise of songs"))
    var values: [[Double]] = [[], []]
    for song in test.tracks.indices {
      if shouldStop() { return nil }
      let whole = ExcerptWindow(output: max(1, test.trackFrames[song]))
      let excerpt = test.excerpt(ExcerptPlan(track: song, start: 0, sources: 2), whole)
      for (part, scores) in judge(generator, excerpt, song).enumerated() { values[part] += scores }
    }
    var scores: JSONObject = [:]
    for (name, values) in zip(separator.configuration.sources, values) {
      let statistics = ScoreStatistics(values)
      scores["\(name)_sdr_median"] = .number(statistics.median)
      scores["\(name)_sdr_deviation_median"] = .number(statistics.medianAbsoluteDeviation)
      scores["\(name)_sdr_mean"] = .number(statistics.mean)
      scores["\(name)_sdr_deviation"] = .number(statistics.standardDeviation)
    }
    return scores
  }
}
