import Foundation
import SwiftDLAudio
import Testing

/// Scores of music information retrieval against mir_eval's.
@Suite("Scores of retrieval") struct RetrievalScoreTests {
  private struct Cases: Decodable {
    struct Events: Decodable {
      let reference, estimate: [Double]
      let onset, precision, recall, beat: Double
    }
    struct Timed: Decodable {
      let start, end: Double
      let key: Int?
      let chord: String?
      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        start = try list.decode(Double.self)
        end = try list.decode(Double.self)
        key = try? list.decode(Int.self)
        chord = try? list.decode(String.self)
      }
    }
    struct Notes: Decodable {
      let reference, estimate: [Timed]
      let onsets, ends: [Double]
    }
    struct Keys: Decodable {
      let reference, estimate: String
      let score: Double
    }
    struct Chords: Decodable {
      let reference, estimate: [Timed]
      let majmin: Double
    }
    struct Tempi: Decodable {
      let reference, estimate: [Double]
      let weight, score: Double
    }
    let events: [Events]
    let notes: [Notes]
    let keys: [Keys]
    let chords: [Chords]
    let tempi: [Tempi]
  }

  private let cases: Cases

  init() throws {
    let path = try #require(Bundle.module.path(forResource: "Fixtures/mir_eval/cases.json", ofType: nil))
    cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func expectNear(_ actual: Double, _ expected: Double, _ what: String = "") {
    #expect(abs(actual - expected) < 1e-9, "\(what): \(actual), mir_eval \(expected)")
  }

  @Test func events() {
    #expect(cases.events.contains { $0.onset > 0 && $0.onset < $0.beat && $0.beat < 1 })
    for one in cases.events {
      let onsets = eventScores(reference: one.reference, estimate: one.estimate, tolerance: 0.05)
      expectNear(onsets.fMeasure, one.onset)
      expectNear(onsets.precision, one.precision)
      expectNear(onsets.recall, one.recall)
      expectNear(eventScores(reference: one.reference, estimate: one.estimate, tolerance: 0.07).fMeasure, one.beat)
    }
  }

  @Test func notes() throws {
    func read(_ notes: [Cases.Timed]) throws -> [TranscribedNote] {
      try notes.map { TranscribedNote(start: $0.start, end: $0.end, key: try #require($0.key)) }
    }
    for one in cases.notes {
      let (reference, estimate) = (try read(one.reference), try read(one.estimate))
      for (scores, expected) in [
        (noteScores(reference: reference, estimate: estimate), one.onsets),
        (noteScores(reference: reference, estimate: estimate, endsCount: true), one.ends),
      ] {
        expectNear(scores.precision, expected[0])
        expectNear(scores.recall, expected[1])
        expectNear(scores.fMeasure, expected[2])
      }
    }
  }

  @Test func keys() throws {
    #expect(Set(cases.keys.map(\.score)) == [0, 0.2, 0.3, 0.5, 1])
    for one in cases.keys {
      let (reference, estimate) = (try #require(MusicalKey(one.reference)), try #require(MusicalKey(one.estimate)))
      #expect(reference.text == one.reference)
      expectNear(reference.score(ofEstimate: estimate), one.score, "\(one.reference), \(one.estimate)")
    }
    #expect(MusicalKey("H major") == nil && MusicalKey("C dorian") == nil && MusicalKey("") == nil)
  }

  @Test func chords() throws {
    func read(_ chords: [Cases.Timed]) throws -> [TimedChord] {
      try chords.map { chord in
        let text = try #require(chord.chord)
        return TimedChord(start: chord.start, end: chord.end, label: try #require(ChordLabel(text), "\(text)"))
      }
    }
    for one in cases.chords {
      expectNear(chordOverlap(reference: try read(one.reference), estimate: try read(one.estimate)), one.majmin)
    }
    for index in 0..<ChordLabel.classCount {
      #expect(ChordLabel(index: index).index == index)
      #expect(ChordLabel(ChordLabel(index: index).text) == ChordLabel(index: index))
    }
    for text in ["", "H", "c", "C:", "C:foo", "C:maj:min", "C!"] { #expect(ChordLabel(text) == nil, "\(text)") }
  }

  @Test func tempi() {
    #expect(cases.tempi.contains { $0.score == 0 } && cases.tempi.contains { $0.score == 1 })
    for one in cases.tempi {
      let score = tempoScore(
        reference: (one.reference[0], one.reference[1]), weight: one.weight, estimate: (one.estimate[0], one.estimate[1]))
      expectNear(score, one.score, "\(one.reference) \(one.estimate)")
    }
  }
}
