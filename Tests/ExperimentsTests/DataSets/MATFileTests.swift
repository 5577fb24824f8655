import Experiments
import Foundation
import SwiftDL
import Testing

@Suite("MATLAB files of piano rolls")
struct MATFileTests {
  private func withFile(_ bytes: Data, _ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/rolls.mat"
    try bytes.write(to: URL(fileURLWithPath: path))
    try body(path)
  }

  @Test("piano rolls as scipy writes them")
  func rolls() throws {
    try withFile(Self.scipy) { path in
      let corpus = try PianoRollCorpus(matFile: path)
      #expect(corpus.train.map(\.frames) == [5, 3])
      #expect(corpus.valid.map(\.frames) == [4])
      #expect(corpus.test.map(\.frames) == [2])
      let rolls = corpus.train + corpus.valid + corpus.test
      for (roll, first) in zip(rolls, [10, 60, 20, 87]) {
        for frame in 0..<roll.frames {
          let keys = Set([(first + 3 * frame) % 88, (first + 5 * frame + 7) % 88])
          for key in 0..<88 { #expect(roll[frame, key] == keys.contains(key)) }
        }
      }
      let second = corpus.test[0].tensor(1..<2).scalars
      #expect(second.indices.filter { second[$0] == 1 } == [2, 11])
      guard case .matrix(let step)? = try MATFile(path)["dt"] else {
        Issue.record("no matrix dt")
        return
      }
      #expect(step.values == [0.3])
    }
  }

  @Test("every truncation is told as one, in a line with the file's name")
  func truncated() throws {
    for length in stride(from: 0, to: Self.scipy.count, by: 7) {
      try withFile(Self.scipy.prefix(length)) { path in
        let error = #expect(throws: FileError.self) { try PianoRollCorpus(matFile: path) }
        #expect(error.map { "\($0)".contains("rolls.mat") && !"\($0)".contains("\n") } == true, "\(length) bytes")
      }
    }
  }

  @Test("flipped bytes end in rolls or in an error, never in a crash")
  func damaged() throws {
    for place in 128..<Self.scipy.count {
      var bytes = Self.scipy
      bytes[place] ^= 0x5A
      try withFile(bytes) { path in
        do { _ = try PianoRollCorpus(matFile: path) } catch { #expect("\(error)".contains("rolls.mat")) }
      }
    }
  }

  @Test("files of other kinds are refused with a hint")
  func foreign() throws {
    try withFile(Data("not a matrix at all".utf8) + Data(count: 200)) { path in
      let error = #expect(throws: FileError.self) { try MATFile(path) }
      #expect(error.map { "\($0)".contains("no little-endian MATLAB 5 file") } == true)
    }
    try withFile(Data([0x89, 0x48, 0x44, 0x46]) + Data(count: 200)) { path in
      let error = #expect(throws: FileError.self) { try MATFile(path) }
      #expect(error.map { "\($0)".contains("7.3") } == true)
    }
  }

  /// Written by scripts/golden/mat_files.py.
  private static let scipy =
    Data(
      base64Encoded: """
        TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFN1biBOb3YgMjIgMjA6MjE6MzYgMjAyNgAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAkgAAAHic42NgYFghxsDABqQ5\
        gJiRAQJYkfhMUJoTiEuKEjPzUhJLEqHq+ID4Ay9CPxuafhAdgWQuyIwDvAyjYFCCD/aj9pMiTi/76WXPQIc/uWCouhsXGPXPKBgF\
        o2AUjIJRMAoGHwD1+wo4cPf7mBkw+30OHPR25SgYBaNgFIwC0gC1+2u0Mm+g+5Uj3X76AwAWYhtSDwAAAF8AAAB4nONjYGAo4GZg\
        YAPSHEDMyAABrEh8GOYE4rLEnMyUlMSSRKg6PiA2QNLPhqafBYgjkMwFmcHAzTAKRsEgAB/sh7c9tLKX2ubSK3woBaPuHAWjYBSM\
        glFAGQAAWBoOrw8AAABSAAAAeJzjY2BgeMHKwMAGpDmAmJEBAliR+DAM4pekFpekJJYk8gHZG5D0saHpYwLiCCTzOIG4gZWBRPDB\
        nlQdlOkbKHNHwSgYBaOAVgBRbgEAFYQLBg8AAAA8AAAAeJzjY2Bg8ABiNiDmAGIWBghghfIZgVgYTLMw5OWXpApA+SWpFSUKmcUK\
        BYnFxakpCvllqUVgfQDRWAmlDwAAACgAAAB4nONjYGCwAGI2IOaA0iDACuUzwjETQ0oJAwMnVNwYDC7bAwAxLAOa
        """) ?? Data()
}
