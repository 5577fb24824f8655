import Experiments
import Testing

@Suite("Speech made to sing")
struct MelodyShiftTests {
  /// A buzz: pulses 150 times a second through a crude resonance.
  private let buzz: [Float] = {
    var samples = [Float](repeating: 0, count: 32000)
    var (y1, y2): (Float, Float) = (0, 0)
    for index in samples.indices {
      let x: Float = index % 107 == 0 ? 1 : 0
      let y = x + 1.8 * y1 - 0.9 * y2
      (y1, y2) = (y, y1)
      samples[index] = 0.2 * y
    }
    return samples
  }()

  @Test("the pitch found is the pitch there is, and the melody's after it")
  func pitch() {
    let shift = MelodyShift(rate: 16000)
    let before = shift.frequencies(of: buzz).compactMap { $0 }
    #expect(before.count > 150 && before.allSatisfy { abs($0 - 16000 / 107) < 2 })
    let sung = shift.sung(buzz, seed: 3)
    #expect(sung.count > Int(1.2 * 32000) && sung.count < 2 * 32000 + 1000)
    let after = shift.frequencies(of: sung).compactMap { $0 }
    #expect(after.count > 150)
    // Several notes, over the range of a melody.
    let sorted = after.sorted()
    #expect(sorted[sorted.count * 9 / 10] / sorted[sorted.count / 10] > 1.1)
    #expect(sorted[0] > 80 && sorted[sorted.count / 2] < 400)
    #expect(shift.sung(buzz, seed: 3) == sung && shift.sung(buzz, seed: 4) != sung)
  }

  @Test("what has no voice stays as it is")
  func unvoiced() {
    let silence = [Float](repeating: 0, count: 8000)
    #expect(MelodyShift(rate: 16000).sung(silence, seed: 1) == silence)
    #expect(MelodyShift(rate: 16000).sung([], seed: 1).isEmpty)
  }
}
