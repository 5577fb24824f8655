import Foundation
import SwiftDL

/// Songs of MMA, Musical MIDI Accompaniment, a program that plays chords in the style of some hundred “grooves”.
struct GrooveSongs {
  /// Where Debian's package `mma` puts its standard library.
  private static let library = "/usr/share/mma/lib/stdlib"
  private static let hint = "apt-get install mma"

  let grooves: [String]

  /// Finds the grooves, but for those of a song's beginning, end and fills.
  init() throws(FileError) {
    guard Folders.isDirectory(Self.library) else { throw FileError(Self.library, "is not there", hint: Self.hint) }
    var names: Set<String> = []
    for file in try Folders.names(in: Self.library) where file.hasSuffix(".mma") {
      // Some descriptions are Latin-1.
      let text = String(decoding: try WholeFile.bytes("\(Self.library)/\(file)", limit: 1 << 22), as: UTF8.self)
      for line in text.split(whereSeparator: \.isNewline) {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count > 1, words[0].lowercased() == "defgroove" else { continue }
        let name = String(words[1])
        if ["Intro", "End", "Fill", "Metronome"].allSatisfy({ !name.contains($0) }) { names.insert(name) }
      }
    }
    guard !names.isEmpty else { throw FileError(Self.library, "names no grooves", hint: Self.hint) }
    grooves = names.sorted()
  }

  /// A score's chords in a groove; nil where the groove cannot be played.
  func play(_ score: Score, groove: String, in folder: String) throws(FileError) -> MIDIFile? {
    let (text, midi) = ("\(folder)/.song.mma", "\(folder)/.song.mid")
    defer { for path in [text, midi] { unlink(path) } }
    let bars = score.chords.enumerated().map { "\($0 + 1) \($1.symbol)" }
    try AtomicFile.write(
      (["Tempo \(score.beatsPerMinute)", "Groove \(groove)"] + bars).joined(separator: "\n") + "\n", to: text)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["mma", text, "-f", midi]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { throw FileError("mma", "cannot be started", hint: Self.hint) }
    process.waitUntilExit()
    guard process.terminationStatus == 0, Folders.exists(midi) else { return nil }
    return try MIDIFile.read(midi)
  }
}

extension Score.Chord {
  /// The chord in letters: Am, Bdim, C.
  var symbol: String {
    let root = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"][root]
    return root + (intervals[2] < 7 ? "dim" : intervals[1] < 4 ? "m" : "")
  }
}
