import SwiftDL
import SwiftDLAudio

/// What is known of a mixture and of its sources' sum when all has passed, block by block.
struct SeparationTally {
  private var mixture = 0.0
  private var rest = 0.0
  private var checksum = Checksum()
  private let meter: LoudnessMeter

  init(channels: Int, sampleRate: Int) { meter = LoudnessMeter(channels: channels, sampleRate: sampleRate) }

  /// The next block of the mixture.
  mutating func add(_ mixture: [Float]) {
    mixture.withUnsafeBufferPointer { checksum.add($0) }
    meter.add(mixture)
  }

  /// A piece of the mixture beside all the sources that were found in it.
  mutating func compare(_ mixture: [Float], _ sources: [[Float]]) {
    for index in mixture.indices {
      let rest = sources.reduce(mixture[index]) { $0 - $1[index] }
      self.rest += Double(rest) * Double(rest)
      self.mixture += Double(mixture[index]) * Double(mixture[index])
    }
  }

  /// What the sources leave of the mixture, in dB: nil of silence; minus infinity, which JSON cannot say, is told as -200.
  var residualDecibels: Double? { mixture > 0 ? max(-200, Decibels.ofPower(rest, over: mixture)) : nil }

  /// Of the mixture's samples.
  var samplesChecksum: String { checksum.text }

  /// In LUFS; nil of silence and moments.
  var loudness: Double? { meter.integrated }
}
