public import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// What comes before what is generated, as the network's own numbers.
public struct GenerationPrompt: Sendable {
  /// Symbols, or `nil` for piano rolls.
  public let symbols: [Int32]?
  public let roll: PianoRoll
  /// Frames of it that somebody gave: what stands before them is a quiet beginning, and not part of the output.
  public let given: Int

  /// Reads a prompt.
  ///
  /// Of any length: all of it runs through the network. Networks that were trained without padding get as many line
  /// ends or as much silence before it as they look back.
  ///
  /// - Parameter text: text itself, or the path of a MIDI or an audio file, as the model wants it; `nil` for none.
  public init(_ text: String?, for model: GeneratorModel, framesPerQuarter: Int = 2) throws(FileError) {
    let network = model.network
    // Networks whose output is as long as their input saw zeros before the beginning when they were trained.
    let context = network.facts.window.input > network.facts.window.output ? network.facts.receptiveField.frames : 1
    switch model.kind {
    case .text(let vocabulary):
      let given = try text.map { text throws(FileError) in try Self.numbers(text, vocabulary) } ?? []
      let quiet = Self.quiet(vocabulary)
      symbols = Array(repeating: quiet, count: max(0, context - given.count)) + given
      (roll, self.given) = (PianoRoll(frames: 0), given.count)
    case .audio(let rate):
      var given: [Int32] = []
      if let path = text {
        let sound = try AudioFile.read(path)
        if sound.isEmpty { throw FileError(path, "holds no sound to begin with") }
        given = sound.mono().resampled(to: rate).samples.map { Int32(MuLaw.level(of: $0)) }
      }
      symbols = Array(repeating: Int32(MuLaw.silence), count: max(0, context - given.count)) + given
      (roll, self.given) = (PianoRoll(frames: 0), given.count)
    case .music:
      symbols = nil
      guard let path = text else {
        (roll, given) = (PianoRoll(frames: 1), 0)
        return
      }
      roll = try PianoRoll(try MIDIFile.read(path), framesPerQuarter: Double(framesPerQuarter), path: path)
      given = roll.frames
    }
  }

  /// What a text begins after: the end of a line.
  private static func quiet(_ vocabulary: Vocabulary) -> Int32 {
    vocabulary.number("<eos>") ?? vocabulary.number("\n") ?? vocabulary.number(" ") ?? 0
  }

  private static func numbers(_ text: String, _ vocabulary: Vocabulary) throws(FileError) -> [Int32] {
    if text.isEmpty { throw FileError("--prompt", "is empty", hint: "leave it out to begin from nothing") }
    var symbols: [String] = []
    let isWords = GeneratedKind.isWords(vocabulary)
    if isWords {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        symbols += line.split(whereSeparator: \.isWhitespace).map(String.init)
        if index < lines.count - 1 { symbols.append("<eos>") }
      }
      if symbols.isEmpty { throw FileError("--prompt", "has no words") }
    } else {
      // Code points, as training numbers them.
      symbols = text.unicodeScalars.map { String($0) }
    }
    var numbers: [Int32] = []
    for symbol in symbols {
      guard let number = vocabulary.number(symbol) ?? (isWords ? vocabulary.number("<unk>") : nil) else {
        throw FileError("--prompt", "has the \(isWords ? "word" : "character") “\(symbol)”, which the model has never seen")
      }
      numbers.append(number)
    }
    return numbers
  }
}
