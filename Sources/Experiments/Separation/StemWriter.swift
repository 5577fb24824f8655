import Glibc
import SwiftDL
import SwiftDLAudio

/// What happens to samples beyond full scale.
public enum ClipMode: String, Sendable, CaseIterable {
  /// They are cut off, in floating point too.
  case clamp
  /// All stems of a track are made quieter by the same factor, so that their levels still fit together.
  case common
  /// Every stem that needs it is made quieter by itself, as Demucs does it.
  case rescale
  /// Nothing happens; formats that end there cut them off themselves.
  case none
}

/// What takes the stems of one track, piece by piece.
protocol StemSink: AnyObject {
  /// Where every stem is, or will be, and what is told of it afterwards.
  var written: [(path: String, level: StemWriter.Level)] { get }
  /// Appends a piece of the mixture and of every stem.
  func write(_ mixture: [Float], _ pieces: [[Float]]) throws(FileError)
  /// Completes all files. `finished` is told every one that has appeared.
  func finish(_ finished: (String) -> Void) throws(FileError)
}

/// The stems of one track in files of their own, written block by block; they appear together with `finish`.
///
/// Formats with a full scale whose clip mode needs to know the loudest sample are written as 32-bit float under a
/// temporary name first: memory does not grow with length, the disk holds the track once more for a moment.
final class StemWriter: StemSink {
  /// What is told of a stem afterwards.
  struct Level: Sendable {
    var peak: Float = 0
    var energy = 0.0
    var samples = 0
    /// In LUFS; nil of silence and moments.
    var loudness: Double?
    var gain: Float = 1
  }

  private let paths: [String]
  private(set) var levels: [Level]
  private let clipMode: ClipMode
  private let meters: [LoudnessMeter]
  private let resamplers: [StreamResampler]
  /// Of the files themselves; open from the start, so that a format that cannot hold the sound says so at once.
  private var finals: [AudioWriter] = []
  /// Of 32-bit float under temporary names, where gains have to be known first.
  private var drafts: [AudioWriter] = []

  /// - Parameters:
  ///   - inputRate: frames per second of what is written.
  ///   - sampleRate: those of the files.
  ///   - tags: what each of the files tells of its content.
  init(
    _ paths: [String], channels: Int, inputRate: Int, sampleRate: Int, format: AudioFormat, clipMode: ClipMode,
    tags: [AudioTags]
  ) throws(FileError) {
    self.paths = paths
    self.clipMode = clipMode
    levels = paths.map { _ in Level() }
    meters = paths.map { _ in LoudnessMeter(channels: channels, sampleRate: sampleRate) }
    resamplers = paths.map { _ in StreamResampler(from: inputRate, to: sampleRate, channels: channels) }
    for (path, tags) in zip(paths, tags) {
      finals.append(try AudioWriter(path, channels: channels, sampleRate: sampleRate, format: format, tags: tags))
      if clipMode == .common || clipMode == .rescale {
        drafts.append(try AudioWriter(Self.temporaryPath(path), channels: channels, sampleRate: sampleRate))
      }
    }
  }

  deinit { for draft in drafts { unlink(draft.path) } }

  private static func temporaryPath(_ path: String) -> String {
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return "\(path[..<slash]).\(path[slash...]).\(getpid()).wav"
  }

  var written: [(path: String, level: Level)] { zip(paths, levels).map { ($0, $1) } }

  func write(_ mixture: [Float], _ pieces: [[Float]]) throws(FileError) { try write(pieces) }

  /// Appends a piece of every file.
  func write(_ pieces: [[Float]]) throws(FileError) {
    for (index, piece) in pieces.enumerated() { try write(resamplers[index].process(piece), toStem: index) }
  }

  private func write(_ piece: [Float], toStem index: Int) throws(FileError) {
    let piece = clipMode == .clamp ? piece.map { min(1, max(-1, $0)) } : piece
    for sample in piece {
      levels[index].peak = max(levels[index].peak, abs(sample))
      levels[index].energy += Double(sample) * Double(sample)
    }
    levels[index].samples += piece.count
    meters[index].add(piece)
    try (drafts.isEmpty ? finals : drafts)[index].write(piece)
  }

  func finish(_ finished: (String) -> Void) throws(FileError) {
    for index in levels.indices { try write(resamplers[index].process([], isLast: true), toStem: index) }
    for index in levels.indices { levels[index].loudness = meters[index].integrated }
    let loudest = levels.map(\.peak).max() ?? 0
    for (index, draft) in drafts.enumerated() {
      let peak = clipMode == .common ? loudest : levels[index].peak
      // The loudest integer is one step short of full scale.
      levels[index].gain = peak > 1 ? 0.9999 / peak : 1
      try draft.finish()
      try convert(draft.path, to: finals[index], gain: levels[index].gain)
    }
    for writer in finals {
      try writer.finish()
      finished(writer.path)
    }
  }

  private func convert(_ draft: String, to writer: AudioWriter, gain: Float) throws(FileError) {
    let reader = try AudioReader(draft)
    while true {
      let block = try reader.read(maxFrames: 1 << 16)
      if block.isEmpty { break }
      try writer.write(gain == 1 ? block.samples : block.samples.map { $0 * gain })
    }
  }
}
