import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// Separates whole songs as FactorGAN's authors do, and scores them: one noise for a song, windows side by side, the
/// mixture's phase fitted by rounds of Griffin and Lim's algorithm, then BSSEval v4 in windows of 15 seconds.
///
/// Mono against mono, where the authors double what is estimated and compare in stereo.
struct WholeSongJudge {
  let shape: GeneratorSeparatorConfiguration
  let rounds: Int
  let noise: RandomStream

  /// The SDR of every window of a song that has one, by source.
  ///
  /// - Parameters:
  ///   - excerpt: all of the song.
  ///   - number: chooses the noise.
  func callAsFunction(_ generator: some SampleGenerator, _ excerpt: ExcerptBatch, _ number: Int) -> [[Double]] {
    let estimates = separated(generator, excerpt.mixture, number)
    func sound(_ samples: [Float]) -> AudioBuffer {
      AudioBuffer(samples: samples, channels: 1, sampleRate: shape.sampleRate)
    }
    let scores = BSSEval.scores(
      references: excerpt.targets.map(sound), estimates: estimates.map(sound), window: 15, hop: 15, regularization: nil)
    return scores.targets.map { $0.sdr.filter(\.isFinite) }
  }

  /// Both sources of a song.
  func separated(_ generator: some SampleGenerator, _ mixture: [Float], _ number: Int) -> [[Float]] {
    let transform = STFT(size: shape.frameSize, hop: shape.hop)
    let spectrogram = transform.forward(mixture)
    let (frames, bins) = (spectrogram.frames, spectrogram.bins)
    let (height, width) = (shape.network.height, shape.network.width)
    let magnitudes = spectrogram.magnitude
    var random = noise.stream(number)
    let noise = random.uniform([1, shape.network.noise], in: -1..<1)
    var estimates = [[Float]](repeating: magnitudes, count: 2)
    for start in stride(from: 0, to: frames, by: width) {
      let count = min(width, frames - start)
      let image = Tensor(unsafe: [1, height, width, 1]) { buffer in
        for bin in 0..<height {
          for frame in 0..<width {
            buffer[bin * width + frame] = frame < count ? magnitudes[(start + frame) * bins + bin] : 0
          }
        }
      }
      let made = generator.samples(GeneratorInputs(noise: noise, condition: image.log1p()), .inference).expm1()
      made.withUnsafeBuffer { values in
        for frame in 0..<count {
          for part in 0..<2 {
            for bin in 0..<height {
              estimates[part][(start + frame) * bins + bin] = max(values[(bin * width + frame) * 2 + part], 0)
            }
            // Nobody estimates the highest bin.
            estimates[part][(start + frame) * bins + height] = 0
          }
        }
      }
    }
    return estimates.map { transform.griffinLim($0, start: spectrogram, rounds: rounds, length: mixture.count) }
  }
}
