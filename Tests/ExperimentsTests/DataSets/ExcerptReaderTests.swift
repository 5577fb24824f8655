import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

@Suite struct ExcerptReaderTests {
  /// Two tracks of four stems at 8 kHz in stereo, 500 and 300 frames.
  static func corpus(_ root: TemporaryFolder) throws -> MultitrackCorpus {
    for (track, frames) in [("A", 500), ("B", 300)] {
      for (index, stem) in ["bass", "drums", "other", "vocals"].enumerated() {
        let seed = UInt64(10 * frames + index)
        try root.write(noise(2 * frames, seed: seed), to: "corpus/train/\(track)/\(stem).wav")
      }
    }
    return try MultitrackCorpus(root.path + "/corpus")
  }

  static func reader(
    _ root: TemporaryFolder, groups: [SourceGroup], rate: Int = 8000, channels: Int = 2,
    mixture: ExcerptReader.MixtureRule = .sum
  ) throws -> ExcerptReader {
    try ExcerptReader(
      corpus(root).train, groups: groups, sampleRate: rate, channels: channels,
      cache: PCMCache(folder: root.path + "/cache"), mixture: mixture)
  }

  static let voiceAndBand = [
    SourceGroup(stem: "vocals"), SourceGroup("accompaniment", stems: ["bass", "drums", "other"]),
  ]

  @Test func readsStemsAndPadsWithSilence() throws {
    let root = try TemporaryFolder()
    let reader = try Self.reader(root, groups: [SourceGroup(stem: "vocals")])
    #expect(reader.sourceCount == 2 && reader.trackFrames == [500, 300])
    let stored = try AudioFile.read(root.path + "/corpus/train/B/vocals.wav").samples
    let window = ExcerptWindow(output: 40)
    let inside = reader.excerpt(ExcerptPlan(track: 1, start: 100, sources: 2), window)
    #expect(inside.targets == [Array(stored[200..<280])])
    let end = reader.excerpt(ExcerptPlan(track: 1, start: 280, sources: 2), window)
    #expect(end.targets == [Array(stored[560...]) + [Float](repeating: 0, count: 40)])
    let before = reader.excerpt(ExcerptPlan(track: 1, start: -10, sources: 2), window)
    #expect(before.targets == [[Float](repeating: 0, count: 20) + Array(stored[..<60])])
    let beyond = reader.excerpt(ExcerptPlan(track: 1, start: 5000, sources: 2), window)
    #expect(beyond.mixture.allSatisfy { $0 == 0 })
  }

  @Test func contextSurroundsTheTarget() throws {
    let root = try TemporaryFolder()
    let reader = try Self.reader(root, groups: Self.voiceAndBand)
    let plan = ExcerptPlan(track: 0, start: 30, sources: 2)
    let narrow = reader.excerpt(plan, ExcerptWindow(output: 50))
    let wide = reader.excerpt(plan, ExcerptWindow(output: 50, contextBefore: 100, contextAfter: 60))
    #expect(wide.targets == narrow.targets)
    #expect(wide.mixture.count == 210 * 2)
    #expect(Array(wide.mixture[200..<300]) == narrow.mixture)
    #expect(wide.mixture[..<140].allSatisfy { $0 == 0 })
  }

  @Test func aSingleStemLeavesTheRestOfItsMixture() throws {
    let root = try TemporaryFolder()
    let (voice, mixture) = (noise(1000, seed: 1), noise(1000, seed: 2))
    try root.write(voice, to: "corpus/train/A/vocals.wav")
    try root.write(mixture, to: "corpus/train/A/mixture.wav")
    let reader = try ExcerptReader(
      MultitrackCorpus(root.path + "/corpus").train, groups: [SourceGroup(stem: "vocals")], sampleRate: 8000,
      channels: 2, cache: PCMCache(folder: root.path + "/cache"))
    #expect(reader.sourceCount == 2)
    let batch = reader.excerpt(ExcerptPlan(track: 0, start: 100, sources: 2), ExcerptWindow(output: 50))
    #expect(batch.targets == [Array(voice[200..<300])])
    #expect(zip(batch.mixture, mixture[200..<300]).allSatisfy { abs($0 - $1) < 1e-6 })
    // The voice louder than it was: the rest stays.
    var plan = ExcerptPlan(track: 0, start: 100, sources: 2)
    plan.sources[0].gain = 2
    let louder = reader.excerpt(plan, ExcerptWindow(output: 50))
    for index in 0..<100 { #expect(abs(louder.mixture[index] - mixture[200 + index] - voice[200 + index]) < 1e-6) }
  }

  @Test func groupsAreSumsOfStems() throws {
    let root = try TemporaryFolder()
    let reader = try Self.reader(root, groups: Self.voiceAndBand)
    #expect(reader.sourceCount == 2)
    let stems = try ["bass", "drums", "other"].map {
      try AudioFile.read(root.path + "/corpus/train/A/\($0).wav").samples
    }
    let all = reader.excerpt(
      ExcerptPlan(track: 0, start: 0, sources: 2), ExcerptWindow(output: 500))
    #expect(all.targets[1] == stems[0].indices.map { (stems[0][$0] + stems[1][$0]) + stems[2][$0] })
  }

  @Test func remixedMixturesAreSumsExactly() throws {
    let root = try TemporaryFolder()
    let groups = ["vocals", "drums", "bass", "other"].map { SourceGroup(stem: $0) }
    let reader = try Self.reader(root, groups: groups)
    let window = ExcerptWindow(output: 64)
    let sampler = ExcerptSampler(
      trackFrames: reader.trackFrames, sources: reader.sourceCount, window: window, seed: 1,
      options: ExcerptSamplerTests.augmented)
    let plans = sampler.batch(epoch: 0, step: 0, size: 16)
    let batch = reader.batch(plans, window)
    let sum = batch.mixture.indices.map { index in
      batch.targets.dropFirst().reduce(batch.targets[0][index]) { $0 + $1[index] }
    }
    #expect(batch.mixture == sum)
    // Each source is what its plan says.
    for (item, plan) in plans.enumerated() {
      for (index, source) in plan.sources.enumerated() {
        let name = reader.tracks[source.track].name
        let samples = try AudioFile.read(
          root.path + "/corpus/train/\(name)/\(groups[index].name).wav", start: source.start,
          frames: 64
        ).samples.map { $0 * source.gain }
        let expected = source.swapsChannels ? samples.indices.map { samples[$0 ^ 1] } : samples
        #expect(Array(batch.targets[index][item * 128..<(item + 1) * 128]) == expected)
      }
    }
    // A batch is its excerpts one after another.
    let single = plans.map { reader.excerpt($0, window) }
    #expect(batch.mixture == single.flatMap(\.mixture))
  }

  @Test func storedMixturesBelongToUnalteredPassages() throws {
    let root = try TemporaryFolder()
    let master = noise(1000, seed: 99)
    try root.write(master, to: "corpus/train/A/mixture.wav")
    let window = ExcerptWindow(output: 50, contextBefore: 3, contextAfter: 4)
    let summed = try Self.reader(root, groups: Self.voiceAndBand)
    let stored = try Self.reader(root, groups: Self.voiceAndBand, mixture: .stored)
    var plan = ExcerptPlan(track: 0, start: 10, sources: 2)
    #expect(stored.excerpt(plan, window).mixture == Array(master[14..<128]))
    #expect(stored.excerpt(plan, window).targets == summed.excerpt(plan, window).targets)
    plan.sources[0].gain = 0.5
    #expect(stored.excerpt(plan, window) == summed.excerpt(plan, window))
    let other = ExcerptPlan(track: 1, start: 10, sources: 2)
    #expect(stored.excerpt(other, window) == summed.excerpt(other, window))
  }

  @Test func otherRatesAndChannels() throws {
    let root = try TemporaryFolder()
    let reader = try Self.reader(root, groups: Self.voiceAndBand, rate: 4000, channels: 1)
    #expect(reader.trackFrames == [250, 150])
    let source = try AudioFile.read(root.path + "/corpus/train/A/vocals.wav")
    let expected = source.mono().resampled(to: 4000).samples
    let all = reader.excerpt(
      ExcerptPlan(track: 0, start: 0, sources: 2), ExcerptWindow(output: 250))
    #expect(all.targets[0] == expected)
  }

  @Test func theCacheFollowsItsSource() throws {
    let root = try TemporaryFolder()
    try root.write([0.25, -0.5, 1, 0], to: "x.wav")
    let file = root.path + "/x.wav"
    let cache = try PCMCache(folder: root.path + "/cache")
    func samples(channels: Int = 2) throws -> [Float] {
      let entry = try cache.samples(of: file, sampleRate: 8000, channels: channels)
      return entry.samples(from: 0, count: entry.frames)
    }
    #expect(try samples() == [0.25, -0.5, 1, 0])
    let entries = try root.files(in: "cache")
    #expect(entries.count == 1)
    // Used, not written again, while the source stays.
    let name = root.path + "/cache/" + entries[0]
    let written = try FileManager.default.attributesOfItem(atPath: name)[.systemFileNumber] as? Int
    #expect(try samples() == [0.25, -0.5, 1, 0])
    #expect(
      try FileManager.default.attributesOfItem(atPath: name)[.systemFileNumber] as? Int == written)
    // A mapped entry outlives its replacement; a new reader sees the new sound.
    let old = try cache.samples(of: file, sampleRate: 8000, channels: 2)
    try root.write([0.75, -0.5, 1, 0], to: "x.wav")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: file)
    #expect(try samples() == [0.75, -0.5, 1, 0])
    #expect(old.samples(from: 0, count: 2) == [0.25, -0.5, 1, 0])
    #expect(try root.files(in: "cache") == entries)
    // Other channels are another entry; a damaged entry is made again.
    #expect(try samples(channels: 1) == [0.125, 0.5])
    #expect(try root.files(in: "cache").count == 2)
    try AtomicFile.write("damaged", to: name)
    #expect(try samples() == [0.75, -0.5, 1, 0])
  }

  @Test func sourcesThatDoNotFitAreErrors() throws {
    let root = try TemporaryFolder()
    let unknown = try #require(throws: FileError.self) {
      try Self.reader(root, groups: [SourceGroup(stem: "kazoo")])
    }
    #expect(unknown.problem.contains("kazoo") && unknown.hint?.contains("vocals") == true)
    #expect(throws: FileError.self) {
      try Self.reader(root, groups: Self.voiceAndBand + [SourceGroup(stem: "bass")])
    }
  }
}
