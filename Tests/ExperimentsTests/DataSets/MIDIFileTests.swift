import Experiments
import SwiftDL
import Testing

@Suite("MIDI files")
struct MIDIFileTests {
  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    Array(name.utf8) + [0, 0, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
  }
  private static func file(_ track: [UInt8], format: UInt8 = 0, division: [UInt8] = [1, 0xE0]) -> [UInt8] {
    chunk("MThd", [0, format, 0, 1] + division) + chunk("MTrk", track)
  }

  @Test("what is written is read back")
  func roundTrip() throws {
    var random = RandomStream(seed: 4)
    var notes: [MIDIFile.Note] = []
    for key in 21..<109 {
      // No two of one key overlap: a released key could not say which it was.
      let start = random.integer(below: 100_000)
      let end = start + 1 + random.integer(below: 40_000)
      notes.append(.init(key: key, velocity: 1 + key, channel: key % 16, program: 3 * (key % 16), start: start, end: end))
    }
    let file = MIDIFile(
      ticksPerQuarter: 96, notes: notes,
      tempi: [.init(tick: 0, microsecondsPerQuarter: 600_000), .init(tick: 1000, microsecondsPerQuarter: 16_000_000)])
    #expect(try MIDIFile(file.encoded(), path: "x").notes == file.notes)
    #expect(try MIDIFile(file.encoded(), path: "x") == file)
  }

  @Test("running status, a note released by velocity 0, other events and other chunks")
  func events() throws {
    let track: [UInt8] = [
      0, 0xFF, 3, 2, 0x61, 0x62,  // a name
      0, 0x90, 60, 64, 10, 64, 64, 5, 60, 0, 0x81, 0x00, 64, 0,  // running status throughout
      0, 0xC1, 5, 0, 0xE1, 0, 64, 0, 0xF0, 2, 1, 0xF7, 0, 0x91, 70, 90, 7, 0x81, 70, 0,
      0, 0x95, 50, 1, 3, 0xFF, 0x2F, 0,  // never released: ends with the track
    ]
    let bytes = Self.file(track) + Self.chunk("XXXX", [1, 2, 3])
    let file = try MIDIFile(bytes, path: "x")
    #expect(
      file.notes == [
        .init(key: 60, velocity: 64, channel: 0, start: 0, end: 15),
        .init(key: 64, velocity: 64, channel: 0, start: 10, end: 143),
        .init(key: 70, velocity: 90, channel: 1, program: 5, start: 143, end: 150),
        .init(key: 50, velocity: 1, channel: 5, start: 150, end: 153),
      ])
  }

  @Test("the tempo map says when a tick comes")
  func tempi() {
    let file = MIDIFile(
      ticksPerQuarter: 100,
      tempi: [
        .init(tick: 100, microsecondsPerQuarter: 1_000_000), .init(tick: 200, microsecondsPerQuarter: 250_000),
      ])
    #expect(abs(file.seconds(at: 50) - 0.25) < 1e-12)
    #expect(abs(file.seconds(at: 200) - 1.5) < 1e-12)
    #expect(abs(file.seconds(at: 400) - 2) < 1e-12)
  }

  @Test("files that are broken or not MIDI are an error, wherever they end")
  func hostile() throws {
    let whole = MIDIFile(notes: [.init(key: 60, start: 0, end: 480)]).encoded()
    for count in 0..<whole.count {
      #expect(throws: FileError.self) { try MIDIFile(Array(whole.prefix(count)), path: "x") }
    }
    var random = RandomStream(seed: 1)
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0..<3 { bytes[random.integer(below: bytes.count)] = UInt8(random.integer(below: 256)) }
      // Whatever happens, it is an answer or an error.
      _ = try? MIDIFile(bytes, path: "x")
    }
    let note: [UInt8] = [0, 0x90, 60, 64, 96, 0x80, 60, 0]
    for bytes in [
      Self.file(note, format: 2), Self.file(note, division: [0, 0]), Self.file(note, division: [0xFF, 0]),
      Self.file([0, 60, 64]), Self.file([0, 0xFF, 0x51, 3, 0, 0, 0] + note),
      Self.file([0x80, 0x80, 0x80, 0x80, 1] + note),
      Self.file([0, 0xF4, 1]),
    ] { #expect(throws: FileError.self) { try MIDIFile(bytes, path: "x") } }
  }

  @Test("a roll becomes MIDI and a roll again")
  func rolls() throws {
    var random = RandomStream(seed: 2)
    for frames in [1, 7, 64] {
      var roll = PianoRoll(frames: frames)
      for index in roll.isSounding.indices { roll.isSounding[index] = random.number() < 0.1 }
      roll[frames - 1, 40] = true
      for perQuarter in [1, 2, 4, 7] {
        let file = try MIDIFile(roll.midi(framesPerQuarter: perQuarter).encoded(), path: "x")
        #expect(try PianoRoll(file, framesPerQuarter: Double(perQuarter), path: "x") == roll)
      }
    }
  }

  @Test("a roll has no percussion, no keys beyond the piano, and no year of frames")
  func rollsOfOdds() throws {
    func roll(_ notes: [MIDIFile.Note]) throws -> PianoRoll {
      try PianoRoll(MIDIFile(notes: notes), framesPerQuarter: 2, path: "x")
    }
    #expect(throws: FileError.self) { try roll([.init(key: 60, channel: 9, start: 0, end: 480)]) }
    #expect(throws: FileError.self) { try roll([.init(key: 3, start: 0, end: 480)]) }
    #expect(throws: FileError.self) { try roll([.init(key: 60, start: 0, end: 1 << 40)]) }
    let short = try roll([.init(key: 60, start: 480, end: 481)])
    #expect(short.frames == 3 && short[2, 39] && short.isSounding.count { $0 } == 1)
  }

  @Test("a picture shows a sounding key where it is")
  func picture() {
    var roll = PianoRoll(frames: 3)
    roll[1, 0] = true
    let image = roll.picture(prompt: 1)
    #expect(image.width == 12 && image.height == 352)
    #expect(image.pixels[351 * 12 + 4] == 3 && image.pixels.count { $0 == 3 } == 16)
  }
}
