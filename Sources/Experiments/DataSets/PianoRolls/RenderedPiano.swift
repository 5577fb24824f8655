import Glibc
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

  /// Writes `train|valid|test/NNNN.wav`, one file a piece.
  ///
  /// - Parameter finished: told files written.
  /// - Returns: seconds of music in each part.
  public func write(to folder: String, finished: (Int) -> Void = { _ in }) throws(FileError) -> [Split: Double] {
    let synthesizer = try Fluidsynth(soundFont: soundFont, sampleRate: sampleRate)
    var seconds: [Split: Double] = [:]
    var count = 0
    for (split, name, rolls, share) in [
      (Split.train, "train", corpus.train, 0.8), (.validation, "valid", corpus.valid, 0.1),
      (.test, "test", corpus.test, 0.1),
    ] {
      try Folders.create("\(folder)/\(name)")
      for roll in rolls {
        if seconds[split, default: 0] >= share * minutes * 60 { break }
        let number = String(10001 + count).dropFirst()
        let midi = "\(folder)/\(name)/\(number).mid"
        try roll.midi(framesPerQuarter: framesPerQuarter, quartersPerMinute: quartersPerMinute).write(to: midi)
        defer { unlink(midi) }
        try synthesizer.play(midi, to: "\(folder)/\(name)/\(number).wav")
        seconds[split, default: 0] += Double(roll.frames) / Double(framesPerQuarter) * 60 / quartersPerMinute
        count += 1
        finished(count)
      }
    }
    try AtomicFile.write(
      "A stand-in for recordings of piano music: piano rolls played by fluidsynth with \(synthesizer.soundFontName).\n",
      to: "\(folder)/README")
    return seconds
  }
}
