import Foundation
import SwiftDLAudio
import Testing

/// Values written by scripts/golden/librosa_golden.py.
struct LibrosaCases: Decodable {
  struct Transform: Decodable {
    let name, padding: String
    let samples, size, hop, frames: Int
  }

  struct Mel: Decodable {
    let name: String
    let sampleRate, size, bands: Int
    let lowest: Double
    let highest: Double?
  }

  let stft: [Transform]
  let mel: [Mel]

  static func url(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/librosa/\(name)")
  }

  static func load() throws -> LibrosaCases {
    try JSONDecoder().decode(LibrosaCases.self, from: Data(contentsOf: url("cases.json")))
  }

  static func floats(_ name: String) throws -> [Float] {
    let bytes = try [UInt8](Data(contentsOf: url("\(name).f32")))
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
    }
  }
}

struct STFTTests {
  static let shapes = [
    (16, 4), (16, 8), (64, 16), (100, 25), (512, 128), (2048, 512), (2048, 1000),
  ]

  /// Lengths shorter than a frame, shorter than half of one, around multiples of the hop.
  @Test(arguments: shapes) func backIsTheSignal(size: Int, hop: Int) {
    for padding in [STFT.Padding.reflect, .zeros] {
      let transform = STFT(size: size, hop: hop, padding: padding)
      for length in [0, 1, 2, 3, hop - 1, hop, hop + 1, size / 2, size, 3 * size + 7, 7777] {
        let sound = AudioBuffer.noise(frames: length, channels: 1)
        let spectrogram = transform.forward(sound.samples)
        #expect(spectrogram.frames == transform.frames(of: length))
        #expect(spectrogram.bins == size / 2 + 1)
        let back = transform.inverse(spectrogram, length: length)
        #expect(largestDifference(back, sound.samples) < 1e-5, "\(length) samples")
      }
    }
  }

  @Test func valuesAreLibrosas() throws {
    for golden in try LibrosaCases.load().stft {
      let values = try LibrosaCases.floats(golden.name)
      let transform = STFT(
        size: golden.size, hop: golden.hop,
        padding: golden.padding == "reflect" ? .reflect : .zeros)
      let spectrogram = transform.forward(Array(values[..<golden.samples]))
      #expect(spectrogram.frames == golden.frames)
      let count = golden.frames * transform.bins
      let real = Array(values[golden.samples..<golden.samples + count])
      let imaginary = Array(values[(golden.samples + count)...])
      // Both keep floats: a few roundings of sums that reach about 10.
      #expect(largestDifference(spectrogram.real, real) < 1e-5)
      #expect(largestDifference(spectrogram.imaginary, imaginary) < 1e-5)
    }
  }

  @Test func aSineReadsAQuarterOfTheSize() {
    let transform = STFT(size: 256, hop: 64)
    let sine = AudioBuffer.sine(1000, frames: 4000, sampleRate: 8000, gain: 1)
    let spectrogram = transform.forward(sine.samples)
    let bin = 1000 * 256 / 8000
    for frame in 4..<(spectrogram.frames - 4) {
      let row = spectrogram.magnitude[frame * 129..<(frame + 1) * 129]
      #expect(abs(row[frame * 129 + bin] - 64) < 1e-3)
      #expect(row.max() == row[frame * 129 + bin])
    }
  }

  @Test func masksAreLinear() {
    let transform = STFT(size: 128, hop: 32)
    let sound = AudioBuffer.noise(frames: 2000, channels: 1)
    let spectrogram = transform.forward(sound.samples)
    var noise = Noise(seed: 2)
    let mask = spectrogram.real.map { _ in abs(noise.sample()) }
    let one = transform.inverse(spectrogram.masked(by: mask), length: 2000)
    let other = transform.inverse(spectrogram.masked(by: mask.map { 1 - $0 }), length: 2000)
    #expect(largestDifference(zip(one, other).map { $0 + $1 }, sound.samples) < 1e-5)
    let power = spectrogram.power
    let magnitude = spectrogram.magnitude
    #expect(largestDifference(power, magnitude.map { $0 * $0 }) < 1e-3)
  }
}

struct MelFilterBankTests {
  @Test func weightsAreLibrosas() throws {
    for golden in try LibrosaCases.load().mel {
      let filters = MelFilterBank(
        sampleRate: golden.sampleRate, size: golden.size, bands: golden.bands,
        lowest: golden.lowest, highest: golden.highest)
      let expected = try LibrosaCases.floats(golden.name)
      // Weights are about 2 / 100 Hz: relative to that, float rounding.
      #expect(largestDifference(filters.weights, expected) < 1e-8)
    }
  }

  @Test func bandsAreWeightedSums() {
    let filters = MelFilterBank(sampleRate: 16000, size: 512, bands: 40)
    let values = AudioBuffer.noise(frames: 3 * 257, channels: 1).samples
    let bands = filters.apply(values)
    #expect(bands.count == 3 * 40)
    for frame in 0..<3 {
      for band in 0..<40 {
        var sum = 0.0
        for bin in 0..<257 {
          sum += Double(filters.weights[band * 257 + bin]) * Double(values[frame * 257 + bin])
        }
        #expect(abs(bands[frame * 40 + band] - Float(sum)) < 1e-6)
      }
    }
  }
}
