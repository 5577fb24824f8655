import Foundation
import SwiftDL
import SwiftDLAudio

/// A track and its stems in one file, `TRACK.stem.mp4`, for players and mixing desks that know Native Instruments' format:
/// AAC streams of the mixture, which any player plays, and of exactly four stems (silent where there are fewer), and their
/// names in the box `stem`. The program `ffmpeg` encodes; until the end all lies as 32-bit float on the disk beside it.
/// AAC's packets of 1024 frames make it longer than the track by some of them, all silent.
final class StemContainerWriter: StemSink {
  /// The stems of a file.
  static let capacity = 4
  static let pathExtension = "stem.mp4"

  let path: String
  private let program: FFmpeg
  private let names: [String]
  private let draft: String
  private let writer: StemWriter

  /// - Parameters:
  ///   - names: of the stems, at most four, in the order of `arranged`.
  ///   - tags: what the file tells of its content.
  init(
    _ path: String, names: [String], program: FFmpeg, channels: Int, inputRate: Int, sampleRate: Int, clipMode: ClipMode,
    tags: AudioTags
  ) throws(FileError) {
    precondition(names.count <= Self.capacity, "StemContainerWriter: \(names.count) stems; at most 4 fit")
    self.path = path
    self.names = names
    self.program = program
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let draft = "\(path[..<slash]).\(path[slash...]).\(ProcessInfo.processInfo.processIdentifier)"
    self.draft = draft
    try Folders.create(draft)
    do throws(FileError) {
      writer = try StemWriter(
        (0...names.count).map { "\(draft)/\($0).wav" }, channels: channels, inputRate: inputRate, sampleRate: sampleRate,
        format: .wav(.float32), clipMode: clipMode, tags: [tags] + names.map { _ in AudioTags() })
    } catch {
      try? FileManager.default.removeItem(atPath: draft)
      throw error
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: draft) }

  var written: [(path: String, level: StemWriter.Level)] { writer.levels.dropFirst().map { (path, $0) } }

  func write(_ mixture: [Float], _ pieces: [[Float]]) throws(FileError) { try writer.write([mixture] + pieces) }

  func finish(_ finished: (String) -> Void) throws(FileError) {
    try writer.finish { _ in }
    let file = try AtomicFile(path)
    try program.encode(arguments + [file.temporaryPath], shownAs: path)
    try MovieBox.add("stem", Array(description.json.written().utf8), toMovie: file.temporaryPath, shownAs: path)
    try file.commit()
    finished(path)
  }

  /// The same sounds give the same bytes; the mixture is the stream that ordinary players take.
  private var arguments: [String] {
    let silent = Self.capacity - names.count
    let labels = (0..<silent).map { "[silent\($0)]" }
    let streams = (0...names.count).map { "\($0):a" } + labels
    var words = (0...names.count).flatMap { ["-i", "\(draft)/\($0).wav"] }
    if silent > 0 { words += ["-filter_complex", "[0:a]volume=0,asplit=\(silent)\(labels.joined())"] }
    words += streams.flatMap { ["-map", $0] } + ["-c:a", "aac", "-b:a", "256k"]
    for (index, name) in (["mixture"] + titles).enumerated() {
      words += ["-metadata:s:a:\(index)", "handler_name=\(name)", "-disposition:a:\(index)", index == 0 ? "default" : "0"]
    }
    return words + ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4"]
  }

  private var titles: [String] { names + Array(repeating: "-", count: Self.capacity - names.count) }

  /// What the box `stem` holds: names and colours, and no processing of their sum.
  private var description: JSONObject {
    let compressor: JSONObject = [
      "enabled": false, "input_gain": 0, "output_gain": 0, "threshold": 0, "dry_wet": 50, "attack": 0.003, "release": 0.3,
      "ratio": 3, "hp_cutoff": 300,
    ]
    let limiter: JSONObject = ["enabled": false, "threshold": 0, "ceiling": -0.35, "release": 0.05]
    let processing: JSONObject = ["compressor": compressor.json, "limiter": limiter.json]
    let stems: [JSONObject] = zip(titles, ["#009E73", "#D55E00", "#CC79A7", "#56B4E9"]).map {
      ["name": $0.json, "color": $1.json]
    }
    return ["version": 1, "mastering_dsp": processing.json, "stems": stems]
  }

  /// Stems in the order that players expect: drums, bass, everything else, voices.
  static func arranged(_ stems: [StemSelection.Stem]) -> [StemSelection.Stem] {
    func place(_ stem: StemSelection.Stem) -> Int { ["drums": 0, "bass": 1, "vocals": 3][stem.name] ?? 2 }
    return stems.enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }.map(\.element)
  }
}
