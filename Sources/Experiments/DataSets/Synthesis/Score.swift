/// What is played: key, tempo, chords and a melody, all drawn from one hash.
struct Score {
  /// A note on the grid of eighths: where, how long, its MIDI pitch, and how loud (0 … 1).
  struct Note {
    let start: Int
    let length: Int
    let pitch: Int
    let velocity: Double
  }

  struct Chord {
    /// MIDI pitch class.
    let root: Int
    /// Semitones above the root.
    let intervals: [Int]
  }

  static let eighthsPerBar = 8

  let beatsPerMinute: Int
  let tonic: Int
  let isMinor: Bool
  let bars: Int
  let chords: [Chord]
  let melody: [Note]
  let hash: CounterHash

  var secondsPerEighth: Double { 30 / Double(beatsPerMinute) }

  var key: String {
    let names = [
      "C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B",
    ]
    return "\(names[tonic]) \(isMinor ? "minor" : "major")"
  }

  init(_ hash: CounterHash, seconds: Double) {
    self.hash = hash
    beatsPerMinute = 80 + hash.with(1).below(61)
    tonic = hash.with(2).below(12)
    isMinor = hash.with(3).below(2) == 1
    bars = Int((seconds * Double(beatsPerMinute) / 240).rounded(.up))
    let progressions = isMinor ? Self.minorProgressions : Self.majorProgressions
    let progression = progressions[hash.with(4).below(progressions.count)]
    let scale = isMinor ? [0, 2, 3, 5, 7, 8, 10] : [0, 2, 4, 5, 7, 9, 11]
    let tonic = tonic
    chords = (0..<bars).map { bar in
      let degree = progression[bar % progression.count]
      let root = scale[degree]
      let intervals = [0, 2, 4].map { step in
        let index = degree + step
        return scale[index % 7] + 12 * (index / 7) - root
      }
      return Chord(root: (tonic + root) % 12, intervals: intervals)
    }
    melody = Self.melody(hash.with(5), tonic: tonic, scale: scale, bars: bars)
  }

  /// Degrees of the scale, one a bar.
  private static let majorProgressions = [
    [0, 4, 5, 3], [0, 5, 3, 4], [5, 3, 0, 4], [0, 3, 4, 3], [0, 2, 3, 4],
  ]
  private static let minorProgressions = [
    [0, 5, 2, 6], [0, 3, 6, 2], [0, 6, 5, 6], [0, 5, 3, 4],
  ]

  /// A walk over the scale in phrases: the first bar and, of every four, one more bar belong to the
  /// band alone.
  private static func melody(_ hash: CounterHash, tonic: Int, scale: [Int], bars: Int) -> [Note] {
    var notes: [Note] = []
    // Degrees above the tonic nearest to A3: a range men and women share.
    var degree = hash.with(0).below(5)
    let base = 57 + (tonic + 12 - 57 % 12) % 12
    for bar in 1..<max(2, bars) {
      if bar % 4 == 1 + hash.with(UInt64(1000 + bar / 4)).below(3) && bar > 1 { continue }
      let place = hash.with(UInt64(bar))
      var position = place.with(0).below(3)
      while position < eighthsPerBar {
        let draw = place.with(UInt64(1 + position))
        let length = min([1, 1, 2, 2, 3, 4][draw.with(0).below(6)], eighthsPerBar - position)
        degree += [-2, -1, -1, 0, 1, 1, 2][draw.with(1).below(7)]
        degree = min(max(degree, -3), 8)
        let octave = degree < 0 ? -1 : degree / 7
        let pitch = base + scale[(degree + 7) % 7] + 12 * octave
        if draw.with(2).below(8) > 0 {
          notes.append(
            Note(
              start: bar * eighthsPerBar + position, length: length, pitch: pitch,
              velocity: 0.7 + 0.3 * draw.with(3).unit))
        }
        position += length
      }
    }
    return notes
  }
}
