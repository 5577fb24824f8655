/// When somebody sings in a recording: stretches of time, in order, apart from each other.
public struct VoiceActivity: Sendable, Equatable {
  /// From `start` until just before `end`, in seconds.
  public struct Segment: Sendable, Equatable {
    public let start: Double
    public let end: Double
    public var seconds: Double { end - start }

    public init(_ start: Double, _ end: Double) {
      self.start = start
      self.end = end
    }
  }

  public let segments: [Segment]

  /// - Parameter segments: none before 0 or without length, each after the one before.
  public init(_ segments: [Segment]) {
    precondition(
      segments.allSatisfy { $0.start >= 0 && $0.end > $0.start }
        && zip(segments, segments.dropFirst()).allSatisfy { $0.end <= $1.start },
      "VoiceActivity: segments are not in order, or overlap")
    self.segments = segments
  }

  /// The sung time, in seconds.
  public var seconds: Double { segments.reduce(0) { $0 + $1.seconds } }

  /// Whether somebody sings at a time.
  public func isActive(at time: Double) -> Bool {
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].end <= time { low = middle + 1 } else { high = middle }
    }
    return low < segments.count && segments[low].start <= time
  }

  /// The times of a recording without singing.
  public func gaps(in seconds: Double) -> [Segment] {
    let starts = [0] + segments.map(\.end)
    let ends = segments.map(\.start) + [seconds]
    return zip(starts, ends).filter { $0 < $1 }.map { Segment($0, $1) }
  }
}

extension VoiceActivity {
  /// What turns probabilities into segments.
  public struct Rule: Sendable, Equatable {
    /// Singing begins where the probability reaches it.
    public var threshold = 0.5
    /// And ends where it falls so far below that.
    public var hysteresis = 0.1
    /// Pauses shorter than this, in seconds, are sung through.
    public var minimumGap = 0.1
    /// Singing shorter than this, in seconds, is none.
    public var minimumSinging = 0.1

    public init() {}
  }

  /// The segments of frames with probabilities: frame m stands for the time around m · `hop` seconds, half a hop to each
  /// side.
  ///
  /// Pauses are closed before what is too short is dropped.
  /// - Parameter seconds: the length of the recording.
  public init(probabilities: [Float], hop: Double, seconds: Double, rule: Rule = Rule()) {
    let low = Float(rule.threshold - rule.hysteresis)
    let high = Float(rule.threshold)
    var found: [Segment] = []
    var start: Int?
    func time(_ frame: Int) -> Double { min(seconds, max(0, (Double(frame) - 0.5) * hop)) }
    func close(at frame: Int) {
      if let begin = start, time(begin) < time(frame) { found.append(Segment(time(begin), time(frame))) }
      start = nil
    }
    for (frame, probability) in probabilities.enumerated() {
      if start == nil { if probability >= high { start = frame } } else if probability < low { close(at: frame) }
    }
    // The last frame reaches to the end.
    if let begin = start, time(begin) < seconds { found.append(Segment(time(begin), seconds)) }
    var joined: [Segment] = []
    for segment in found {
      if let last = joined.last, segment.start - last.end < rule.minimumGap {
        joined[joined.count - 1] = Segment(last.start, segment.end)
      } else {
        joined.append(segment)
      }
    }
    self.init(joined.filter { $0.seconds >= rule.minimumSinging })
  }

  /// The segments of a voice alone: where the mean absolute amplitude over windows of 10 ms exceeds 5e-4, as in Stoller,
  /// Ewert, Dixon, LVA/ICA 2018, section 3; pauses under a tenth of a second are sung through.
  ///
  /// - Parameter samples: interleaved.
  public init(ofVoice samples: [Float], channels: Int, sampleRate: Int) {
    let window = max(1, sampleRate / 100)
    let frames = samples.count / channels
    let levels = stride(from: 0, to: frames, by: window).map { start -> Float in
      let end = min(frames, start + window)
      let sum = samples[start * channels..<end * channels].reduce(Float(0)) { $0 + abs($1) }
      return sum / Float((end - start) * channels) > 5e-4 ? 1 : 0
    }
    var rule = Rule()
    rule.minimumSinging = 0.03
    let hop = Double(window) / Double(sampleRate)
    // A window stands for its own time, not for that around its beginning.
    let early = VoiceActivity(
      probabilities: levels, hop: hop, seconds: Double(frames) / Double(sampleRate) - hop / 2, rule: rule)
    let seconds = Double(frames) / Double(sampleRate)
    self.init(early.segments.map { Segment($0.start == 0 ? 0 : $0.start + hop / 2, min(seconds, $0.end + hop / 2)) })
  }
}
