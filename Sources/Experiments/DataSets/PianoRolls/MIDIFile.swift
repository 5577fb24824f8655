public import SwiftDL

/// The notes of a Standard MIDI File (formats 0 and 1), and the way back.
///
/// Source: "Standard MIDI-File Format Spec. 1.1", MIDI Manufacturers Association.
public struct MIDIFile: Sendable, Equatable {
  /// A key held down for a while.
  public struct Note: Sendable, Equatable {
    /// 60 is middle C.
    public var key: Int
    public var velocity: Int
    /// 0 … 15; 9 is percussion.
    public var channel: Int
    /// The instrument: 0 … 127 of General MIDI.
    public var program: Int
    /// Ticks.
    public var start: Int
    public var end: Int

    public init(key: Int, velocity: Int = 80, channel: Int = 0, program: Int = 0, start: Int, end: Int) {
      (self.key, self.velocity, self.channel, self.program) = (key, velocity, channel, program)
      (self.start, self.end) = (start, end)
    }
  }

  /// A tempo from a tick on.
  public struct Tempo: Sendable, Equatable {
    public var tick: Int
    public var microsecondsPerQuarter: Int

    public init(tick: Int, microsecondsPerQuarter: Int) {
      (self.tick, self.microsecondsPerQuarter) = (tick, microsecondsPerQuarter)
    }
  }

  public var ticksPerQuarter: Int
  /// By start, then by key.
  public var notes: [Note]
  /// By tick; 120 quarters a minute where nothing is said.
  public var tempi: [Tempo]

  public init(ticksPerQuarter: Int = 480, notes: [Note] = [], tempi: [Tempo] = []) {
    self.ticksPerQuarter = ticksPerQuarter
    self.notes = notes.sorted { ($0.start, $0.key, $0.channel) < ($1.start, $1.key, $1.channel) }
    self.tempi = tempi.sorted { $0.tick < $1.tick }
  }

  /// The tick after the last note.
  public var end: Int { notes.map(\.end).max() ?? 0 }

  /// When a tick comes.
  public func seconds(at tick: Int) -> Double {
    var (seconds, last, pace) = (0.0, 0, 500_000)
    for tempo in tempi where tempo.tick < tick {
      seconds += Double(tempo.tick - last) * Double(pace)
      (last, pace) = (tempo.tick, tempo.microsecondsPerQuarter)
    }
    return (seconds + Double(tick - last) * Double(pace)) / Double(ticksPerQuarter) / 1e6
  }

  // MARK: - Reading

  /// Reads a file with at least one note.
  public static func read(_ path: String) throws(FileError) -> MIDIFile {
    let file = try MIDIFile(try WholeFile.bytes(path, limit: 1 << 26), path: path)
    if file.notes.isEmpty { throw FileError(path, "has no notes") }
    return file
  }

  /// The notes in a file's bytes.
  ///
  /// - Parameter path: what errors call the file.
  public init(_ bytes: [UInt8], path: String) throws(FileError) {
    var reader = MIDIReader(path: path, bytes: bytes[...])
    guard bytes.starts(with: Array("MThd".utf8)) else {
      throw FileError(path, "is no MIDI file", hint: "a Standard MIDI File begins with MThd")
    }
    var header = try reader.chunk().content
    let format = try header.number(2)
    let tracks = try header.number(2)
    let division = try header.number(2)
    guard format < 2 else {
      throw FileError(path, "is a MIDI file of format \(format)", hint: "formats 0 and 1 can be read")
    }
    guard division > 0, tracks > 0 else { throw reader.broken("\(tracks) tracks, \(division) ticks a quarter") }
    if division & 0x8000 == 0 {
      ticksPerQuarter = division
    } else {
      // Frames of film: ticks a second, whatever tempo is said. Half a second stands for a quarter.
      let perSecond = (256 - division >> 8) * (division & 0xFF)
      guard perSecond >= 2 else { throw reader.broken("\(perSecond) ticks a second") }
      ticksPerQuarter = perSecond / 2
    }
    (notes, tempi) = ([], [])
    var found = 0
    while !reader.bytes.isEmpty {
      let (name, content) = try reader.chunk()
      // Chunks of other kinds are allowed and mean nothing here.
      if name != "MTrk" { continue }
      try read(track: content)
      found += 1
    }
    guard found > 0 else { throw reader.broken("it announces \(tracks) tracks and has none") }
    if division & 0x8000 != 0 { tempi = [] }
    self = MIDIFile(ticksPerQuarter: ticksPerQuarter, notes: notes, tempi: tempi)
  }

  private mutating func read(track: MIDIReader) throws(FileError) {
    var track = track
    var (tick, status) = (0, 0)
    var programs = [Int](repeating: 0, count: 16)
    /// Where the keys that are down were pressed, how hard; a key may be down more than once.
    var down: [Int: [(start: Int, velocity: Int, program: Int)]] = [:]
    func release(_ code: Int, _ tick: Int) -> Note? {
      guard var pressed = down[code], !pressed.isEmpty else { return nil }
      let first = pressed.removeFirst()
      down[code] = pressed
      return Note(
        key: code & 0x7F, velocity: first.velocity, channel: code >> 7, program: first.program, start: first.start,
        end: tick)
    }
    while !track.bytes.isEmpty {
      tick += try track.variableLength()
      guard tick < 1 << 40 else { throw track.broken("it never ends") }
      var first = try track.number(1)
      if first < 0x80 {
        guard status >= 0x80 else { throw track.broken("data without an event") }
      } else {
        status = first
        first = -1
      }
      func data() throws(FileError) -> Int {
        if first >= 0 {
          defer { first = -1 }
          return first
        }
        let byte = try track.number(1)
        guard byte < 0x80 else { throw track.broken("a status in the middle of an event") }
        return byte
      }
      switch status {
      case 0x80..<0xA0:
        let (key, velocity) = (try data(), try data())
        let code = (status & 0xF) << 7 | key
        if status >= 0x90 && velocity > 0 {
          down[code, default: []].append((tick, velocity, programs[status & 0xF]))
        } else if let note = release(code, tick) {
          notes.append(note)
        }
      case 0xA0..<0xC0, 0xE0..<0xF0: _ = (try data(), try data())
      case 0xC0..<0xD0: programs[status & 0xF] = try data()
      case 0xD0..<0xE0: _ = try data()
      case 0xFF:
        let kind = try track.number(1)
        var content = try track.taken(try track.variableLength())
        if kind == 0x51 {
          let pace = try content.number(3)
          guard pace > 0 else { throw track.broken("a tempo of 0 microseconds a quarter") }
          tempi.append(Tempo(tick: tick, microsecondsPerQuarter: pace))
        }
        status = 0
        if kind == 0x2F { track.bytes = [] }
      case 0xF0, 0xF7:
        _ = try track.taken(try track.variableLength())
        status = 0
      default: throw track.broken("the unknown event \(status)")
      }
    }
    // What nobody released ends with the track.
    for code in down.keys.sorted() { while let note = release(code, tick) { notes.append(note) } }
  }

  // MARK: - Writing

  /// The file's bytes: format 0, the tempi and notes in one track.
  public func encoded() -> [UInt8] {
    var events: [(tick: Int, order: Int, bytes: [UInt8])] = []
    for tempo in tempi {
      events.append((tempo.tick, 0, [0xFF, 0x51, 3] + Self.bigEndian(tempo.microsecondsPerQuarter, 3)))
    }
    var programs = [Int](repeating: 0, count: 16)
    for note in notes {
      let channel = UInt8(note.channel & 0xF)
      if programs[note.channel & 0xF] != note.program {
        programs[note.channel & 0xF] = note.program
        events.append((note.start, 0, [0xC0 | channel, UInt8(note.program & 0x7F)]))
      }
      // A key is released before it is pressed again at the same moment.
      events.append((note.end, 1, [0x80 | channel, UInt8(note.key & 0x7F), 64]))
      events.append((note.start, 2, [0x90 | channel, UInt8(note.key & 0x7F), UInt8(min(max(note.velocity, 1), 127))]))
    }
    var track: [UInt8] = []
    var last = 0
    for event in events.sorted(by: { ($0.tick, $0.order) < ($1.tick, $1.order) }) {
      track += Self.variableLength(event.tick - last) + event.bytes
      last = event.tick
    }
    track += [0, 0xFF, 0x2F, 0]
    return Array("MThd".utf8) + Self.bigEndian(6, 4) + [0, 0, 0, 1] + Self.bigEndian(ticksPerQuarter, 2)
      + Array("MTrk".utf8) + Self.bigEndian(track.count, 4) + track
  }

  /// Writes the file.
  public func write(to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    let bytes = encoded()
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { raw in
      do throws(FileError) { return .success(try file.write(raw)) } catch { return .failure(error) }
    }
    try result.get()
    try file.commit()
  }

  private static func bigEndian(_ number: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func variableLength(_ number: Int) -> [UInt8] {
    var bytes = [UInt8(number & 0x7F)]
    var rest = number >> 7
    while rest > 0 {
      bytes.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
      rest >>= 7
    }
    return bytes
  }
}

/// Bytes of a MIDI file, one number after the other.
private struct MIDIReader {
  let path: String
  var bytes: ArraySlice<UInt8>

  func broken(_ what: String) -> FileError {
    FileError(path, "is a damaged MIDI file: \(what)", hint: "copy or export it again")
  }

  mutating func taken(_ count: Int) throws(FileError) -> MIDIReader {
    guard count <= bytes.count else { throw broken("it ends in the middle") }
    defer { bytes = bytes.dropFirst(count) }
    return MIDIReader(path: path, bytes: bytes.prefix(count))
  }

  /// A number of one to four bytes, the most significant first.
  mutating func number(_ count: Int) throws(FileError) -> Int {
    try taken(count).bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  /// A number of seven bits a byte, four at the most.
  mutating func variableLength() throws(FileError) -> Int {
    var number = 0
    for _ in 0..<4 {
      let byte = try self.number(1)
      number = number << 7 | byte & 0x7F
      if byte < 0x80 { return number }
    }
    throw broken("a number of more than four bytes")
  }

  mutating func chunk() throws(FileError) -> (name: String, content: MIDIReader) {
    let name = String(decoding: try taken(4).bytes, as: UTF8.self)
    return (name, try taken(try number(4)))
  }
}
