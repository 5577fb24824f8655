/// Somebody singing “la, le, li”: glottal pulses through four formants, with vibrato, glides and
/// consonants.
enum Voice {
  /// The first four formants of a vowel in Hz (after Peterson & Barney 1952, rounded).
  private static let vowels: [[Double]] = [
    [730, 1090, 2440, 3400], [530, 1840, 2480, 3500], [270, 2290, 3010, 3600],
    [570, 840, 2410, 3300],
    [300, 870, 2240, 3200],
  ]
  private static let bandwidths = [80.0, 90, 120, 180]

  static func render(_ score: Score, into track: inout StereoTrack) {
    let rate = track.rate
    let hash = score.hash.with(100)
    // A longer or shorter vocal tract.
    let size = 0.9 + 0.3 * hash.with(0).unit
    let vibratoRate = 4.8 + 1.4 * hash.with(1).unit
    var noise = Noise(hash.with(2))
    var formants = [Resonator](repeating: Resonator(), count: 4)
    var breath = StateVariableFilter()
    var phase = 0.0
    var lastFlow = 0.0
    var pitch = Double(score.melody.first?.pitch ?? 60)
    var vowel = vowels[0]
    for (index, note) in score.melody.enumerated() {
      let draw = hash.with(UInt64(10 + index))
      let nextVowel = vowels[draw.with(0).below(vowels.count)]
      let start = Int(Double(note.start) * score.secondsPerEighth * rate)
      let length = Int(Double(note.length) * score.secondsPerEighth * rate * 0.95)
      let consonant = Int(rate * (0.02 + 0.04 * draw.with(1).unit))
      let hiss = draw.with(2).unit * 0.5
      let glide = Tone.decay(0.03, rate)
      for offset in 0..<length {
        let time = Double(offset) / rate
        pitch = Double(note.pitch) + (pitch - Double(note.pitch)) * glide
        let vibrato = 0.35 * min(1, time / 0.4) * Tone.sine(vibratoRate * time)
        if offset % 64 == 0 {
          // The mouth moves from one vowel to the next within some 50 ms.
          let follow = min(1, 64 / (0.05 * rate))
          for band in 0..<4 {
            vowel[band] += (nextVowel[band] - vowel[band]) * follow
            formants[band].tune(vowel[band] * size, bandwidth: bandwidths[band], rate: rate)
          }
        }
        phase += Tone.frequency(note: pitch + vibrato) / rate
        if phase >= 1 { phase -= 1 }
        // The flow through the glottis opens slowly and closes fast (Rosenberg 1971); the ear gets
        // its slope.
        let flow: Double
        if phase < 0.45 {
          let t = phase / 0.45
          flow = t * t * (3 - 2 * t)
        } else if phase < 0.62 {
          let t = (phase - 0.45) / 0.17
          flow = 1 - t * t
        } else {
          flow = 0
        }
        let slope = (flow - lastFlow) * rate / 1000
        lastFlow = flow
        let attack = min(1, time / 0.04)
        let release = min(1, Double(length - offset) / (0.08 * rate))
        let white = noise.next()
        var sound = slope + 0.03 * white * flow
        for band in 0..<4 { sound = formants[band].next(sound) }
        breath.next(white, cutoff: 5000, damping: 0.8, rate: rate)
        let burst =
          offset < consonant ? hiss * breath.high * (1 - Double(offset) / Double(consonant)) : 0
        track.add(note.velocity * release * (attack * sound + burst), at: start + offset)
      }
    }
    track.addReflections(gain: 0.15)
  }
}
