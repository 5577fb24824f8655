import Experiments
import Foundation
import SwiftDL
import Testing

@Suite("Texts as symbols")
struct TextCorpusTests {
  private func folder(_ train: String, _ valid: String, _ test: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in [("train", train), ("valid", valid), ("test", test)] {
      try text.write(toFile: "\(folder.path)/\(name).txt", atomically: true, encoding: .utf8)
    }
    return folder
  }

  @Test("characters are numbered as they come; unknown ones are counted and left out")
  func characters() throws {
    let folder = try folder("abca\nb", "cab", "bxa")
    let corpus = try TextCorpus(folder.path, unit: .characters)
    #expect(corpus.vocabulary.symbols == ["a", "b", "c", "\n"])
    #expect(corpus.train == [0, 1, 2, 0, 3, 1])
    #expect(corpus.valid == [2, 0, 1])
    #expect(corpus.test == [1, 0])
    #expect(corpus.unknownSymbols == 1)
    #expect(try TextCorpus(folder.path, unit: .characters, lineEnds: false).train == [0, 1, 2, 0, 1])
  }

  @Test("words end with their line; unknown ones become <unk> where the text has it")
  func words() throws {
    let folder = try folder(" the <unk> cat \n the dog \n", "a cat\n", "the\n")
    let corpus = try TextCorpus(folder.path, unit: .words)
    #expect(corpus.vocabulary.symbols == ["the", "<unk>", "cat", "<eos>", "dog"])
    #expect(corpus.train == [0, 1, 2, 3, 0, 4, 3])
    #expect(corpus.valid == [1, 2, 3])
    #expect(corpus.test == [0, 3])
  }

  @Test("a limit keeps the most frequent words")
  func limit() throws {
    let folder = try folder("b a b a a c\nb d\n", "d\n", "a\n")
    let corpus = try TextCorpus(folder.path, unit: .words, limit: 4)
    #expect(corpus.vocabulary.symbols == ["b", "a", "<eos>", "<unk>"])
    #expect(corpus.train == [0, 1, 0, 1, 1, 3, 2, 0, 3, 2])
    #expect(corpus.valid == [3, 2])
  }

  @Test("one file is cut at 90 and 95 percent")
  func oneFile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/text.txt"
    try String(repeating: "ab", count: 500).write(toFile: path, atomically: true, encoding: .utf8)
    let corpus = try TextCorpus(path, unit: .characters)
    #expect(corpus.train.count == 900 && corpus.valid.count == 50 && corpus.test.count == 50)
  }

  @Test("texts that are none are refused in a line")
  func refused() throws {
    let empty = try folder("", "a", "b")
    let single = try folder("aaaa", "a", "a")
    let partial = try TemporaryFolder()
    try "abc".write(toFile: "\(partial.path)/train.txt", atomically: true, encoding: .utf8)
    let binary = "\(partial.path)/binary.txt"
    try Data([0xFF, 0xFE, 0x00, 0xC3]).write(to: URL(fileURLWithPath: binary))
    for (path, words) in [
      (empty.path, "is empty"), (single.path, "1 different"), (partial.path, "has no valid.txt"), (binary, "no UTF-8"),
      ("\(partial.path)/nowhere", "cannot be read"),
    ] {
      let error = #expect(throws: FileError.self) { try TextCorpus(path, unit: .characters) }
      #expect(error.map { "\($0)".contains(words) } == true, "\(path): \(String(describing: error))")
    }
  }

  @Test("a vocabulary goes through a model's file unchanged")
  func vocabulary() {
    let vocabulary = Vocabulary(["a", "\n", "\"", "é", "\\", "<eos>"])
    #expect(Vocabulary(json: vocabulary.json) == vocabulary)
    for text in ["", "{}", "[1, 2]", "[\"a\", \"a\"]"] { #expect(Vocabulary(json: text) == nil, "\(text)") }
  }
}
