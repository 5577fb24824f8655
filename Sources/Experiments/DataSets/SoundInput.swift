import Foundation
import Glibc
public import SwiftDL
public import SwiftDLAudio

/// Sound as the command line names it: a file, everything in a folder, or standard input.
public struct SoundInput: Sendable, Equatable {
  /// A sound file; `-` is standard input.
  public let path: String
  /// Its folder below the folder that was named; empty for a file that was named itself.
  public let folder: String

  public var isStandardInput: Bool { path == "-" }
  /// The path for people.
  public var shownPath: String { isStandardInput ? "standard input" : path }

  /// The endings of files in a folder that are taken for sound.
  private static let extensions: Set<String> = [
    "wav", "wave", "rf64", "w64", "aif", "aiff", "aifc", "au", "caf", "flac", "ogg", "oga", "opus", "mp3", "m4a", "mp4",
    "aac", "wma", "mka", "mkv", "webm", "mov",
  ]

  /// The inputs that names stand for: files as they are, folders with all sound below them, sorted.
  ///
  /// - Throws: `FileError` for a folder without sound.
  public static func expand(_ names: [String]) throws(FileError) -> [SoundInput] {
    var inputs: [SoundInput] = []
    for name in names {
      guard name != "-", Folders.isDirectory(name) else {
        inputs.append(SoundInput(path: name, folder: ""))
        continue
      }
      var found: [SoundInput] = []
      try collect(name, "", into: &found)
      guard !found.isEmpty else {
        throw FileError(name, "this folder holds no sound files", hint: "name a file, or the folder they are in")
      }
      inputs += found
    }
    return inputs
  }

  /// The names in a text, one in every line; `-` is standard input.
  public static func names(in list: String) throws(FileError) -> [String] {
    var text = ""
    if list == "-" {
      while let line = readLine(strippingNewline: false) { text += line }
    } else {
      text = try WholeFile.text(list)
    }
    let names = text.split(whereSeparator: \.isNewline).map(String.init)
    if names.isEmpty { throw FileError(list == "-" ? "standard input" : list, "names no sound files") }
    return names
  }

  /// The names of the sound files that lie in a folder itself, sorted.
  static func soundNames(in folder: String) throws(FileError) -> [String] {
    try Folders.names(in: folder).filter { extensions.contains(URL(fileURLWithPath: $0).pathExtension.lowercased()) }
  }

  private static func collect(_ root: String, _ folder: String, into found: inout [SoundInput]) throws(FileError) {
    let place = folder.isEmpty ? root : "\(root)/\(folder)"
    for name in try Folders.names(in: place) where !name.hasPrefix(".") {
      if Folders.isDirectory("\(place)/\(name)") {
        try collect(root, folder.isEmpty ? name : "\(folder)/\(name)", into: &found)
      } else if extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased()) {
        found.append(SoundInput(path: "\(place)/\(name)", folder: folder))
      }
    }
  }

  /// Opens the sound: by ourselves, or decoded by the `ffmpeg` program where it is installed and needed.
  ///
  /// What standard input holds and what ffmpeg decodes lies in a temporary file until the reader is gone.
  public func open() throws(FileError) -> AudioReader {
    if isStandardInput {
      let copy = try TemporarySound()
      try copy.fillFromStandardInput()
      return try copy.reader(of: shownPath)
    }
    do { return try AudioReader(path) } catch {
      guard error.isUnknownSoundFormat, let program = FFmpeg() else { throw error }
      let copy = try TemporarySound()
      try copy.fill(from: path, by: program)
      return try copy.reader(of: path)
    }
  }
}

/// A sound file without a name that lasts: deleted as soon as it is open.
private struct TemporarySound {
  private let path: String

  init() throws(FileError) {
    path = "\(NSTemporaryDirectory())swiftdl-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).sound"
    guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
      throw FileError(path, "cannot be created", hint: "TMPDIR names another folder for temporary files")
    }
  }

  /// The sound, with errors about the file the user knows.
  func reader(of shownPath: String) throws(FileError) -> AudioReader {
    defer { unlink(path) }
    do { return try AudioReader(path) } catch {
      throw FileError(shownPath, error.problem, hint: error.hint)
    }
  }

  func fillFromStandardInput() throws(FileError) {
    let file = fopen(path, "wb")
    defer { fclose(file) }
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(STDIN_FILENO, &block, block.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      guard fwrite(block, 1, count, file) == count else {
        unlink(path)
        throw FileError(
          "standard input", "does not fit on the disk", hint: "TMPDIR names another folder for temporary files")
      }
    }
  }

  func fill(from source: String, by program: FFmpeg) throws(FileError) {
    do throws(FileError) {
      try program.decode(source, ["-vn", "-map", "0:a:0", "-c:a", "pcm_f32le", "-rf64", "auto", "-f", "wav", path])
    } catch {
      unlink(path)
      throw error
    }
  }
}
