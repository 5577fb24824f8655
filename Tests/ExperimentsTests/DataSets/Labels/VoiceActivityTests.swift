import Experiments
import SwiftDL
import Testing

@Suite("Voice activity") struct VoiceActivityTests {
  private typealias Segment = VoiceActivity.Segment

  private func rule(
    threshold: Double = 0.5, hysteresis: Double = 0, gap: Double = 0, singing: Double = 0
  ) -> VoiceActivity.Rule {
    var rule = VoiceActivity.Rule()
    (rule.threshold, rule.hysteresis, rule.minimumGap, rule.minimumSinging) = (threshold, hysteresis, gap, singing)
    return rule
  }

  @Test("frames stand for half a hop to each side") func frames() {
    let found = VoiceActivity(probabilities: [0, 1, 1, 0, 0, 1], hop: 1, seconds: 5.25, rule: rule())
    #expect(found.segments == [Segment(0.5, 2.5), Segment(4.5, 5.25)])
    #expect(VoiceActivity(probabilities: [1, 1], hop: 1, seconds: 2, rule: rule()).segments == [Segment(0, 2)])
    #expect(VoiceActivity(probabilities: [], hop: 1, seconds: 0, rule: rule()).segments.isEmpty)
  }

  @Test("singing ends below the threshold less the hysteresis") func hysteresis() {
    let probabilities: [Float] = [0.45, 0.5, 0.4, 0.3, 0.29, 0.45, 0.6]
    let found = VoiceActivity(probabilities: probabilities, hop: 1, seconds: 7, rule: rule(hysteresis: 0.2))
    #expect(found.segments == [Segment(0.5, 3.5), Segment(5.5, 7)])
    let plain = VoiceActivity(probabilities: probabilities, hop: 1, seconds: 7, rule: rule())
    #expect(plain.segments == [Segment(0.5, 1.5), Segment(5.5, 7)])
  }

  @Test("short pauses are closed before short singing is dropped") func lengths() {
    let probabilities: [Float] = [0, 1, 0, 1, 0, 0, 0, 1, 0, 0]
    func found(gap: Double, singing: Double) -> [Segment] {
      VoiceActivity(probabilities: probabilities, hop: 1, seconds: 10, rule: rule(gap: gap, singing: singing)).segments
    }
    #expect(found(gap: 1.5, singing: 2) == [Segment(0.5, 3.5)])
    #expect(found(gap: 1, singing: 2).isEmpty)
    #expect(found(gap: 4, singing: 0) == [Segment(0.5, 7.5)])
    #expect(found(gap: 0, singing: 0).count == 3)
  }

  @Test("a time is sung exactly inside a segment; gaps are the rest") func times() {
    let activity = VoiceActivity([Segment(1, 2), Segment(2, 3), Segment(5, 6)])
    let sung = [1.0, 1.5, 2, 2.99, 5]
    let silent = [0, 0.99, 3, 4, 6, 7.0]
    #expect(sung.allSatisfy(activity.isActive) && !silent.contains(where: activity.isActive))
    #expect(activity.gaps(in: 8) == [Segment(0, 1), Segment(3, 5), Segment(6, 8)])
    #expect(activity.seconds == 3 && VoiceActivity([]).gaps(in: 2) == [Segment(0, 2)])
  }

  @Test("a voice alone is heard to ten milliseconds") func voice() {
    let rate = 8000
    var samples = [Float](repeating: 0, count: 2 * rate * 2)
    for frame in rate / 2..<rate { (samples[2 * frame], samples[2 * frame + 1]) = (0.1, -0.1) }
    // Quieter than a voice, and a pause for breath.
    for frame in rate * 3 / 2..<rate * 7 / 4 { samples[2 * frame] = 0.0002 }
    for frame in rate * 3 / 4..<rate * 3 / 4 + 400 { (samples[2 * frame], samples[2 * frame + 1]) = (0, 0) }
    let found = VoiceActivity(ofVoice: samples, channels: 2, sampleRate: rate)
    #expect(found.segments.count == 1)
    let segment = found.segments.first ?? Segment(0, 1)
    #expect(abs(segment.start - 0.5) < 0.011 && abs(segment.end - 1) < 0.011)
    #expect(VoiceActivity(ofVoice: [], channels: 1, sampleRate: rate).segments.isEmpty)
  }

  @Test("every format") func formats() {
    let probabilities: [Float] = [0, 1, 1, 0]
    let found = DetectedActivity(probabilities: probabilities, hop: 1, seconds: 3701.5, rule: rule())
    #expect(found.text(.lab) == "0.000 0.500 nosing\n0.500 2.500 sing\n2.500 3701.500 nosing\n")
    #expect(found.text(.audacity) == "0.500\t2.500\tsing\n")
    #expect(found.text(.csv) == "start,end,seconds\n0.500,2.500,2.000\n")
    #expect(found.text(.srt) == "1\n00:00:00,500 --> 00:00:02,500\n[singing]\n")
    #expect(found.text(.frames) == "time,probability\n0.0000,0.0000\n1.0000,1.0000\n2.0000,1.0000\n3.0000,0.0000\n")
    let json = found.text(.json, facts: ["model": "mine"])
    #expect(json.contains("\"model\": \"mine\"") && json.contains("\"start\": 0.5"))
    let late = DetectedActivity(probabilities: [Float](repeating: 1, count: 3700), hop: 1, seconds: 3699.5, rule: rule())
    #expect(late.text(.srt).contains("00:00:00,000 --> 01:01:39,500"))
  }
}
