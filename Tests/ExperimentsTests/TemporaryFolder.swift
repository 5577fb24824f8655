import Foundation
import SwiftDL
import SwiftDLAudio

/// A folder that is removed with its content when the test ends.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "swiftdl-experiments-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a float file below the folder, with the folders on its way.
  func write(
    _ samples: [Float], channels: Int = 2, rate: Int = 8000, to name: String,
    format: AudioFormat = .wav(.float32)
  ) throws {
    let file = "\(path)/\(name)"
    let parent = (file as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    let sound = AudioBuffer(samples: samples, channels: channels, sampleRate: rate)
    try AudioFile.write(sound, to: file, format: format)
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: "\(path)/\(name)")
  }

  func createFolder(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(path)/\(name)", withIntermediateDirectories: true)
  }

  /// All files below the folder, relative to it, sorted.
  func files(in name: String = "") throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(path)/\(name)").filter {
      !Folders.isDirectory("\(path)/\(name)/\($0)")
    }.sorted()
  }
}

/// Noise in ±0.3, the same for the same seed.
func noise(_ count: Int, seed: UInt64) -> [Float] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / 0x1p31 * 0.3
  }
}
