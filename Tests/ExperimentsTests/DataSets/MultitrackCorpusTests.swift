import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

@Suite struct MultitrackCorpusTests {
  @Test func findsSplitsStemsAndMixtures() throws {
    let root = try TemporaryFolder()
    for (split, track) in [("train", "B"), ("train", "A"), ("validation", "C"), ("test", "D")] {
      try root.write(noise(200, seed: 1), to: "\(split)/\(track)/voice.wav")
      try root.write(noise(200, seed: 2), to: "\(split)/\(track)/band.flac", format: .flac(.int16))
    }
    try root.write(noise(200, seed: 3), to: "train/A/mixture.wav")
    try root.createFolder("train/no audio")
    let corpus = try MultitrackCorpus(root.path + "/")
    #expect(corpus.stemNames == ["band", "voice"])
    #expect(corpus.train.map(\.name) == ["A", "B"])
    #expect(corpus.validation.map(\.name) == ["C"])
    #expect(corpus[.test].map(\.name) == ["D"])
    #expect(corpus.train.map { $0.mixture != nil } == [true, false])
    let track = corpus.train[0]
    #expect(
      track.frames == 100 && track.channels == 2 && track.sampleRate == 8000
        && track.seconds == 0.0125)
    #expect(
      track.stems.flatMap(\.recordings).map(\.path) == ["band.flac", "voice.wav"].map { "\(root.path)/train/A/\($0)" })
    #expect(corpus.summary.contains("2 tracks"))
  }

  @Test func sumsBesideTheirPartsAreNoStems() throws {
    let root = try TemporaryFolder()
    for stem in ["vocals", "drums", "bass", "accompaniment"] {
      try root.write(noise(20, seed: 1), to: "train/A/\(stem).wav")
    }
    #expect(try MultitrackCorpus(root.path).stemNames == ["bass", "drums", "vocals"])
    try root.remove("train/A/drums.wav")
    try root.remove("train/A/bass.wav")
    #expect(try MultitrackCorpus(root.path).stemNames == ["accompaniment", "vocals"])
  }

  @Test func chosenStemsLeaveOthersAlone() throws {
    let root = try TemporaryFolder()
    try root.write(noise(20, seed: 1), to: "train/A/vocals.wav")
    try root.write(noise(20, seed: 1), to: "train/A/click.wav")
    try root.write(noise(20, seed: 1), to: "train/B/vocals.wav")
    let corpus = try MultitrackCorpus(root.path, stems: ["vocals"])
    #expect(corpus.train.map { $0.stems.map(\.name) } == [["vocals"], ["vocals"]])
  }

  @Test func drawnValidationTracksAreStable() throws {
    let root = try TemporaryFolder()
    func corpus(_ seed: UInt64) throws -> MultitrackCorpus {
      try MultitrackCorpus(root.path, validation: .drawn(count: 3, seed: seed))
    }
    for index in 0..<9 { try root.write([0, 0], to: "train/song \(index)/x.wav") }
    let first = try corpus(7)
    #expect(first.train.count == 6 && first.validation.count == 3)
    #expect(Set(first.train.map(\.name)).isDisjoint(with: first.validation.map(\.name)))
    #expect(try Set((0..<8).map { try corpus($0).validation.map(\.name) }).count > 1)
    // A training track more or less: at most that track changes sides.
    try root.remove("train/\(first.train[0].name)")
    #expect(try corpus(7).validation == first.validation)
    try root.write([0, 0], to: "train/new/x.wav")
    let kept = try Set(corpus(7).validation.map(\.name)).intersection(first.validation.map(\.name))
    #expect(kept.count >= 2)
    // Somebody has to be left to learn from.
    #expect(
      try MultitrackCorpus(root.path, validation: .drawn(count: 100, seed: 0)).train.count == 1)
    #expect(try MultitrackCorpus(root.path, validation: .none).validation.isEmpty)
  }

  @Test func musdbValidationTracksAreTheFourteen() throws {
    let root = try TemporaryFolder()
    let names = MultitrackCorpus.musdbValidationNames
    #expect(names.count == 14)
    for name in names.union(["A Classic Education - NightOwl"]) {
      try root.write([0, 0], to: "train/\(name)/vocals.wav")
    }
    let corpus = try MultitrackCorpus(root.path, validation: .automatic(count: 2, seed: 0))
    #expect(Set(corpus.validation.map(\.name)) == names)
    #expect(corpus.train.map(\.name) == ["A Classic Education - NightOwl"])
  }

  enum Damage: String, CaseIterable {
    case longer, otherRate, otherChannels, missing, empty, mixtureShorter, notAudio
  }

  @Test(arguments: Damage.allCases) func misalignedStemsAreNamed(_ damage: Damage) throws {
    let root = try TemporaryFolder()
    for track in ["Good", "Bad"] {
      try root.write(noise(80, seed: 1), to: "train/\(track)/bass.wav")
      try root.write(noise(80, seed: 2), to: "train/\(track)/drums.wav")
    }
    var file = "drums.wav"
    switch damage {
    case .longer: try root.write(noise(82, seed: 2), to: "train/Bad/drums.wav")
    case .otherRate: try root.write(noise(80, seed: 2), rate: 9000, to: "train/Bad/drums.wav")
    case .otherChannels: try root.write(noise(40, seed: 2), channels: 1, to: "train/Bad/drums.wav")
    case .missing: try root.remove("train/Bad/drums.wav")
    case .empty:
      file = "bass.wav"
      try root.write([], to: "train/Bad/bass.wav")
    case .mixtureShorter:
      file = "mixture.wav"
      try root.write(noise(78, seed: 2), to: "train/Bad/mixture.wav")
    case .notAudio: try AtomicFile.write("hello", to: root.path + "/train/Bad/drums.wav")
    }
    let error = try #require(throws: FileError.self) { try MultitrackCorpus(root.path) }
    #expect(error.path == "\(root.path)/train/Bad/\(file)")
    if damage != .notAudio { #expect(error.problem.contains("“Bad”") && error.hint != nil) }
  }

  @Test func foldersWithoutTracksSaySo() throws {
    let root = try TemporaryFolder()
    #expect(throws: FileError.self) { try MultitrackCorpus(root.path + "/none") }
    let error = try #require(throws: FileError.self) { try MultitrackCorpus(root.path) }
    #expect(error.hint?.contains("train/TRACK/STEM.wav") == true)
    try root.createFolder("train")
    try AtomicFile.write("", to: root.path + "/train/Song.stem.mp4")
    let container = try #require(throws: FileError.self) { try MultitrackCorpus(root.path) }
    #expect(container.hint?.contains("data decode") == true)
  }

  @Test func reportsPeaksSilenceAndResidual() throws {
    let root = try TemporaryFolder()
    let loud: [Float] = [0.5, -1.5, 0.25, 0]
    try root.write(loud, to: "train/A/a.wav")
    try root.write([0, 0, 0, 0], to: "train/A/b.wav")
    try root.write(loud, to: "train/A/mixture.wav")
    let track = try MultitrackCorpus(root.path).train[0]
    let report = try TrackReport(track)
    #expect(report.stems.map(\.peak) == [1.5, 0, 1.5])
    #expect(report.stems[1].isSilent)
    #expect(report.residual == -.infinity)
    #expect(report.text.contains("b is silent") && report.text.contains("a peaks at 1.50"))
    // A mixture at twice the amplitude leaves half of itself.
    try root.write(loud.map { 2 * $0 }, to: "train/A/mixture.wav")
    let residual = try #require(try TrackReport(track).residual)
    #expect(abs(residual + 6.0206) < 1e-3)
  }

  @Test func notANumberIsNamed() throws {
    let root = try TemporaryFolder()
    let file = root.path + "/train/A/a.wav"
    try root.write([0, 0], to: "train/A/a.wav")
    let writer = try AudioWriter(file, channels: 2, sampleRate: 8000, allowNonFinite: true)
    try writer.write([0, 0, 0, 0, .nan, 0])
    try writer.finish()
    let track = try MultitrackCorpus(root.path).train[0]
    let error = try #require(throws: FileError.self) { try TrackReport(track) }
    #expect(error.path == file && error.problem.contains("2"))
    let cache = try PCMCache(folder: root.path + "/cache")
    #expect(throws: FileError.self) { try cache.samples(of: file, sampleRate: 8000, channels: 2) }
    #expect(try root.files(in: "cache").isEmpty)
  }

  // MARK: - Other layouts

  @Test func dsd100HasSourcesAndMixturesApart() throws {
    let root = try TemporaryFolder()
    for (part, song) in [("Dev", "051 - A"), ("Test", "001 - B")] {
      for stem in ["bass", "drums", "other", "vocals"] {
        try root.write(noise(40, seed: 1), to: "Sources/\(part)/\(song)/\(stem).wav")
      }
      try root.write(noise(40, seed: 2), to: "Mixtures/\(part)/\(song)/mixture.wav")
    }
    let corpus = try MultitrackCorpus(root.path)
    #expect(corpus.train.map(\.name) == ["051 - A"] && corpus.test.map(\.name) == ["001 - B"])
    #expect(corpus.stemNames == ["bass", "drums", "other", "vocals"])
    #expect(corpus.test[0].mixture?.path == root.path + "/Mixtures/Test/001 - B/mixture.wav")
  }

  @Test func ccMixterNumbersItsSources() throws {
    let root = try TemporaryFolder()
    for name in ["mix", "source-01", "source-02"] { try root.write(noise(40, seed: 1), to: "Song/\(name).wav") }
    let corpus = try MultitrackCorpus(root.path)
    #expect(corpus.train.map(\.name) == ["Song"] && corpus.stemNames == ["accompaniment", "vocals"])
    #expect(corpus.train[0].recordings(ofStem: "vocals") == [Recording(root.path + "/Song/source-02.wav")])
    #expect(corpus.train[0].mixture?.path == root.path + "/Song/mix.wav")
  }

  @Test func iKalaHasAVoiceOnTheRight() throws {
    let root = try TemporaryFolder()
    let (left, right) = (noise(50, seed: 1), noise(50, seed: 2))
    try root.write(zip(left, right).flatMap { [$0, $1] }, to: "Wavfile/10161_chorus.wav")
    let corpus = try MultitrackCorpus(root.path)
    let track = corpus.train[0]
    #expect(track.channels == 1 && track.frames == 50 && track.mixture == nil)
    let reader = try ExcerptReader(
      corpus.train, groups: [SourceGroup(stem: "accompaniment"), SourceGroup(stem: "vocals")], sampleRate: 8000,
      channels: 1, cache: PCMCache(folder: root.path + "/cache"))
    let excerpt = reader.excerpt(ExcerptPlan(track: 0, start: 0, sources: 2), ExcerptWindow(output: 50))
    #expect(excerpt.targets == [left, right])
    let report = try TrackReport(track)
    #expect(report.stems.map(\.peak) == [left, right].map { $0.map(abs).max() ?? 0 })
    // A file with one channel has no voice.
    try root.write(noise(50, seed: 1), channels: 1, to: "Wavfile/mono.wav")
    let error = try #require(throws: FileError.self) { try MultitrackCorpus(root.path) }
    #expect(error.path == root.path + "/Wavfile/mono.wav")
  }

  @Test func medleyDBVoicesAreKnownByTheirInstruments() throws {
    let root = try TemporaryFolder()
    func song(_ name: String, _ instruments: [String]) throws {
      var text = "has_bleed: no\nstems:\n"
      for (index, instrument) in instruments.enumerated() {
        let file = "\(name)_STEM_0\(index + 1).wav"
        text += "  S0\(index + 1):\n    component: melody\n    filename: \(file)\n    instrument: \(instrument)\n"
        try root.write(noise(40, seed: UInt64(index)), to: "Audio/\(name)/\(name)_STEMS/\(file)")
      }
      try root.write(noise(40, seed: 9), to: "Audio/\(name)/\(name)_MIX.wav")
      try root.createFolder("Metadata")
      try text.write(toFile: "\(root.path)/Metadata/\(name)_METADATA.yaml", atomically: true, encoding: .utf8)
    }
    try song("Band_Sung", ["drum set", "male singer", "[electric bass, clean electric guitar]", "female singer"])
    try song("Band_Played", ["piano"])
    let corpus = try MultitrackCorpus(root.path)
    #expect(corpus.train.map(\.name) == ["Band_Played", "Band_Sung"])
    #expect(corpus.train.map { $0.recordings(ofStem: "vocals")?.count } == [0, 2])
    #expect(corpus.train.map { $0.recordings(ofStem: "accompaniment")?.count } == [1, 2])
    let reader = try ExcerptReader(
      corpus.train, groups: [SourceGroup(stem: "vocals"), SourceGroup(stem: "accompaniment")], sampleRate: 8000,
      channels: 2, cache: PCMCache(folder: root.path + "/cache"))
    let silent = reader.excerpt(ExcerptPlan(track: 0, start: 0, sources: 2), ExcerptWindow(output: 20))
    #expect(silent.targets[0].allSatisfy { $0 == 0 } && silent.targets[1] == noise(40, seed: 0))
    let sung = reader.excerpt(ExcerptPlan(track: 1, start: 0, sources: 2), ExcerptWindow(output: 20))
    #expect(sung.targets[0] == zip(noise(40, seed: 1), noise(40, seed: 3)).map { $0 + $1 })
    try root.remove("Metadata/Band_Played_METADATA.yaml")
    #expect(throws: FileError.self) { try MultitrackCorpus(root.path) }
  }

  @Test func foldersOfSongsAreAllToTrainOn() throws {
    let root = try TemporaryFolder()
    for song in ["One", "Two", "Three"] {
      for stem in ["voice", "band"] { try root.write(noise(40, seed: 1), to: "\(song)/\(stem).wav") }
    }
    let corpus = try MultitrackCorpus(root.path, validation: .drawn(count: 1, seed: 1))
    #expect(corpus.train.count == 2 && corpus.validation.count == 1 && corpus.test.isEmpty)
  }
}
