import Glibc
import SwiftDL
import SwiftDLAudio

/// Two stems of one song in memory: stereo, interleaved, of equal length.
struct StemPair {
  let names: (String, String)
  let first: [Float]
  let rest: [Float]
  let sampleRate: Int

  /// Writes `TRACK/{FIRST,REST,mixture}.wav`, 32-bit float.
  ///
  /// - Parameter balance: decibels of the first stem above the rest. The sum, `mixture`, peaks at 0.9.
  /// - Returns: the first stem as it was written.
  @discardableResult
  func write(balance: Double, to track: String) throws(FileError) -> [Float] {
    let (first, rest) = balanced(balance)
    for (name, samples) in [(names.0, first), (names.1, rest), ("mixture", zip(first, rest).map { $0 + $1 })] {
      try AudioFile.write(buffer(samples), to: "\(track)/\(name).wav")
    }
    return first
  }

  private func balanced(_ decibels: Double) -> ([Float], [Float]) {
    let ratio = buffer(rest).rms / max(1e-6, buffer(first).rms) * Float(pow(10, decibels / 20))
    let peak = zip(first, rest).reduce(Float(0)) { max($0, abs($1.0 * ratio + $1.1)) }
    let gain = 0.9 / max(1e-6, peak)
    return (first.map { $0 * ratio * gain }, rest.map { $0 * gain })
  }

  private func buffer(_ samples: [Float]) -> AudioBuffer {
    AudioBuffer(samples: samples, channels: 2, sampleRate: sampleRate)
  }
}
