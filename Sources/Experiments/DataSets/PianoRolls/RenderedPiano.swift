import Foundation
public import SwiftDL

/// Piano audio for those who have no recordings: pieces of a corpus of piano rolls, played by `fluidsynth`.
///
/// A stand-in: one instrument, no pedal, one loudness; figures are not to be set beside those of recordings.
public struct RenderedPiano: Sendable {
  public let corpus: PianoRollCorpus
  public var sampleRate = 16000
  /// Of music in all; a tenth of them each for validation and the test.
  public var minutes = 60.0
  public var framesPerQuarter = 2
  public var quartersPerMinute = 100.0
  /// A sound font; the usual places are searched when empty.
  public var soundFont = ""

  public init(_ corpus: PianoRollCorpus) { self.corpus = corpus }

  private static let soundFonts = [
    "/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf3/MuseScore_General_Lite.sf3",
    "/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf2/default-GM.sf2",
  ]

  /// Writes `train|valid|test/NNNN.wav`, one file a piece.
  ///
  /// - Parameter finished: told files written.
  /// - Returns: seconds of music in each part.
  public func write(to folder: String, finished: (Int) -> Void = { _ in }) throws(FileError) -> [Split: Double] {
    guard let font = soundFont.isEmpty ? Self.soundFonts.first(where: { Folders.exists($0) }) : soundFont,
      Folders.exists(font)
    else {
      throw FileError(
        soundFont.isEmpty ? "sound font" : soundFont, "is not there", hint: "apt-get install fluidsynth timgm6mb-soundfont")
    }
    var seconds: [Split: Double] = [:]
    var count = 0
    for (split, name, rolls, share) in [
      (Split.train, "train", corpus.train, 0.8), (.validation, "valid", corpus.valid, 0.1), (.test, "test", corpus.test, 0.1),
    ] {
      try Folders.create("\(folder)/\(name)")
      for roll in rolls {
        if seconds[split, default: 0] >= share * minutes * 60 { break }
        let number = String(10001 + count).dropFirst()
        let midi = "\(folder)/\(name)/\(number).mid"
        try roll.midi(framesPerQuarter: framesPerQuarter, quartersPerMinute: quartersPerMinute).write(to: midi)
        defer { unlink(midi) }
        try play(midi, with: font, to: "\(folder)/\(name)/\(number).wav")
        seconds[split, default: 0] += Double(roll.frames) / Double(framesPerQuarter) * 60 / quartersPerMinute
        count += 1
        finished(count)
      }
    }
    try AtomicFile.write(
      "A stand-in for recordings of piano music: piano rolls played by fluidsynth with \(font.split(separator: "/").last ?? "").\n",
      to: "\(folder)/README")
    return seconds
  }

  private func play(_ midi: String, with font: String, to path: String) throws(FileError) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["fluidsynth", "-ni", "-q", "-g", "0.6", "-r", "\(sampleRate)", "-O", "s16", "-T", "wav", "-F", path, font, midi]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { throw FileError("fluidsynth", "cannot be started", hint: "apt-get install fluidsynth") }
    process.waitUntilExit()
    guard process.terminationStatus == 0, Folders.exists(path) else {
      throw FileError("fluidsynth", "is not installed or cannot play \(midi)", hint: "apt-get install fluidsynth timgm6mb-soundfont")
    }
  }
}
