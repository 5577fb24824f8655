public import SwiftDL

extension PianoRoll {
  /// Frames that a roll may have: a day of sixteenth notes, and no more, whatever a file says.
  private static let most = 1 << 20

  /// The notes of a MIDI file, percussion apart, on the keys of a piano. A note sounds for one frame at the least.
  ///
  /// - Parameter path: what errors call the file.
  public init(_ file: MIDIFile, framesPerQuarter: Double, path: String) throws(FileError) {
    let scale = framesPerQuarter / Double(file.ticksPerQuarter)
    let notes = file.notes.filter { note in
      note.channel != 9 && (Self.lowestNote..<Self.lowestNote + Self.keys).contains(note.key)
    }
    guard !notes.isEmpty else { throw FileError(path, "has no notes on the keys of a piano") }
    func span(_ note: MIDIFile.Note) -> Range<Int>? {
      let (start, end) = ((Double(note.start) * scale).rounded(), (Double(note.end) * scale).rounded())
      guard end < Double(Self.most) else { return nil }
      return Int(start)..<max(Int(end), Int(start) + 1)
    }
    let spans = notes.compactMap(span)
    guard spans.count == notes.count else {
      throw FileError(path, "lasts more than \(Self.most) frames", hint: "its tempo or its resolution is absurd")
    }
    self.init(frames: spans.map(\.upperBound).max() ?? 0)
    for (note, span) in zip(notes, spans) {
      for frame in span { self[frame, note.key - Self.lowestNote] = true }
    }
  }

  /// The roll as MIDI: a key that sounds in neighbouring frames is held.
  public func midi(framesPerQuarter: Int, quartersPerMinute: Double = 100) -> MIDIFile {
    let step = 480 / max(1, min(framesPerQuarter, 480))
    var notes: [MIDIFile.Note] = []
    for key in 0..<Self.keys {
      var start: Int?
      for frame in 0...frames {
        let sounds = frame < frames && self[frame, key]
        if sounds, start == nil { start = frame }
        if !sounds, let from = start {
          notes.append(.init(key: key + Self.lowestNote, start: from * step, end: frame * step))
          start = nil
        }
      }
    }
    return MIDIFile(
      ticksPerQuarter: step * framesPerQuarter, notes: notes,
      tempi: [.init(tick: 0, microsecondsPerQuarter: Int((60e6 / quartersPerMinute).rounded()))])
  }

  /// The roll as a picture, low keys at the bottom; frames of a prompt before `prompt` in another colour.
  public func picture(prompt: Int = 0) -> PNGImage {
    let (width, height) = (max(1, min(4, 16384 / max(1, frames))), 4)
    let palette = [
      Colour(red: 255, green: 255, blue: 255), Colour(red: 240, green: 240, blue: 244),
      Colour(red: 130, green: 134, blue: 150), Colour(red: 20, green: 60, blue: 160),
    ]
    // What black keys look like on a piano, as a background to find notes by.
    let isBlack = (0..<12).map { [1, 3, 6, 8, 10].contains($0) }
    let columns = max(1, frames)
    var pixels = [UInt8](repeating: 0, count: columns * width * Self.keys * height)
    for key in 0..<Self.keys {
      for frame in 0..<columns {
        let sounds = frame < frames && self[frame, key]
        let colour: UInt8 = sounds ? (frame < prompt ? 2 : 3) : isBlack[(key + Self.lowestNote) % 12] ? 1 : 0
        for y in 0..<height {
          let row = (Self.keys - 1 - key) * height + y
          for x in 0..<width { pixels[(row * columns + frame) * width + x] = colour }
        }
      }
    }
    return PNGImage(width: columns * width, height: Self.keys * height, palette: palette, pixels: pixels)
  }
}
