import Glibc

/// Speech made to sing: its pitch replaced by a melody's, with vibrato, and its time stretched, while the timbre stays.
///
/// Pitch-synchronous overlap-add (Moulines & Charpentier 1990): grains of two periods around the pulses of the voice are
/// set at the distances the melody asks for.
package struct MelodyShift {
  private let rate: Double
  /// Distance and length of the frames that the pitch is looked for in.
  private var hop: Int { Int(rate / 100) }
  private var frame: Int { Int(rate / 25) }

  package init(rate: Int) { self.rate = Double(rate) }

  /// - Parameters:
  ///   - speech: one voice, without a room.
  ///   - hash: decides key, notes, rhythm and tempo.
  /// - Returns: longer than what was given by a factor of 1.2 to 2.
  func sung(_ speech: [Float], _ hash: CounterHash) -> [Float] {
    let periods = periods(of: speech)
    let voiced = periods.compactMap { $0 }.sorted()
    guard voiced.count > 5 else { return speech }
    let pulses = pulses(of: speech, periods)
    let stretch = 1.2 + 0.8 * hash.with(0).unit
    let melody = Melody(hash.with(1), around: rate / voiced[voiced.count / 2])
    var sung = [Float](repeating: 0, count: Int(Double(speech.count) * stretch) + frame)
    var time = 0.0
    var nearest = 0
    while time < Double(speech.count) * stretch {
      let source = time / stretch
      while nearest + 1 < pulses.count, abs(pulses[nearest + 1].time - source) <= abs(pulses[nearest].time - source) {
        nearest += 1
      }
      let pulse = pulses[nearest]
      let distance = pulse.isVoiced ? rate / melody.frequency(at: time / rate) : pulse.period
      add(speech, around: pulse, to: &sung, at: time)
      time += distance
    }
    return sung
  }

  /// The same, decided by a number.
  package func sung(_ speech: [Float], seed: UInt64) -> [Float] { sung(speech, CounterHash(seed)) }

  // MARK: - Pitch

  /// The pitch of every hundredth of a second in Hz; nil where there is no voice.
  package func frequencies(of speech: [Float]) -> [Double?] { periods(of: speech).map { $0.map { rate / $0 } } }

  /// The period of every frame in samples, by the peak of its normalised autocorrelation; nil where there is no voice.
  private func periods(of speech: [Float]) -> [Double?] {
    let (shortest, longest) = (Int(rate / 450), Int(rate / 70))
    return stride(from: 0, to: max(0, speech.count - frame - longest), by: hop).map { start in
      func product(_ lag: Int) -> Float {
        var sum: Float = 0
        for index in start..<start + frame { sum += speech[index] * speech[index + lag] }
        return sum
      }
      func energy(_ lag: Int) -> Float {
        var sum: Float = 0
        for index in start + lag..<start + lag + frame { sum += speech[index] * speech[index] }
        return sum
      }
      let own = energy(0)
      if own < 1e-5 * Float(frame) { return nil }
      let likeness = (shortest...longest).map { lag in product(lag) / max(1e-9, (own * energy(lag)).squareRoot()) }
      guard let most = likeness.max(), most > 0.5 else { return nil }
      // The shortest period that is nearly as good: its multiples are, too.
      let best = likeness.indices.first { index in
        likeness[index] > 0.9 * most && (index == 0 || likeness[index] >= likeness[index - 1])
          && (index + 1 == likeness.count || likeness[index] >= likeness[index + 1])
      }
      return best.map { Double(shortest + $0) }
    }
  }

  private struct Pulse {
    let time: Double
    let period: Double
    let isVoiced: Bool
  }

  /// Places a period apart where there is voice, at the strongest sample near; every 5 ms elsewhere.
  private func pulses(of speech: [Float], _ periods: [Double?]) -> [Pulse] {
    var pulses: [Pulse] = []
    var time = 0.0
    while time < Double(speech.count) {
      let known = periods.isEmpty ? nil : periods[min(Int(time) / hop, periods.count - 1)]
      let period = known ?? rate / 200
      if known != nil {
        let low = max(0, Int(time - period / 4))
        let high = min(speech.count - 1, Int(time + period / 4))
        if low < high, let peak = (low...high).max(by: { speech[$0] < speech[$1] }) {
          time = max(Double(peak), (pulses.last?.time ?? -period) + period / 2)
        }
      }
      pulses.append(Pulse(time: time, period: period, isVoiced: known != nil))
      time += period
    }
    return pulses
  }

  /// Adds the two periods around a pulse, under a Hann window.
  private func add(_ speech: [Float], around pulse: Pulse, to sung: inout [Float], at time: Double) {
    let half = Int(pulse.period)
    let (from, to) = (Int(pulse.time), Int(time))
    for offset in -half...half {
      let (source, target) = (from + offset, to + offset)
      guard source >= 0, source < speech.count, target >= 0, target < sung.count else { continue }
      sung[target] += speech[source] * Float(0.5 + 0.5 * Tone.cosine(Double(offset) / Double(2 * half + 2)))
    }
  }

  /// Notes of a scale, a quarter to most of a second long, with vibrato and short glides.
  private struct Melody {
    private let notes: [(end: Double, pitch: Double)]
    private let vibrato: Double

    init(_ hash: CounterHash, around frequency: Double) {
      let scale = [[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10]][hash.with(0).below(2)]
      let base = 69 + 12 * log2(frequency / 440) + 7 * hash.with(1).unit
      var (time, degree) = (0.0, 0)
      var notes: [(Double, Double)] = []
      for index in 0..<200 {
        let draw = hash.with(UInt64(10 + index))
        time += [0.2, 0.3, 0.4, 0.6, 0.9][draw.with(0).below(5)]
        degree = min(max(degree + draw.with(1).below(5) - 2, -3), 7)
        notes.append((time, base + Double(scale[(degree + 7) % 7] + (degree < 0 ? -12 : degree >= 7 ? 12 : 0))))
      }
      self.notes = notes
      vibrato = 4.8 + 1.4 * hash.with(2).unit
    }

    /// In Hz, at so many seconds.
    func frequency(at seconds: Double) -> Double {
      let index = notes.firstIndex { $0.end > seconds } ?? notes.count - 1
      let into = seconds - (index > 0 ? notes[index - 1].end : 0)
      let before = notes[max(0, index - 1)].pitch
      let glide = max(0, 1 - into / 0.06)
      let pitch = notes[index].pitch + (before - notes[index].pitch) * glide * glide
      return Tone.frequency(note: pitch + 0.35 * min(1, into / 0.4) * Tone.sine(vibrato * seconds))
    }
  }
}
