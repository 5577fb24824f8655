/// A bass on the roots of the chords: a sawtooth through a low pass that closes with each note.
enum Bass {
  static func render(_ score: Score, into track: inout StereoTrack) {
    let hash = score.hash.with(300)
    let step = [1, 2, 2, 4][hash.with(0).below(4)]
    let brightness = 300 + 900 * hash.with(1).unit
    let rate = track.rate
    var saw = Saw(phase: 0)
    var filter = StateVariableFilter()
    for bar in 0..<score.bars {
      let root = 28 + (score.chords[bar].root + 12 - 28 % 12) % 12
      for eighth in stride(from: 0, to: Score.eighthsPerBar, by: step) {
        let draw = hash.with(UInt64(100 + Score.eighthsPerBar * bar + eighth))
        if eighth > 0 && draw.with(0).below(6) == 0 { continue }
        let interval = eighth == 0 ? 0 : [0, 0, 0, 7, 12][draw.with(1).below(5)]
        let increment = Tone.frequency(note: Double(root + interval)) / rate
        let first = Double(Score.eighthsPerBar * bar + eighth) * score.secondsPerEighth
        let start = Int(first * rate)
        let length = Int(Double(step) * score.secondsPerEighth * 0.92 * rate)
        let decay = Tone.decay(0.12, rate)
        var open = 1.0
        for offset in 0..<length {
          let attack = min(1, Double(offset) / (0.004 * rate))
          let release = min(1, Double(length - offset) / (0.02 * rate))
          filter.next(
            saw.next(increment), cutoff: 120 + brightness * open, damping: 0.7, rate: rate)
          track.add(attack * release * filter.low, at: start + offset)
          open *= decay
        }
      }
    }
    track.addReflections(gain: 0.05)
  }
}

/// Chords: broken ones on a plucked string, held ones on a pad of detuned sawtooths, or both.
enum Harmony {
  static func render(_ score: Score, into track: inout StereoTrack) {
    let hash = score.hash.with(400)
    let style = hash.with(0).below(3)
    for bar in 0..<score.bars {
      let chord = score.chords[bar]
      let root = 48 + chord.root
      let start = Double(Score.eighthsPerBar * bar) * score.secondsPerEighth
      if style != 1 {
        for eighth in 0..<Score.eighthsPerBar {
          let draw = hash.with(UInt64(1000 + Score.eighthsPerBar * bar + eighth))
          if eighth > 0 && draw.with(0).below(5) == 0 { continue }
          let voice = (eighth + draw.with(1).below(2)) % (chord.intervals.count + 1)
          let interval = voice < chord.intervals.count ? chord.intervals[voice] : 12
          pluck(
            note: root + 12 + interval, at: start + Double(eighth) * score.secondsPerEighth,
            pan: 0.5 - 0.3 * Double(voice), draw, &track)
        }
      }
      if style != 0 {
        for (voice, interval) in chord.intervals.enumerated() {
          pad(
            note: root + interval, at: start,
            seconds: score.secondsPerEighth * Double(Score.eighthsPerBar),
            pan: 0.7 * Double(voice - 1), hash.with(UInt64(50_000 + 8 * bar + voice)), &track)
        }
      }
    }
  }

  /// A string excited by noise (Karplus & Strong 1983), with a fractional delay so that it is in
  /// tune.
  private static func pluck(
    note: Int, at seconds: Double, pan: Double, _ hash: CounterHash, _ track: inout StereoTrack
  ) {
    // The averaging filter delays by half a sample.
    let period = track.rate / Tone.frequency(note: Double(note)) - 0.5
    let whole = Int(period)
    let fraction = period - Double(whole)
    var noise = Noise(hash.with(9))
    var line = (0...whole).map { _ in noise.next() }
    var last = 0.0
    var index = 0
    let start = Int(seconds * track.rate)
    let level = 0.6 + 0.3 * hash.with(8).unit
    for offset in 0..<Int(1.2 * track.rate) {
      let older = line[index]
      let newer = line[(index + 1) % line.count]
      let sound = newer + fraction * (older - newer)
      track.add(level * sound, at: start + offset, pan: pan)
      line[index] = 0.4985 * (sound + last)
      last = sound
      index = (index + 1) % line.count
    }
  }

  private static func pad(
    note: Int, at seconds: Double, seconds duration: Double, pan: Double, _ hash: CounterHash,
    _ track: inout StereoTrack
  ) {
    let rate = track.rate
    let increment = Tone.frequency(note: Double(note)) / rate
    var saws = (0..<3).map { Saw(phase: hash.with(UInt64($0)).unit) }
    var filter = StateVariableFilter()
    let length = Int((duration + 0.15) * rate)
    let start = Int(seconds * rate)
    for offset in 0..<length {
      let attack = min(1, Double(offset) / (0.12 * rate))
      let release = min(1, Double(length - offset) / (0.15 * rate))
      var sum =
        saws[0].next(increment) + saws[1].next(increment * 1.004) + saws[2].next(increment * 0.9965)
      filter.next(sum, cutoff: 1100, damping: 1, rate: rate)
      sum = filter.low
      track.add(0.12 * attack * release * sum, at: start + offset, pan: pan)
    }
  }
}
