import Foundation
import SwiftDLAudio

/// A folder of its own for one test, removed with the last reference.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "swiftdl-audio-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Every name in the folder, hidden ones too.
  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }
}

/// A small counter-based generator: the same numbers everywhere.
struct Noise {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in [-1, 1).
  mutating func sample() -> Float { Float(Int64(bitPattern: bits()) >> 40) / Float(1 << 23) }

  mutating func index(below bound: Int) -> Int { Int(bits() % UInt64(bound)) }
}

extension AudioBuffer {
  /// White noise.
  static func noise(
    frames: Int, channels: Int, sampleRate: Int = 44100, seed: UInt64 = 1, gain: Float = 0.9
  ) -> AudioBuffer {
    var noise = Noise(seed: seed)
    return AudioBuffer(
      samples: (0..<frames * channels).map { _ in noise.sample() * gain }, channels: channels,
      sampleRate: sampleRate)
  }

  /// A sine per channel: channel c has frequency · (c + 1).
  static func sine(
    _ frequency: Double, frames: Int, channels: Int = 1, sampleRate: Int, gain: Double = 0.5
  ) -> AudioBuffer {
    var samples: [Float] = []
    for frame in 0..<frames {
      for channel in 0..<channels {
        let cycles = frequency * Double(channel + 1) * Double(frame) / Double(sampleRate)
        samples.append(Float(gain * sin(2 * .pi * cycles)))
      }
    }
    return AudioBuffer(samples: samples, channels: channels, sampleRate: sampleRate)
  }
}

/// The largest absolute difference of two arrays of the same length; infinite otherwise.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}
