import Foundation
import SwiftDLAudio
import Testing

/// Scores written by scripts/golden/bss_modes_golden.py.
struct ModeCase: Decodable, Sendable, CustomTestStringConvertible {
  let `case`, mode, origin: String
  /// Seconds; nil is the whole track.
  let window, hop: Double?
  /// By metric, target and window.
  let scores: [[[MusevalCase.Score]]]

  var testDescription: String { "\(origin) \(mode) \(`case`) \(window ?? .infinity)" }

  static func all() throws -> [ModeCase] {
    try JSONDecoder().decode([ModeCase].self, from: Data(contentsOf: MusevalCase.url("modes.json")))
  }
}

struct BSSEvalModeTests {
  @Test(arguments: try ModeCase.all()) func agreesWithMusevalAndMirEval(golden: ModeCase) throws {
    let sound = try #require(try MusevalCase.all().first { $0.name == golden.case })
    let (references, estimates) = try sound.buffers()
    let scores = BSSEval.scores(
      references: references, estimates: estimates, window: golden.window ?? .infinity,
      hop: golden.hop ?? .infinity, mode: try #require(BSSEval.Mode(rawValue: golden.mode)))
    scores.expectAgreement(with: golden.scores)
  }

  /// With one window over the whole track there is nothing for versions 3 and 4 to differ in.
  @Test func oneWindowHasOneSetOfFilters() throws {
    for golden in try MusevalCase.all() {
      let (references, estimates) = try golden.buffers()
      func scores(_ mode: BSSEval.Mode) -> BSSEval.Scores {
        BSSEval.scores(
          references: references, estimates: estimates, window: .infinity, hop: .infinity, mode: mode)
      }
      let (four, three, sources) = (scores(.v4), scores(.v3), scores(.sources))
      #expect(four.windows == 1)
      #expect(four.bits == three.bits)
      #expect(sources.bits[2...] == three.bits[2...])
    }
  }

  /// A window's filters know nothing of what is outside of it.
  @Test func windowsOfVersionThreeAreTracksOfTheirOwn() {
    let sounds = (1...4).map {
      AudioBuffer.noise(frames: 12_000, channels: 1, sampleRate: 8000, seed: UInt64($0))
    }
    let references = Array(sounds[..<2])
    let estimates = zip(references, sounds[2...]).map { reference, noise in
      var estimate = reference
      for index in estimate.samples.indices { estimate.samples[index] += 0.3 * noise.samples[index] }
      return estimate
    }
    let windows = BSSEval.scores(
      references: references, estimates: estimates, window: 0.5, hop: 0.25, mode: .v3)
    #expect(windows.windows == 5)
    for window in 0..<5 {
      let range = window * 2000..<window * 2000 + 4000
      let alone = BSSEval.scores(
        references: references.map { $0[range] }, estimates: estimates.map { $0[range] }, window: .infinity)
      for (metric, (all, one)) in zip(windows.metrics, alone.metrics).enumerated() {
        for target in 0..<2 {
          #expect(abs(all[target][window] - one[target][0]) < 1e-9, "metric \(metric)")
        }
      }
    }
  }
}
