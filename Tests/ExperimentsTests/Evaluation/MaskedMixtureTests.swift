import Experiments
import SwiftDL
import SwiftDLAudio
import TestSupport
import Testing

@Suite struct MaskedMixtureTests {
  static let frames = 150_000
  static let transform = STFT(size: 2048, hop: 512)

  private static let sounds = (0..<3).map { noise(frames, seed: UInt64($0)) }
  private static let mixture = sounds[0].indices.map { sounds[0][$0] + sounds[1][$0] + sounds[2][$0] }

  private static func stream(_ samples: [Float]) -> FrameStream {
    FrameStream(frames: samples.count, channels: 1, sampleRate: 8000) { range in Array(samples[range]) }
  }

  /// The estimates of the first `count` sources, read block by block.
  private static func estimates(_ mask: MaskedMixture.Mask, of count: Int) throws -> [[Float]] {
    let streams = MaskedMixture(
      stream(mixture), mask: mask, sources: sounds[..<count].map(stream), others: sounds[count...].map(stream)
    ).estimates
    var estimates = [[Float]](repeating: [], count: count)
    // Blocks that overlap and lie across pieces, as scoring reads them.
    for start in stride(from: 0, to: frames, by: 7000) {
      let range = max(0, start - 500)..<min(start + 7000, frames)
      for source in 0..<count {
        try streams[source].withSamples(range) { estimates[source] += $0[(start - range.lowerBound)...] }
      }
    }
    return estimates
  }

  /// The mask on the whole sound at once, bin by bin.
  private static func whole(_ gain: (_ powers: [Float], _ mixture: Float) -> Float) -> [Float] {
    let spectrogram = transform.forward(mixture)
    let powers = sounds.map { transform.forward($0).power }
    let mask = spectrogram.power.enumerated().map { index, power in gain(powers.map { $0[index] }, power) }
    return transform.inverse(spectrogram.masked(by: mask), length: frames)
  }

  private static func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test func theRatioMaskInPiecesIsThatOfTheWhole() throws {
    let whole = Self.whole { powers, _ in powers[0] / ((powers[0] + powers[1]) + powers[2]) }
    for count in [1, 3] {
      let estimates = try Self.estimates(.ratio, of: count)
      // Rounding of floats near 1.
      #expect(Self.largestDifference(estimates[0], whole) < 1e-6)
      if count == 3 {
        let sum = Self.mixture.indices.map { estimates[0][$0] + estimates[1][$0] + estimates[2][$0] }
        #expect(Self.largestDifference(sum, Self.mixture) < 1e-5)
      }
    }
  }

  @Test func theBinaryMaskKeepsWhatIsAtLeastHalf() throws {
    let whole = Self.whole { powers, mixture in
      powers[0].squareRoot() >= mixture.squareRoot() / 2 ? 1 : 0
    }
    let estimates = try Self.estimates(.binary, of: 3)
    // A bin on the border may fall to either side in single precision; each weighs about 1e-3.
    #expect(Self.largestDifference(estimates[0], whole) < 5e-3)
    let error = zip(estimates[0], Self.sounds[0]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let doingNothing = zip(Self.mixture, Self.sounds[0]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(error < doingNothing / 2)
  }

  /// Where nothing sounds nothing is passed, and nothing is divided by zero.
  @Test(arguments: [MaskedMixture.Mask.ratio, .binary]) func silenceStaysSilent(mask: MaskedMixture.Mask) throws {
    let silence = Self.stream([Float](repeating: 0, count: 5000))
    let estimates = MaskedMixture(silence, mask: mask, sources: [silence, silence], others: []).estimates
    try estimates[1].withSamples(0..<5000) { samples in
      #expect(samples.allSatisfy { $0 == 0 })
    }
  }
}
