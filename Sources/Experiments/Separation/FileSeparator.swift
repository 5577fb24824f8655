import Foundation
import Glibc
public import SwiftDL
public import SwiftDLAudio
public import SwiftDLModels

/// Separates sound files into one file per source, block by block.
public struct FileSeparator: Sendable {
  public let model: any SeparationNetwork
  /// The folder name of the model in the output.
  public let modelName: String
  public let format: AudioFormat
  public let tileFrames: Int

  public init(
    _ model: any SeparationNetwork, name: String, format: AudioFormat = .wav(.float32), tileFrames: Int = 1 << 17
  ) {
    self.model = model
    modelName = name
    self.format = format
    self.tileFrames = tileFrames
  }

  /// The name of a file's track: its own, without folder and ending.
  public static func trackName(of path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
  }

  /// Separates one file; the results have its exact length, sample rate and channels. Nothing is written
  /// unless everything is.
  ///
  /// - Parameters:
  ///   - trackName: the name of the result's folder; the file's own name when absent.
  ///   - progress: called with frames done and in all; returning false stops and leaves nothing behind.
  /// - Returns: the paths written, or nil when stopped.
  public func separate(
    _ path: String, to folder: String, trackName: String? = nil,
    progress: (_ done: Int, _ total: Int) -> Bool = { _, _ in true }
  ) throws(FileError) -> [String]? {
    let reader = try AudioReader(path)
    let info = reader.info
    guard info.frames > 0 else {
      throw FileError(path, "has no samples", hint: "give a file with at least one frame")
    }
    let track = "\(folder)/\(modelName)/\(trackName ?? Self.trackName(of: path))"
    let paths = model.configuration.sources.map { "\(track)/\($0).\(format.pathExtension)" }
    let fresh = FreshFolder(track)
    var finished: [String] = []
    do throws(FileError) {
      try Folders.create(track)
      if try separate(reader, to: paths, finished: { finished.append($0) }, progress) { return paths }
    } catch {
      for path in finished { unlink(path) }
      fresh.discardFolders()
      throw error
    }
    fresh.discardFolders()
    return nil
  }

  /// Returns false when stopped. `finished` is told every file that has appeared.
  private func separate(
    _ reader: AudioReader, to paths: [String], finished: (String) -> Void,
    _ progress: (_ done: Int, _ total: Int) -> Bool
  ) throws(FileError) -> Bool {
    let info = reader.info
    var writers: [AudioWriter] = []
    for path in paths {
      writers.append(
        try AudioWriter(path, channels: info.channels, sampleRate: info.sampleRate, format: format))
    }
    let stream = SeparationStream(
      model, channels: info.channels, sampleRate: info.sampleRate, tileFrames: tileFrames)
    var done = 0
    var ended = false
    while !ended {
      let block = try reader.read(maxFrames: 1 << 16)
      done += block.frames
      ended = block.isEmpty
      for (writer, piece) in zip(writers, stream.process(block.samples, isLast: ended)) {
        try writer.write(piece)
      }
      if !progress(done, info.frames) { return false }
    }
    for writer in writers {
      try writer.finish()
      finished(writer.path)
    }
    return true
  }
}
