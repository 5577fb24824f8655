import Foundation
import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// What a model is worth on the test parts, in numbers that can be compared pair by pair with those of another model.
struct JointScores: Codable, Sendable, Equatable {
  /// Of the weights that were judged.
  var checksum = ""
  /// The probability of singing in every frame of the labelled recordings, one after another.
  var singing: [Float] = []
  /// The separation loss of each window of the songs.
  var errors: [Double] = []
  /// BSS Eval over 30 seconds every 15; nothing where it is not defined.
  var voiceSDR: [Double?] = []
  var musicSDR: [Double?] = []
  /// The root mean square of the voice's estimate over each stretch without voice.
  var silentRMS: [Double] = []
  /// How many of these figures are of each recording and each song, one after another.
  var recordings: [Int] = []
  var songs: [SongCounts] = []

  struct SongCounts: Codable, Sendable, Equatable {
    let errors: Int
    let windows: Int
    let silences: Int
  }

  /// The area under the characteristic of each recording; nothing where one is all voice, or has none.
  func areas(_ truth: [Bool]) -> [Double?] {
    zip(Self.parts(of: singing, recordings), Self.parts(of: truth, recordings)).map {
      RankedArea(scores: Array($0), isPositive: Array($1))?.value
    }
  }

  /// The mean of each song.
  var errorsOfSongs: [Double?] { Self.parts(of: errors, songs.map(\.errors)).map(Self.mean) }
  var silentRMSOfSongs: [Double?] { Self.parts(of: silentRMS, songs.map(\.silences)).map(Self.mean) }
  /// The median of each song.
  var voiceSDROfSongs: [Double?] { Self.parts(of: voiceSDR, songs.map(\.windows)).map(Self.median) }
  var musicSDROfSongs: [Double?] { Self.parts(of: musicSDR, songs.map(\.windows)).map(Self.median) }

  static func parts<Figure>(of figures: [Figure], _ counts: [Int]) -> [ArraySlice<Figure>] {
    var rest = figures[...]
    return counts.map { count in
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
  }

  static func mean(_ figures: some Collection<Double>) -> Double? {
    figures.isEmpty ? nil : figures.reduce(0, +) / Double(figures.count)
  }

  static func median(_ figures: some Collection<Double?>) -> Double? {
    let median = ScoreStatistics.median(figures.compactMap { $0 })
    return median.isNaN ? nil : median
  }
}

/// The test parts of the two sets, heard as the program hears files: whole, mono, at the network's rate.
struct JointTest {
  /// Seconds of a stretch without voice, at least: shorter ones are pauses for breath.
  static let leastSilence = 0.5

  private let songs: ExcerptReader
  private let recordings: ExcerptReader
  private let activities: [VoiceActivity]
  private let model: DetectSeparateConfiguration

  init(_ model: DetectSeparateConfiguration, separation: String, detection: String, cache: String) throws(FileError) {
    let (corpus, labelled) = (try MultitrackCorpus(separation), try LabelledCorpus(detection))
    for (path, isEmpty) in [(separation, corpus.test.isEmpty), (detection, labelled[.test].isEmpty)] where isEmpty {
      throw FileError(path, "has no test part", hint: "put what nobody learns from into \(path)/test")
    }
    let store = try PCMCache(folder: cache)
    func reader(_ tracks: [Track], _ group: SourceGroup) throws(FileError) -> ExcerptReader {
      try ExcerptReader(tracks, groups: [group], sampleRate: model.sampleRate, channels: 1, cache: store)
    }
    var tracks: [Track] = []
    for item in labelled[.test] { tracks.append(try item.track()) }
    songs = try reader(corpus.test, JointData.voice)
    recordings = try reader(tracks, LabelledCorpus.group)
    activities = labelled[.test].map(\.activity)
    self.model = model
  }

  /// Whether there is singing, frame by frame, in the order of `JointScores.singing`.
  var truth: [Bool] {
    zip(activities, recordings.trackFrames).flatMap { activity, samples in
      (0..<(samples + model.hop - 1) / model.hop).map {
        activity.isActive(at: Double($0 * model.hop) / Double(model.sampleRate))
      }
    }
  }

  /// The figures of detection.
  func judgeDetection(_ network: VoiceSeparator, _ scores: inout JointScores) {
    let found = recordings.trackFrames.indices.map { index in
      let stream = stream(network)
      _ = stream.process(whole(recordings, index).mixture, isLast: true)
      return stream.takeActivity()
    }
    (scores.singing, scores.recordings) = (found.flatMap { $0 }, found.map(\.count))
  }

  /// The figures of separation.
  func judgeSeparation(_ network: VoiceSeparator, _ scores: inout JointScores) {
    (scores.errors, scores.voiceSDR, scores.musicSDR, scores.silentRMS, scores.songs) = ([], [], [], [], [])
    for index in songs.trackFrames.indices {
      let song = whole(songs, index)
      let voice = song.targets[0]
      let estimates = stream(network).process(song.mixture, isLast: true)
      let music = zip(song.mixture, voice).map { $0 - $1 }
      let found = BSSEval.scores(
        references: [voice, music].map(sound), estimates: estimates.map(sound), window: 30, hop: 15, regularization: nil)
      scores.voiceSDR += found.targets[0].sdr.map { $0.isFinite ? $0 : nil }
      scores.musicSDR += found.targets[1].sdr.map { $0.isFinite ? $0 : nil }
      let activity = VoiceActivity(ofVoice: voice, channels: 1, sampleRate: model.sampleRate)
      let gaps = activity.gaps(in: Double(voice.count) / Double(model.sampleRate))
      let silencesBefore = scores.silentRMS.count
      for gap in gaps where gap.seconds >= Self.leastSilence {
        let samples = estimates[0][Int(gap.start * Double(model.sampleRate))..<Int(gap.end * Double(model.sampleRate))]
        let energy = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
        scores.silentRMS.append((energy / Double(max(1, samples.count))).squareRoot())
      }
      let errors = errors(network, index)
      scores.errors += errors
      scores.songs.append(
        .init(
          errors: errors.count, windows: found.windows, silences: scores.silentRMS.count - silencesBefore))
    }
  }

  /// The loss of each window of a song.
  private func errors(_ network: VoiceSeparator, _ index: Int) -> [Double] {
    let window = JointData.window(of: model)
    return stride(from: 0, to: max(1, songs.trackFrames[index] - window.output), by: window.output).map { start in
      let plan = ExcerptPlan(track: index, start: start, sources: songs.sourceCount)
      return Double(JointLoss.separation(network, SingingBatch(songs.batch([plan], window), items: 1, window)).scalar)
    }
  }

  private func whole(_ reader: ExcerptReader, _ index: Int) -> ExcerptBatch {
    reader.excerpt(
      ExcerptPlan(track: index, start: 0, sources: reader.sourceCount), ExcerptWindow(output: reader.trackFrames[index]))
  }

  private func stream(_ network: VoiceSeparator) -> SeparationStream {
    SeparationStream(network, channels: 1, sampleRate: model.sampleRate)
  }

  private func sound(_ samples: [Float]) -> AudioBuffer {
    AudioBuffer(samples: samples, channels: 1, sampleRate: model.sampleRate)
  }
}
