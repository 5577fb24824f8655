/// A kit of bass drum, snare, hi-hat and cymbal on a grid of sixteenths.
enum Drums {
  private static let kicks: [[Int]] = [
    [0, 8], [0, 6, 8], [0, 8, 10], [0, 4, 8, 12], [0, 7, 10],
  ]

  static func render(_ score: Score, into track: inout StereoTrack) {
    let hash = score.hash.with(200)
    let kick = kicks[hash.with(0).below(kicks.count)]
    let hatStep = [1, 2, 2, 4][hash.with(1).below(4)]
    let kickPitch = 44 + 14 * hash.with(2).unit
    let snarePitch = 170 + 60 * hash.with(3).unit
    let sixteenth = score.secondsPerEighth / 2
    for bar in 0..<score.bars {
      let isFill = bar % 4 == 3
      for step in 0..<16 {
        let draw = hash.with(UInt64(1000 + 16 * bar + step))
        let frame = Int(Double(16 * bar + step) * sixteenth * track.rate)
        let loud = 0.8 + 0.2 * draw.with(0).unit
        if kick.contains(step) { playKick(kickPitch, loud, at: frame, draw, &track) }
        let isRoll = isFill && step >= 12 && draw.with(1).below(3) > 0
        if step == 4 || step == 12 || isRoll {
          playSnare(snarePitch, isRoll && step != 12 ? 0.6 * loud : loud, at: frame, draw, &track)
        }
        if step % hatStep == 0 {
          let open = step == 14 && draw.with(2).below(3) == 0
          playNoise(
            draw.with(7), level: 0.28 * loud * (step % 4 == 0 ? 1 : 0.7),
            seconds: open ? 0.18 : 0.035,
            cutoff: 7000, pan: 0.4, at: frame, &track)
        }
        if step == 0 && bar % 4 == 0 {
          playNoise(
            draw.with(8), level: 0.3, seconds: 0.6, cutoff: 5000, pan: -0.5, at: frame, &track)
        }
      }
    }
  }

  /// A sine falling two octaves to its pitch, after a click.
  private static func playKick(
    _ pitch: Double, _ level: Double, at frame: Int, _ hash: CounterHash, _ track: inout StereoTrack
  ) {
    var noise = Noise(hash.with(5))
    var phase = 0.0
    var sweep = 3.0
    var click = 0.4
    var loud = level
    let sweepDecay = Tone.decay(0.03, track.rate)
    let clickDecay = Tone.decay(0.002, track.rate)
    let decay = Tone.decay(0.14, track.rate)
    for offset in 0..<Int(0.6 * track.rate) {
      phase += pitch * (1 + sweep) / track.rate
      track.add(loud * (1.6 * Tone.sine(phase) + click * noise.next()), at: frame + offset)
      sweep *= sweepDecay
      click *= clickDecay
      loud *= decay
    }
  }

  /// Two drum modes and the rattle of the wires.
  private static func playSnare(
    _ pitch: Double, _ level: Double, at frame: Int, _ hash: CounterHash, _ track: inout StereoTrack
  ) {
    var noise = Noise(hash.with(6))
    var filter = StateVariableFilter()
    var tone = 0.6 * level
    var wires = 0.9 * level
    let toneDecay = Tone.decay(0.06, track.rate)
    let wireDecay = Tone.decay(0.09, track.rate)
    for offset in 0..<Int(0.4 * track.rate) {
      let turns = pitch * Double(offset) / track.rate
      filter.next(noise.next(), cutoff: 1800, damping: 1, rate: track.rate)
      let body = Tone.sine(turns) + 0.5 * Tone.sine(1.59 * turns)
      track.add(tone * body + wires * filter.high, at: frame + offset, pan: -0.1)
      tone *= toneDecay
      wires *= wireDecay
    }
  }

  /// Metal: decaying noise above a cutoff.
  private static func playNoise(
    _ hash: CounterHash, level: Double, seconds: Double, cutoff: Double, pan: Double, at frame: Int,
    _ track: inout StereoTrack
  ) {
    var noise = Noise(hash)
    var filter = StateVariableFilter()
    var loud = level
    let decay = Tone.decay(seconds, track.rate)
    for offset in 0..<Int(5 * seconds * track.rate) {
      filter.next(noise.next(), cutoff: cutoff, damping: 1, rate: track.rate)
      track.add(loud * filter.high, at: frame + offset, pan: pan)
      loud *= decay
    }
  }
}
