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
          ], wholeTrackSDR: 3)
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
          windows: (0..<3).map { SeparationMetrics(sdr: Double($0), isr: 1, sir: 2, sar: 3) },
          wholeTrackSDR: 0)
      })
    let object = try JSONSerialization.jsonObject(with: Data(scores.musevalJSON.utf8))
    let targets = try #require((object as? [String: Any])?["targets"] as? [[String: Any]])
    #expect(targets.map { $0["name"] as? String } == ["a", "b \"c\""])
    let frames = try #require(targets[1]["frames"] as? [[String: Any]])
    #expect(frames.map { $0["time"] as? Double } == [0, 1.5, 3])
    #expect((frames[2]["metrics"] as? [String: Double])?["SDR"] == 2)
  }
}
