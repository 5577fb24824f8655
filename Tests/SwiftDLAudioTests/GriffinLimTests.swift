import SwiftDLAudio
import Testing

@Suite("Griffin and Lim's algorithm") struct GriffinLimTests {
  private func noise(_ count: Int) -> [Float] {
    var state: UInt64 = 7
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / 0x1p31
    }
  }

  @Test("magnitudes with their own phases give the signal back") func fixedPoint() {
    let transform = STFT(size: 64, hop: 16)
    let signal = noise(1000)
    let spectrogram = transform.forward(signal)
    let back = transform.griffinLim(spectrogram.magnitude, start: spectrogram, rounds: 3, length: 1000)
    #expect(zip(back, signal).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("every round brings the magnitudes nearer") func convergence() {
    let transform = STFT(size: 64, hop: 16)
    let start = transform.forward(noise(1000))
    // Magnitudes of no signal.
    let wanted = start.magnitude.enumerated().map { $1 * (($0 / 7) % 3 == 0 ? 0.1 : 1) }
    let distances = [0, 1, 2, 5, 20].map { rounds in
      let made = transform.forward(transform.griffinLim(wanted, start: start, rounds: rounds, length: 1000)).magnitude
      return zip(made, wanted).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
    #expect(zip(distances, distances.dropFirst()).allSatisfy { $0 > $1 })
    #expect(distances[4] < 0.9 * distances[0])
  }

  @Test("silence has no phase and stays silence") func silence() {
    let transform = STFT(size: 32, hop: 16)
    let silent = transform.forward([Float](repeating: 0, count: 100))
    let made = transform.griffinLim(silent.magnitude, start: silent, rounds: 4, length: 100)
    #expect(made.allSatisfy { $0 == 0 })
  }
}
