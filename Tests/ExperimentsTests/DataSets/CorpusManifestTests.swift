import Experiments
import Foundation
import SwiftDL
import Testing

/// Corpora that a list in YAML makes of files in many places.
@Suite struct CorpusManifestTests {
  private let root: TemporaryFolder

  init() throws {
    root = try TemporaryFolder()
    for song in ["one", "two"] {
      for stem in ["vocals", "band"] { try root.write(noise(200, seed: 1), to: "songs/\(song)/\(stem).wav") }
    }
    for name in ["demo/mix", "demo/v", "demo/a", "demo/b", "solo/anna/1", "solo/anna/2", "solo/ben", "radio/x"] {
      try root.write(noise(200, seed: 2), to: "\(name).wav")
    }
    try Data("0 1 vocals\n".utf8).write(to: URL(fileURLWithPath: "\(root.path)/demo/v.lab"))
  }

  private func write(_ text: String) throws -> String {
    let path = "\(root.path)/corpus.yaml"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func songsAndOtherMaterial() throws {
    let path = try write(
      """
      train:
        paired:
          - songs
          - name: Demo
            mixture: demo/mix.wav
            stems: {vocals: demo/v.wav, band: [demo/a.wav, demo/b.wav]}
        unpaired:
          vocals: [solo/anna, solo/ben.wav]
        mixtures: radio
      test:
        labelled:
          - {audio: demo/v.wav, labels: demo/v.lab}
      """)
    let corpus = try MultitrackCorpus(path)
    #expect(corpus.stemNames == ["band", "vocals"])
    #expect(corpus.train.map(\.name) == ["one", "two", "Demo"] && corpus.test.isEmpty)
    let demo = corpus.train[2]
    #expect(demo.recordings(ofStem: "band")?.map(\.path) == ["\(root.path)/demo/a.wav", "\(root.path)/demo/b.wav"])
    #expect(demo.mixture?.path == "\(root.path)/demo/mix.wav")
    let train = try #require(corpus.material[.train])
    #expect(
      train.unpaired["vocals"]?.map(\.path)
        == ["anna/1.wav", "anna/2.wav", "ben.wav"].map { "\(root.path)/solo/\($0)" })
    #expect(train.mixtures.map(\.path) == ["\(root.path)/radio/x.wav"])
    #expect(corpus.material[.test]?.labelled.map(\.labels) == ["\(root.path)/demo/v.lab"])
    #expect(corpus.material[.validation] == nil)
    #expect(corpus.summary.contains("3 of vocals alone, 1 mixtures, 0 labelled"))
    #expect(try RecordingReport(train.mixtures[0]).text.contains("radio/x.wav"))
  }

  /// What is wrong with a list, as people are told.
  private func problem(_ text: String) throws -> String {
    let path = try write(text)
    do {
      _ = try MultitrackCorpus(path)
      return ""
    } catch { return "\(error)" }
  }

  @Test func mistakesAreNamed() throws {
    for (text, words) in [
      ("trian: {paired: songs}", ["trian", "train"]),
      ("train: {pared: songs}", ["pared", "paired"]),
      ("train: {paired: nowhere}", ["nowhere", "is not there"]),
      ("train: {paired: [{name: x}]}", ["no stems"]),
      ("train: {paired: demo}", ["demo", "no folders of songs"]),
      ("test: {labelled: [{audio: demo/v.wav}]}", ["audio and labels"]),
      ("train: {mixtures: radio}", ["no tracks"]),
      ("train: [", ["YAML"]), ("{}", ["lists nothing"]), ("- 1", ["no mapping"]),
    ] {
      let told = try problem(text)
      for word in words { #expect(told.contains(word), "\(text): \(told)") }
    }
  }
}
