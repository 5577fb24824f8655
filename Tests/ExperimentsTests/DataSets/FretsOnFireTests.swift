import Experiments
import SwiftDL
import SwiftDLAudio
import Testing

@Suite struct FretsOnFireTests {
  /// A tiny installation of made-up songs.
  static func install(_ root: TemporaryFolder, _ songs: [String], frames: Int = 3000) throws {
    for (index, song) in songs.enumerated() {
      for (part, name) in ["guitar", "song"].enumerated() {
        try root.write(
          noise(2 * frames, seed: UInt64(10 * index + part)), rate: 44_100,
          to: "songs/\(song)/\(name).ogg",
          format: .ogg(quality: 0.9))
      }
    }
  }

  static let sectoid = [
    "sectoid/Escape from chaosland", "sectoid/Feelings", "sectoid/Metal madness",
    "sectoid/War of freedom",
  ]

  @Test func writesScaledStemsAndTheirSum() throws {
    let root = try TemporaryFolder()
    try Self.install(root, Self.sectoid)
    try root.createFolder("songs/sectoid/empty")
    let songs = try FretsOnFire(songsIn: root.path + "/songs")
    var told = 0
    let prepared = try songs.prepare(to: root.path + "/corpus") { _, all in
      told += 1
      #expect(all == 4)
    }
    #expect(told == 4 && prepared.map(\.frames) == [3000, 3000, 3000, 3000])
    let corpus = try MultitrackCorpus(root.path + "/corpus")
    #expect(corpus.stemNames == ["guitar", "rest"])
    #expect(corpus.train.map(\.name) == ["sectoid - Escape from chaosland", "sectoid - Feelings"])
    #expect(corpus.validation.map(\.name) == ["sectoid - Metal madness"])
    #expect(corpus.test.map(\.name) == ["sectoid - War of freedom"])
    let track = corpus.test[0]
    let guitar = try AudioFile.read(root.path + "/songs/sectoid/War of freedom/guitar.ogg")
    let stored = try AudioFile.read(#require(track.recordings(ofStem: "guitar")?.first).path)
    #expect(stored.samples == guitar.samples.map { $0 * FretsOnFire.gain })
    let rest = try AudioFile.read(#require(track.recordings(ofStem: "rest")?.first).path)
    let mixture = try AudioFile.read(#require(track.mixture).path)
    #expect(mixture.samples == zip(stored.samples, rest.samples).map { $0 + $1 })
    #expect(prepared.first { $0.song.split == .test }?.peak == mixture.peak)
  }

  @Test func theSplitStaysWhenAPackIsAdded() throws {
    let root = try TemporaryFolder()
    try Self.install(root, Self.sectoid, frames: 100)
    func splits() throws -> [String: Split] {
      let songs = try FretsOnFire(songsIn: root.path + "/songs").songs
      return Dictionary(uniqueKeysWithValues: songs.map { ($0.trackName, $0.split) })
    }
    let alone = try splits()
    try Self.install(root, ["muldjord/armygeddon", "muldjord/chaos_god"], frames: 100)
    let both = try splits()
    #expect(both.count == 6)
    #expect(alone.allSatisfy { both[$0.key] == $0.value })
    #expect(both["muldjord - chaos_god"] == .train)
  }

  @Test func storesAtAnotherRate() throws {
    let root = try TemporaryFolder()
    try Self.install(root, ["sectoid/War of freedom"], frames: 70_001)
    try FretsOnFire(songsIn: root.path + "/songs").prepare(
      to: root.path + "/corpus", sampleRate: 22_050)
    let track = try MultitrackCorpus(root.path + "/corpus").test[0]
    #expect(track.frames == 35_001 && track.sampleRate == 22_050)
    let source = try AudioFile.read(root.path + "/songs/sectoid/War of freedom/guitar.ogg")
    let scaled = AudioBuffer(
      samples: source.samples.map { $0 * FretsOnFire.gain }, channels: 2, sampleRate: 44_100)
    let stored = try AudioFile.read(#require(track.recordings(ofStem: "guitar")?.first).path)
    #expect(stored == scaled.resampled(to: 22_050))
    #expect(try TrackReport(track).residual == -.infinity)
  }

  @Test func missingSongsNameThePackage() throws {
    let root = try TemporaryFolder()
    let error = try #require(throws: FileError.self) {
      try FretsOnFire(songsIn: root.path + "/none")
    }
    #expect(error.hint?.contains("fretsonfire-songs-sectoid") == true)
  }

  @Test func filesThatDoNotLineUpAreErrors() throws {
    let root = try TemporaryFolder()
    try Self.install(root, ["sectoid/Feelings"], frames: 1000)
    try root.write(
      noise(2002, seed: 1), rate: 44_100, to: "songs/sectoid/Feelings/song.ogg",
      format: .ogg(quality: 0.9))
    let songs = try FretsOnFire(songsIn: root.path + "/songs")
    let error = try #require(throws: FileError.self) {
      try songs.prepare(to: root.path + "/corpus")
    }
    #expect(error.path.hasSuffix("guitar.ogg") && error.problem.contains("1001"))
  }
}
