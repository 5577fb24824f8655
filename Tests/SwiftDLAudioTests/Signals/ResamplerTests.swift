import Foundation
import SwiftDLAudio
import Testing

struct ResamplerTests {
  static let rates = [
    (44100, 22050), (22050, 44100), (44100, 48000), (48000, 44100), (44100, 8000), (8000, 44100),
    (96000, 22050), (44100, 44100), (44100, 44101), (11025, 16000), (192_000, 8000),
  ]

  @Test(arguments: rates) func lengthIsTheRatioRoundedUp(from: Int, to: Int) {
    for frames in [0, 1, 2, 3, 99, 1000, 4801] {
      let sound = AudioBuffer.noise(frames: frames, channels: 2, sampleRate: from)
      let result = sound.resampled(to: to)
      #expect(result.frames == Int((Double(frames) * Double(to) / Double(from)).rounded(.up)))
      #expect(result.sampleRate == to && result.channels == 2)
    }
  }

  @Test(arguments: rates) func piecesGiveTheBitsOfTheWhole(from: Int, to: Int) {
    let sound = AudioBuffer.noise(frames: 50_000, channels: 2, sampleRate: from)
    let whole = sound.resampled(to: to)
    #expect(sound.resampled(to: to) == whole)
    for largest in [7, 1000, 40_000] {
      let resampler = StreamResampler(from: from, to: to, channels: 2)
      var noise = Noise(seed: UInt64(largest))
      var result: [Float] = []
      var position = 0
      while position < sound.frames {
        let next = min(position + noise.index(below: largest), sound.frames)
        result += resampler.process(sound[position..<next].samples)
        position = next
      }
      result += resampler.process([], isLast: true)
      #expect(result == whole.samples, "pieces up to \(largest)")
    }
  }

  @Test(arguments: rates) func aSineStaysWhereItIs(from: Int, to: Int) {
    // Each channel has a frequency of its own, all below both Nyquist frequencies.
    let frequency = 0.2 * Double(min(from, to)) / 2 * 0.97
    let seconds = 0.5
    let sound = AudioBuffer.sine(
      frequency, frames: Int(seconds * Double(from)), channels: 3, sampleRate: from)
    let expected = AudioBuffer.sine(
      frequency, frames: Int(seconds * Double(to)), channels: 3, sampleRate: to)
    let result = sound.resampled(to: to)
    // Away from the ends, where the sine begins and stops.
    let margin = to / 20
    let inner = margin..<(Int(seconds * Double(to)) - margin)
    #expect(largestDifference(result[inner].samples, expected[inner].samples) < 1e-4)
  }

  @Test func whatTheLowerRateCannotHoldIsGone() {
    let sound = AudioBuffer.sine(9000, frames: 44100, sampleRate: 44100)
    let result = sound.resampled(to: 16000)
    #expect(result[1000..<15000].peak < 1e-5)
  }
}
