import SwiftDL

/// How found singing is written.
public enum ActivityFormat: String, Sendable, CaseIterable {
  /// `START END sing` and `START END nosing` from the first sample to the last, as Jamendo's labels.
  case lab
  /// A label track for Audacity: tabs between.
  case audacity
  /// `start,end,seconds` below a line of names.
  case csv
  /// Subtitles.
  case srt
  /// Segments, the rule that found them, and the model.
  case json
  /// `time,probability` of every frame.
  case frames

  /// What is added to the recording's name.
  public var suffix: String {
    switch self {
    case .audacity: "audacity.txt"
    case .frames: "frames.csv"
    case .lab, .csv, .srt, .json: rawValue
    }
  }
}

/// What was found in one recording.
public struct DetectedActivity: Sendable, Equatable {
  public let activity: VoiceActivity
  /// The probability of singing in each frame; frame m is centred on m · `hop` seconds.
  public let probabilities: [Float]
  public let hop: Double
  /// The length of the recording.
  public let seconds: Double
  public let rule: VoiceActivity.Rule

  public init(probabilities: [Float], hop: Double, seconds: Double, rule: VoiceActivity.Rule) {
    self.probabilities = probabilities
    self.hop = hop
    self.seconds = seconds
    self.rule = rule
    activity = VoiceActivity(probabilities: probabilities, hop: hop, seconds: seconds, rule: rule)
  }

  /// The text of a file.
  ///
  /// - Parameter facts: what JSON tells besides, such as the model.
  public func text(_ format: ActivityFormat, facts: JSONObject = [:]) -> String {
    func time(_ seconds: Double) -> String { seconds.text(decimals: 3) }
    switch format {
    case .lab: return activity.labText(seconds: seconds)
    case .audacity: return activity.segments.map { "\(time($0.start))\t\(time($0.end))\tsing\n" }.joined()
    case .csv:
      return "start,end,seconds\n"
        + activity.segments.map { "\(time($0.start)),\(time($0.end)),\(time($0.seconds))\n" }.joined()
    case .srt:
      return activity.segments.enumerated().map { index, segment in
        "\(index + 1)\n\(Self.clock(segment.start)) --> \(Self.clock(segment.end))\n[singing]\n"
      }.joined(separator: "\n")
    case .json:
      let object: JSONObject = [
        "seconds": JSONValue.number(seconds), "singing_seconds": activity.seconds, "threshold": rule.threshold,
        "hysteresis": rule.hysteresis, "minimum_gap": rule.minimumGap, "minimum_singing": rule.minimumSinging,
        "segments": activity.segments.map { segment -> JSONValue in
          let fields: JSONObject = ["start": segment.start, "end": segment.end]
          return fields.json
        },
      ]
      return facts.merging(object).json.written(indentation: 2) + "\n"
    case .frames:
      var text = "time,probability\n"
      for (frame, probability) in probabilities.enumerated() {
        text += "\((Double(frame) * hop).text(decimals: 4)),\(Double(probability).text(decimals: 4))\n"
      }
      return text
    }
  }

  /// `01:02:03,456`
  private static func clock(_ seconds: Double) -> String {
    let milliseconds = Int((seconds * 1000).rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let rest = String(1000 + milliseconds % 1000).dropFirst()
    let whole = milliseconds / 1000
    return "\(two(whole / 3600)):\(two(whole / 60 % 60)):\(two(whole % 60)),\(rest)"
  }
}

extension VoiceActivity {
  /// The lines of a `.lab` file, what is not sung too.
  func labText(seconds: Double) -> String {
    let all = segments.map { ($0, "sing") } + gaps(in: seconds).map { ($0, "nosing") }
    return all.sorted { $0.0.start < $1.0.start }.map { segment, word in
      "\(segment.start.text(decimals: 3)) \(segment.end.text(decimals: 3)) \(word)\n"
    }.joined()
  }
}
