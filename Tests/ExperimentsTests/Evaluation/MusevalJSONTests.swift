import Experiments
import Foundation
import Testing

@Suite struct MusevalJSONTests {
  /// The text that museval 0.4.1 writes for these numbers, byte for byte but for its last line
  /// break.
  @Test func isWhatMusevalWrites() {
    let scores = TrackScores(
      track: "T",
      targets: [
        TargetScores(
          name: "vocals",
          windows: [
            SeparationMetrics(sdr: 1.234567, isr: -0.5, sir: .infinity, sar: .nan),
            SeparationMetrics(sdr: -12, isr: 100.5, sir: 0.1, sar: 2),
          ])
      ])
    let expected = """
      {
        "targets": [
          {
            "name": "vocals",
            "frames": [
              {
                "time": 0.0,
                "duration": 1.0,
                "metrics": {
                  "SDR": 1.23457,
                  "SIR": NaN,
                  "SAR": NaN,
                  "ISR": -0.50000
                }
              },
              {
                "time": 1.0,
                "duration": 1.0,
                "metrics": {
                  "SDR": -12.00000,
                  "SIR": 0.10000,
                  "SAR": 2.00000,
                  "ISR": 100.50000
                }
              }
            ]
          }
        ],
        "museval_version": "0.4.1"
      }

      """
    #expect(scores.musevalJSON == expected)
  }

  @Test func isJSONButForNotANumber() throws {
    let scores = TrackScores(
      track: "T", window: 2, hop: 1.5,
      targets: ["a", "b \"c\""].map { name in
        TargetScores(
          name: name,
          windows: (0..<3).map { SeparationMetrics(sdr: Double($0), isr: 1, sir: 2, sar: 3) })
      })
    let object = try JSONSerialization.jsonObject(with: Data(scores.musevalJSON.utf8))
    let targets = try #require((object as? [String: Any])?["targets"] as? [[String: Any]])
    #expect(targets.map { $0["name"] as? String } == ["a", "b \"c\""])
    let frames = try #require(targets[1]["frames"] as? [[String: Any]])
    #expect(frames.map { $0["time"] as? Double } == [0, 1.5, 3])
    #expect((frames[2]["metrics"] as? [String: Double])?["SDR"] == 2)
  }

  /// Files that museval wrote, and the table it printed when its loader had read them
  /// (scripts/golden/museval_files.py).
  @Test func filesAndTableAreMusevals() throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/museval")
    let tracks = try ["A", "B"].map { track in
      let text = try String(contentsOf: folder.appendingPathComponent("test/\(track).json"), encoding: .utf8)
      let scores = try JSONDecoder().decode(
        Track.self, from: Data(text.replacing("NaN", with: "null").utf8))
      let read = TrackScores(track: track, targets: scores.targets.map(\.scores))
      #expect(read.musevalJSON == text)
      return read
    }
    let table = try String(contentsOf: folder.appendingPathComponent("table.txt"), encoding: .utf8)
    #expect(SeparationEvaluation.Method(name: "any", tracks: tracks).musevalTable == table)
  }

  private struct Track: Decodable {
    let targets: [Target]

    struct Target: Decodable {
      let name: String
      let frames: [Frame]

      var scores: TargetScores {
        TargetScores(
          name: name,
          windows: frames.map { frame in
            func value(_ name: String) -> Double { (frame.metrics[name] ?? nil) ?? .nan }
            return SeparationMetrics(
              sdr: value("SDR"), isr: value("ISR"), sir: value("SIR"), sar: value("SAR"))
          })
      }
    }

    struct Frame: Decodable { let metrics: [String: Double?] }
  }
}
