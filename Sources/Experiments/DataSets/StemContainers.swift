import Foundation
import Glibc
public import SwiftDL

/// MUSDB18's songs as they are given away, `ROOT/{train,test}/SONG.stem.mp4`, decoded once into folders of WAV files by the
/// program `ffmpeg`.
public struct StemContainers: Sendable {
  /// The audio streams of a container, in their order.
  static let streams = ["mixture", "drums", "bass", "other", "vocals"]
  private static let ending = ".stem.mp4"

  public struct Song: Sendable, Equatable {
    public let path: String
    /// Below the folder of results.
    public let folder: String
  }

  public let songs: [Song]

  /// - Throws: `FileError` for a folder without such songs.
  public init(_ root: String) throws(FileError) {
    var songs: [Song] = []
    for part in Split.allCases.flatMap(\.folderNames) where Folders.isDirectory("\(root)/\(part)") {
      for name in try Folders.names(in: "\(root)/\(part)") where name.hasSuffix(Self.ending) {
        songs.append(
          Song(path: "\(root)/\(part)/\(name)", folder: "\(part)/\(name.dropLast(Self.ending.count))"))
      }
    }
    guard !songs.isEmpty else {
      throw FileError(root, "holds no train/SONG.stem.mp4", hint: "give the folder that MUSDB18 was unpacked to")
    }
    self.songs = songs
  }

  /// Decodes the songs that are not there yet, each whole or not at all.
  ///
  /// - Parameter progress: told songs done; returning false stops after that song.
  /// - Throws: `FileError` where ffmpeg is missing or fails.
  public func decode(to folder: String, progress: (Int) -> Bool = { _ in true }) throws(FileError) {
    guard let program = FFmpeg() else {
      throw FileError(folder, "needs the program ffmpeg, which is not installed", hint: "apt install ffmpeg")
    }
    for (index, song) in songs.enumerated() {
      let place = "\(folder)/\(song.folder)"
      if !Folders.exists(place) { try decode(song, to: place, by: program) }
      if !progress(index + 1) { return }
    }
  }

  private func decode(_ song: Song, to place: String, by program: FFmpeg) throws(FileError) {
    let slash = place.lastIndex(of: "/").map { place.index(after: $0) } ?? place.startIndex
    let draft = "\(place[..<slash]).\(place[slash...]).part"
    try? FileManager.default.removeItem(atPath: draft)
    try Folders.create(draft)
    var finished = false
    defer { if !finished { try? FileManager.default.removeItem(atPath: draft) } }
    try program.decode(
      song.path, Self.streams.enumerated().flatMap { ["-map", "0:a:\($0)", "-c:a", "pcm_s16le", "\(draft)/\($1).wav"] })
    guard rename(draft, place) == 0 else {
      throw FileError(place, "cannot be written: \(String(cString: strerror(errno)).lowercased())")
    }
    finished = true
  }
}
