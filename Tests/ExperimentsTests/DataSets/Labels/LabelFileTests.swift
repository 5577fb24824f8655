import Experiments
import Foundation
import SwiftDL
import Testing

@Suite("Files of labels") struct LabelFileTests {
  private func read(_ text: String, _ name: String = "a.lab", duration: Double? = nil) throws -> VoiceActivity {
    try read(bytes: Data(text.utf8), name, duration: duration)
  }

  private func read(bytes: Data, _ name: String, duration: Double? = nil) throws -> VoiceActivity {
    let folder = try TemporaryFolder()
    try bytes.write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    return try LabelFile.read("\(folder.path)/\(name)", duration: duration)
  }

  private let sung = VoiceActivity([.init(1, 2.5), .init(4, 5)])

  @Test("spaces, tabs and commas say the same") func formats() throws {
    #expect(try read("0 1.0 nosing\n1.0 2.5 sing\n2.5 4 nosing\n4 5 sing\n") == sung)
    #expect(try read("1.0\t2.5\tvocal\r\n4\t5\tvocal\r\n") == sung)
    #expect(try read("1\t2.5\tsing\n\\\t100\t200\n4\t5\t\n", "a.txt") == sung)
    #expect(try read("start,end,label\n1,2.5,voice\n4,5,voice\n", "a.csv") == sung)
    #expect(try read("\u{FEFF}\"start\",\"end\"\n1,2.5\n4,5\n", "a.csv") == sung)
    #expect(try read("# by hand\n\n4 5 sing\n1 2.5 sing\n") == sung)
    #expect(try read("1 2 sing\n2 2.5 sing\n4 5 sing\n") == sung)
    #expect(try read("1 2.5 sing\n4 5.3 sing\n", duration: 5) == sung)
    #expect(try read("") == VoiceActivity([]))
  }

  @Test(
    "what is wrong is told with file and line",
    arguments: [
      ("0 1 sing\n0.5 2 sing\n", "a.lab", 2, "overlap"), ("0 1 nosing\n2 3 sing\n", "a.lab", 2, "gaps"),
      ("-1 1 sing\n", "a.lab", 1, "from 0 on"), ("0 1 sing\n3 2 sing\n", "a.lab", 2, "before it begins"),
      ("0 1 sing\n99 120 sing\n", "a.lab", 2, "another recording"), ("0;1;sing\n", "a.lab", 1, "not semicolons"),
      ("0,5 1,5 sing\n", "a.lab", 1, "not 0,5"), ("0;1;sing\n", "a.csv", 1, "not semicolons"),
      ("start,end\n0,x\n", "a.csv", 2, "START,END"), ("0 1 guitar\n", "a.lab", 1, "guitar"),
      ("0 nan sing\n", "a.lab", 1, "from 0 on"), ("0 1 sing sing\n", "a.lab", 1, "no label"),
    ])
  func refusals(text: String, name: String, line: Int, word: String) throws {
    let error = try #require(throws: FileError.self) { try read(text, name, duration: 60) }
    #expect("\(error)".contains("\(name), line \(line)") && "\(error)".contains(word), "\(error)")
  }

  @Test("other encodings are told") func encodings() throws {
    let utf16 = try #require(throws: FileError.self) { try read(bytes: Data([0xFF, 0xFE, 0x30, 0]), "a.lab") }
    #expect("\(utf16)".contains("UTF-16"))
    let latin = Data("0 1 sing\n1 2 ".utf8) + Data([0xE9, 10])
    let error = try #require(throws: FileError.self) { try read(bytes: latin, "a.lab") }
    #expect("\(error)".contains("a.lab, line 2") && "\(error)".contains("UTF-8"))
  }

  @Test("what is written is read again") func roundTrip() throws {
    var rule = VoiceActivity.Rule()
    (rule.minimumGap, rule.minimumSinging) = (0, 0)
    let found = DetectedActivity(probabilities: [0, 1, 0, 0, 1, 1], hop: 1, seconds: 5.5, rule: rule)
    #expect(try read(found.text(.lab), duration: 5.5) == found.activity)
    #expect(try read(found.text(.audacity), "a.txt", duration: 5.5) == found.activity)
  }

  // MARK: - Folders

  @Test("recordings find their labels, and what is alone is told") func corpus() throws {
    let folder = try TemporaryFolder()
    let sound = [Float](repeating: 0.1, count: 16000)
    func label(_ name: String, _ text: String = "0 0.5 sing\n") throws {
      try text.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
    }
    for name in ["train/a", "train/b", "test/song/mixture", "test/song/vocals"] {
      try folder.write(sound, channels: 1, to: "\(name).wav")
    }
    try label("train/a.lab")
    try Folders.create("\(folder.path)/labels")
    try label("labels/b.txt", "0\t1\tsing\n")
    try label("test/song/mixture.csv", "0,1\n")
    let corpus = try LabelledCorpus(folder.path, validationItems: 3)
    #expect(corpus[.train].count == 1 && corpus[.validation].count == 1 && corpus[.test].count == 1)
    #expect(corpus[.test][0].activity == VoiceActivity([.init(0, 1)]) && corpus[.test][0].seconds == 2)
    #expect(corpus.summary(.test) == "1 recordings, 0.0 minutes, 50 % sung")

    try label("train/c.lab")
    let lonely = try #require(throws: FileError.self) { try LabelledCorpus(folder.path) }
    #expect("\(lonely)".contains("c.lab") && "\(lonely)".contains("not there"))
    try folder.write(sound, channels: 1, to: "train/c.wav")
    try folder.write(sound, channels: 1, to: "train/d.wav")
    let unlabelled = try #require(throws: FileError.self) { try LabelledCorpus(folder.path) }
    #expect("\(unlabelled)".contains("d.wav") && "\(unlabelled)".contains("no labels"))
    try label("train/d.lab", "0 100 sing\n")
    let late = try #require(throws: FileError.self) { try LabelledCorpus(folder.path) }
    #expect("\(late)".contains("d.lab, line 1"))
  }
}
