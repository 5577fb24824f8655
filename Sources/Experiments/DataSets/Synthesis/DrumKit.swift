package import SwiftDL
import SwiftDLAudio

/// Recorded drums: a kit of the program Hydrogen as Debian's package `hydrogen-drumkits` installs it, a folder of sounds
/// whose names tell the drum.
package struct DrumKit {
  /// The drums that are told apart.
  package enum Drum: CaseIterable {
    case kick, snare, stick, clap, closedHat, openHat, tom, cymbal

    /// The drum of a key of General MIDI's percussion; `nil` for others, such as cowbells.
    package init?(key: Int) {
      switch key {
      case 35, 36: self = .kick
      case 38, 40: self = .snare
      case 37: self = .stick
      case 39: self = .clap
      case 42, 44: self = .closedHat
      case 46: self = .openHat
      case 41, 43, 45, 47, 48, 50: self = .tom
      case 49, 51, 52, 53, 55, 57, 59: self = .cymbal
      default: return nil
      }
    }

    /// The drum in the name of a sound; `nil` where it is none of these, or struck in an uncommon way.
    package init?(soundName: String) {
      let name = soundName.lowercased()
      func has(_ words: String...) -> Bool { words.contains { name.contains($0) } }
      if has("semi", "swish", "choke", "off", "rimshot", "snarerim", "roll", "bell", "cup", "empty", "demo") { return nil }
      if has("stick", "rim") {
        self = .stick
      } else if has("hat", "hhclosed", "hhopen", "hhpedal") {
        self = has("open") ? .openHat : .closedHat
      } else if has("snare") {
        self = .snare
      } else if has("clap") {
        self = .clap
      } else if has("tom") {
        self = .tom
      } else if has("crash", "ride", "splash", "china") {
        self = .cymbal
      } else if has("kick", "bassdrum", "bd_") {
        self = .kick
      } else {
        return nil
      }
    }

    /// The peak of a stroke at full velocity.
    fileprivate var level: Float {
      switch self {
      case .kick, .snare: 0.3
      case .stick, .clap, .tom: 0.2
      case .closedHat, .openHat, .cymbal: 0.12
      }
    }
  }

  /// A stroke.
  package struct Hit: Equatable {
    package let seconds: Double
    package let drum: Drum
    /// 1 … 127.
    package let velocity: Int

    package init(seconds: Double, drum: Drum, velocity: Int) {
      (self.seconds, self.drum, self.velocity) = (seconds, drum, velocity)
    }
  }

  private static let installedFolder = "/usr/share/hydrogen/data/drumkits"
  private static let soundLimit = 20 * 192_000

  let sampleRate: Int
  /// Mono sounds of every drum at full velocity, the softest stroke first.
  private let strokes: [Drum: [[Float]]]

  /// The drums there are.
  package var drums: Set<Drum> { Set(strokes.keys) }

  /// - Parameter name: an installed kit.
  init(installed name: String, sampleRate: Int) throws(FileError) {
    let folder = "\(Self.installedFolder)/\(name)"
    guard Folders.isDirectory(folder) else {
      throw FileError(folder, "is not there", hint: "apt-get install hydrogen-drumkits")
    }
    try self.init(folder, sampleRate: sampleRate)
  }

  /// - Throws: `FileError` for a folder that names no drums, and for sounds that cannot be read.
  package init(_ folder: String, sampleRate: Int) throws(FileError) {
    var sounds: [Drum: [AudioBuffer]] = [:]
    for name in try SoundInput.soundNames(in: folder) {
      guard let drum = Drum(soundName: name) else { continue }
      let sound = try AudioFile.read("\(folder)/\(name)", frames: Self.soundLimit)
      sounds[drum, default: []].append(sound.mono().resampled(to: sampleRate))
    }
    guard !sounds.isEmpty else { throw FileError(folder, "holds no sounds with the names of drums") }
    self.sampleRate = sampleRate
    strokes = Dictionary(uniqueKeysWithValues: sounds.map { ($0, Self.levelled($1, to: $0.level)) })
  }

  /// The softest first: names tell the order in many ways, the sounds in one. All are brought to one level, since a stroke's
  /// velocity is what shall tell its loudness, but for what is hardly a sound.
  private static func levelled(_ sounds: [AudioBuffer], to level: Float) -> [[Float]] {
    let ranked = sounds.map { (peak: $0.peak, samples: $0.samples) }.sorted { $0.peak < $1.peak }
    guard let loudest = ranked.last?.peak, loudest > 0 else { return [] }
    return ranked.map { stroke in
      let gain = level / max(stroke.peak, loudest / 4)
      return stroke.samples.map { gain * $0 }
    }
  }

  /// The drum of a key of General MIDI's percussion, where the kit has it.
  package func drum(ofKey key: Int) -> Drum? { Drum(key: key).flatMap { drums.contains($0) ? $0 : nil } }

  /// Adds strokes to a sound; what would go on behind its end is cut off.
  package func add(_ hits: [Hit], to sound: inout [Float]) {
    for hit in hits {
      let first = Int((hit.seconds * Double(sampleRate)).rounded())
      guard let choices = strokes[hit.drum], !choices.isEmpty, sound.indices.contains(first) else { continue }
      let stroke = choices[min(choices.count - 1, hit.velocity * choices.count / 128)]
      let gain = Float(hit.velocity) / 127
      for index in 0..<min(stroke.count, sound.count - first) { sound[first + index] += gain * stroke[index] }
    }
  }
}
