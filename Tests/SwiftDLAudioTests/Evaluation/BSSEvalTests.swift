import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

/// Sound and scores written by scripts/golden/museval_golden.py.
struct MusevalCase: Decodable, Sendable, CustomTestStringConvertible {
  let name, sound: String
  let sources, frames, channels, sampleRate: Int
  let window, hop: Double
  /// [metric][target][window]
  let scores: [[[Score]]]

  var testDescription: String { name }

  struct Score: Decodable, Sendable {
    let value: Double
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        value = .nan
      } else if let text = try? container.decode(String.self) {
        value = text == "inf" ? .infinity : .nan
      } else {
        value = try container.decode(Double.self)
      }
    }
  }

  static func url(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/museval/\(name)")
  }

  static func all() throws -> [MusevalCase] {
    try JSONDecoder().decode([MusevalCase].self, from: Data(contentsOf: url("cases.json")))
  }

  func buffers() throws -> (references: [AudioBuffer], estimates: [AudioBuffer]) {
    let bytes = try [UInt8](Data(contentsOf: Self.url(sound)))
    let samples = stride(from: 0, to: bytes.count, by: 2).map {
      Float(Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)) / 32768
    }
    let size = frames * channels
    let buffers = (0..<2 * sources).map {
      AudioBuffer(
        samples: Array(samples[$0 * size..<($0 + 1) * size]), channels: channels,
        sampleRate: sampleRate)
    }
    return (Array(buffers[..<sources]), Array(buffers[sources...]))
  }
}

extension BSSEval.Scores {
  /// [metric][target][window], as museval orders them.
  var metrics: [[[Double]]] {
    [targets.map(\.sdr), targets.map(\.isr), targets.map(\.sir), targets.map(\.sar)]
  }

  /// Bits, because NaN differs from itself.
  var bits: [[[UInt64]]] { metrics.map { $0.map { $0.map(\.bitPattern) } } }
}

struct BSSEvalTests {
  /// What any score above is as good as: 16 digits do not tell it from perfect.
  static let perfect = 140.0

  @Test(arguments: try MusevalCase.all()) func agreesWithMuseval(golden: MusevalCase) throws {
    let (references, estimates) = try golden.buffers()
    let scores = BSSEval.scores(
      references: references, estimates: estimates, window: golden.window, hop: golden.hop)
    var largest = 0.0
    for (metric, (ours, theirs)) in zip(scores.metrics, golden.scores).enumerated() {
      #expect(ours.count == theirs.count)
      for (target, (ours, theirs)) in zip(ours, theirs).enumerated() {
        #expect(ours.count == theirs.count)
        for (window, (our, their)) in zip(ours, theirs.map(\.value)).enumerated() {
          let agrees =
            our.isNaN || their.isNaN
            ? our.isNaN && their.isNaN
            : abs(our - their) < 1e-3 || min(our, their) > Self.perfect
          if !our.isNaN && min(our, their) <= Self.perfect { largest = max(largest, abs(our - their)) }
          #expect(agrees, "metric \(metric), target \(target), window \(window): \(our), \(their)")
        }
      }
    }
    print("\(golden.name): \(largest) dB")
  }
}
