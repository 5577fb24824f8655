import Foundation
import SwiftDL

/// The program `fluidsynth`, which plays MIDI files with the instruments of a sound font.
struct Fluidsynth {
  /// Where Debian's packages put sound fonts, the best first.
  static let installedSoundFonts = [
    "/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf3/MuseScore_General_Lite.sf3",
    "/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf2/default-GM.sf2",
  ]
  private static let hint = "apt-get install fluidsynth timgm6mb-soundfont"

  let soundFont: String
  let sampleRate: Int
  /// Whether rooms and choruses are added; without them, parts played one by one add up to all of them.
  var hasEffects = true

  /// - Parameter soundFont: an installed one when empty.
  init(soundFont: String, sampleRate: Int) throws(FileError) {
    let font = soundFont.isEmpty ? Self.installedSoundFonts.first(where: Folders.exists) : soundFont
    guard let font, Folders.exists(font) else {
      throw FileError(soundFont.isEmpty ? "sound font" : soundFont, "is not there", hint: Self.hint)
    }
    self.soundFont = font
    self.sampleRate = sampleRate
  }

  var soundFontName: String { soundFont.split(separator: "/").last.map(String.init) ?? soundFont }

  /// Plays a MIDI file into a WAV file of 16 bits, stereo.
  func play(_ midi: String, to path: String) throws(FileError) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let effects = hasEffects ? [] : ["-R", "0", "-C", "0"]
    process.arguments =
      ["fluidsynth", "-ni", "-q", "-g", "0.6", "-r", "\(sampleRate)", "-O", "s16", "-T", "wav", "-F", path] + effects
      + [soundFont, midi]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { throw FileError("fluidsynth", "cannot be started", hint: Self.hint) }
    process.waitUntilExit()
    guard process.terminationStatus == 0, Folders.exists(path) else {
      throw FileError("fluidsynth", "is not installed or cannot play \(midi)", hint: Self.hint)
    }
  }
}
