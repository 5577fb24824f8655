import Foundation
import SwiftDLAudio
import Testing

/// Ratios and levels written by scripts/golden/bss_modes_golden.py, from numpy.
struct EnergyCase: Decodable, Sendable {
  let `case`: String
  let target: Int
  let nSDR, siSDR, nSDRi, siSDRi, l1: Double
  let pes, eps: [Double]

  static func all() throws -> [EnergyCase] {
    try JSONDecoder().decode([EnergyCase].self, from: Data(contentsOf: MusevalCase.url("energies.json")))
  }
}

struct EnergyScoresTests {
  @Test func agreesWithNumpy() throws {
    let cases = try MusevalCase.all()
    for golden in try EnergyCase.all() {
      let sound = try #require(cases.first { $0.name == golden.case })
      let (references, estimates) = try sound.buffers()
      var mixture = references[0]
      for index in mixture.samples.indices {
        mixture.samples[index] = references.reduce(0) { $0 + $1.samples[index] }
      }
      let scores = EnergyScores(
        reference: references[golden.target], estimate: estimates[golden.target], mixture: mixture, window: sound.window,
        hop: sound.hop)
      #expect(abs(scores.challengeRatio - golden.nSDR) < 1e-6)
      #expect(abs(scores.scaleInvariantRatio - golden.siSDR) < 1e-6)
      #expect(abs(try #require(scores.challengeImprovement) - golden.nSDRi) < 1e-5)
      #expect(abs(try #require(scores.scaleInvariantImprovement) - golden.siSDRi) < 1e-5)
      #expect(abs(scores.absoluteError - golden.l1) < 1e-6)
      #expect(scores.predictedAtSilence.count == golden.pes.count)
      #expect(zip(scores.predictedAtSilence, golden.pes).allSatisfy { abs($0 - $1) < 1e-6 })
      #expect(scores.silenceAtSound.count == golden.eps.count)
      #expect(zip(scores.silenceAtSound, golden.eps).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test func knownRatios() throws {
    let reference = AudioBuffer.noise(frames: 10_500, channels: 2, sampleRate: 4000)
    var estimate = reference
    for index in estimate.samples.indices { estimate.samples[index] *= 0.9 }
    // 10 500 frames at 4 kHz: two seconds, and five eighths of one.
    let scores = EnergyScores(reference: reference, estimate: estimate)
    #expect(scores.energyRatios.count == 3)
    #expect(scores.energyRatios.allSatisfy { abs($0 - 20) < 1e-4 })
    #expect(EnergyScores(reference: reference, estimate: estimate, window: 2).energyRatios.count == 1)
    #expect(abs(scores.challengeRatio - 20) < 1e-4)
    let truth = EnergyScores(reference: reference, estimate: reference)
    #expect(truth.energyRatios == [100, 100, 100] && truth.scaleInvariantRatio == 100)
    #expect(truth.challengeRatio.isFinite && truth.absoluteError == -120 && truth.challengeImprovement == nil)
    let untouched = EnergyScores(reference: reference, estimate: estimate, mixture: estimate)
    #expect(abs(try #require(untouched.challengeImprovement)) < 1e-9)
    #expect(abs(try #require(untouched.scaleInvariantImprovement)) < 1e-9)
  }

  /// A louder estimate is as good; noise is not.
  @Test(arguments: [0.01, 1, 30] as [Float]) func volumeDoesNotMatterToTheInvariantRatio(gain: Float) {
    let reference = AudioBuffer.noise(frames: 9000, channels: 2, sampleRate: 4000, seed: 1)
    let noise = AudioBuffer.noise(frames: 9000, channels: 2, sampleRate: 4000, seed: 2)
    var estimate = reference
    for index in estimate.samples.indices {
      estimate.samples[index] = gain * (reference.samples[index] + 0.1 * noise.samples[index])
    }
    let ratio = EnergyScores(reference: reference, estimate: estimate).scaleInvariantRatio
    #expect(abs(ratio - 20) < 0.5)
  }

  /// A second of silence, which no ratio judges, is judged by what was predicted there.
  @Test func silenceIsScored() {
    let sound = AudioBuffer.noise(frames: 8000, channels: 1, sampleRate: 4000)
    let rest = AudioBuffer(silence: 4000, channels: 1, sampleRate: 4000)
    let reference = AudioBuffer(
      samples: rest.samples + sound.samples[4000...], channels: 1, sampleRate: 4000)
    let energy = sound.samples[..<4000].reduce(0.0) { $0 + Double($1) * Double($1) }

    let loud = EnergyScores(reference: reference, estimate: sound)
    #expect(loud.energyRatios[0].isNaN && loud.energyRatios[1] == 100)
    #expect(loud.predictedAtSilence.count == 1 && loud.silenceAtSound.isEmpty)
    #expect(abs(loud.predictedAtSilence[0] - 10 * log10(energy)) < 1e-9)

    let lost = EnergyScores(reference: sound, estimate: reference)
    #expect(lost.predictedAtSilence.isEmpty && abs(lost.silenceAtSound[0] - 10 * log10(energy)) < 1e-9)
    let right = EnergyScores(reference: reference, estimate: reference)
    #expect(right.predictedAtSilence == [-120] && right.silenceAtSound.isEmpty)

    let silent = EnergyScores(reference: rest, estimate: rest)
    #expect(silent.scaleInvariantRatio.isNaN && silent.challengeRatio == 0)
    let nothing = AudioBuffer(silence: 0, channels: 1, sampleRate: 4000)
    #expect(EnergyScores(reference: nothing, estimate: nothing).energyRatios.isEmpty)
  }

  /// Overlapping windows, windows in blocks: the sums are those of the samples.
  @Test func windowsMayOverlapAndBeLong() {
    var reference = AudioBuffer.noise(frames: 200_000, channels: 1, sampleRate: 1000, seed: 1)
    let estimate = AudioBuffer.noise(frames: 200_000, channels: 1, sampleRate: 1000, seed: 2)
    for index in 0..<180_000 { reference.samples[index] = 0 }
    let scores = EnergyScores(reference: reference, estimate: estimate, window: 100, hop: 40)
    #expect(scores.energyRatios.count == 2)
    let energies = [0, 40_000, 80_000].map { start in
      estimate.samples[start..<start + 100_000].reduce(0.0) { $0 + Double($1) * Double($1) }
    }
    #expect(scores.predictedAtSilence.count == 3)
    for (level, energy) in zip(scores.predictedAtSilence, energies) {
      #expect(abs(level - 10 * log10(energy)) < 1e-9)
    }
  }
}
