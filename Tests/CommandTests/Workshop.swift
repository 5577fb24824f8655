import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// A folder with the small things commands work on; removed with its content when the test ends.
final class Workshop {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "swiftdl-command-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path in the workshop.
  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes bytes below the workshop, with the folders on their way.
  @discardableResult
  func write(_ bytes: Data, to name: String) throws -> String {
    try FileManager.default.createDirectory(
      atPath: (self(name) as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try bytes.write(to: URL(fileURLWithPath: self(name)))
    return self(name)
  }

  /// Writes a program for the shell.
  ///
  /// Another process copies it: a test beside this one may start a process at any moment, which holds what is open for
  /// writing here for an instant, and nobody can run what is open for writing.
  @discardableResult
  func script(_ text: String, to name: String) throws -> String {
    let draft = try write(Data("#!/bin/sh\n\(text)\n".utf8), to: "\(name).draft")
    let copy = Process()
    copy.executableURL = URL(fileURLWithPath: "/bin/sh")
    copy.arguments = ["-c", "rm -f \"$2\" && cp \"$1\" \"$2\" && chmod 755 \"$2\"", "sh", draft, self(name)]
    try copy.run()
    copy.waitUntilExit()
    return self(name)
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: self(name)))
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: self(name), encoding: .utf8)
  }

  /// Everything below the workshop with its content, hidden files too, except the locks of runs.
  func listing() throws -> [String: Data] {
    var listing: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path)
    where !name.hasSuffix("/.lock") {
      let isFolder = Folders.isDirectory(self(name))
      listing[name] = isFolder ? Data() : try bytes(name)
    }
    return listing
  }

  // MARK: - Sound

  /// Writes noise in ±0.3, the same for the same seed.
  @discardableResult
  func sound(
    _ name: String, frames: Int = 4000, channels: Int = 1, rate: Int = 8000, seed: UInt64 = 1,
    nan: Int? = nil
  ) throws -> String {
    var random = RandomStream(seed: seed)
    var samples = frames == 0 ? [] : random.uniform([frames * channels], in: -0.3..<0.3).scalars
    if let nan { samples[nan] = .nan }
    try write(Data(), to: name)
    let writer = try AudioWriter(
      self(name), channels: channels, sampleRate: rate, allowNonFinite: nan != nil)
    try writer.write(samples)
    try writer.finish()
    return self(name)
  }

  /// A corpus for the tiny network: two tracks to train on, one to validate, one to test.
  @discardableResult
  func corpus(_ name: String = "corpus", frames: Int = 8000) throws -> String {
    for (index, track) in ["train/one", "train/two", "valid/three", "test/four"].enumerated() {
      for (part, stem) in ["accompaniment", "vocals"].enumerated() {
        try sound("\(name)/\(track)/\(stem).wav", frames: frames, seed: UInt64(index * 2 + part))
      }
    }
    return self(name)
  }

  /// Arguments that train the tiny network on a corpus for a few small steps.
  func training(_ run: String, on corpus: String = "corpus", steps: Int = 4) -> [String] {
    [
      "train", "separation", "preset=wave-u-net-tiny", "model.sampleRate=8000",
      "data.path=\(self(corpus))",
      "outputFrames=512", "batchSize=2", "stepsPerEpoch=2", "maximumSteps=\(steps)",
      "validationWindows=4",
      "--run", self(run), "--quiet",
    ]
  }

  // MARK: - Models

  static var tinyConfiguration: WaveUNetConfiguration {
    var configuration = WaveUNetConfiguration.tiny
    configuration.sampleRate = 8000
    return configuration
  }

  /// Writes the tiny network with fresh weights.
  @discardableResult
  func model(_ name: String = "tiny.safetensors") throws -> String {
    let network = WaveUNet(Self.tinyConfiguration, random: RandomStream(seed: 5))
    try ModelFile.save(network, to: self(name))
    return self(name)
  }
}
