import Experiments
import SwiftDL
import SwiftDLAudio
import Testing

@Suite struct SyntheticCorpusTests {
  /// Four tracks of eight seconds.
  static let small = SyntheticCorpus(
    minutes: 32.0 / 60, secondsPerTrack: 8, sampleRate: 11_025, seed: 5)

  @Test func hasTheLayoutAndIsASumExactly() throws {
    let root = try TemporaryFolder()
    var told: [Int] = []
    try Self.small.write(to: root.path) { written, all in
      told.append(written)
      #expect(all == 4)
    }
    #expect(told == [1, 2, 3, 4])
    let corpus = try MultitrackCorpus(root.path)
    #expect(corpus.stemNames == SyntheticCorpus.stemNames)
    #expect(Split.allCases.map { corpus[$0].count } == [2, 1, 1])
    for track in Split.allCases.flatMap({ corpus[$0] }) {
      #expect(track.seconds == 8 && track.channels == 2 && track.sampleRate == 11_025)
      let stems = try track.stems.map { try AudioFile.read(#require($0.recordings.first).path) }
      let mixture = try AudioFile.read(#require(track.mixture).path)
      var sum = stems[0].samples
      for stem in stems.dropFirst() {
        for index in sum.indices { sum[index] += stem.samples[index] }
      }
      #expect(mixture.samples == sum)
      for sound in stems + [mixture] {
        #expect(sound.peak <= 0.9 && sound.rms > 0.005)
        // Stereo that is more than two copies of one channel.
        #expect(sound.channel(0) != sound.channel(1))
      }
      #expect(try TrackReport(track).residual == -.infinity)
    }
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    let first = try TemporaryFolder()
    let second = try TemporaryFolder()
    let other = try TemporaryFolder()
    try Self.small.write(to: first.path)
    try Self.small.write(to: second.path)
    // Written again into the same folder: the same files.
    try Self.small.write(to: second.path)
    let files = try first.files()
    #expect(files.count == 4 * 5)
    #expect(try second.files() == files)
    for file in files { #expect(try first.bytes(file) == second.bytes(file)) }
    var reseeded = Self.small
    reseeded.seed = 6
    try reseeded.write(to: other.path)
    #expect(try other.files() != files)
    // Another corpus does not mix with what is there.
    #expect(throws: FileError.self) { try reseeded.write(to: first.path) }
  }

  @Test func aLargerCorpusContainsTheSmaller() throws {
    let small = try TemporaryFolder()
    let large = try TemporaryFolder()
    try Self.small.write(to: small.path)
    var more = Self.small
    more.minutes = 48.0 / 60
    try more.write(to: large.path)
    #expect(try Set(small.files()).isStrictSubset(of: large.files()))
  }
}
