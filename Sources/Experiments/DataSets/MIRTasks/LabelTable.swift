import SwiftDL
import SwiftDLAudio

/// What is said about one sound.
enum SoundLabels: Sendable, Equatable {
  /// Of activity (number 0), chords (their class, or -1), and notes (their key), by start.
  case spans([Span])
  case times([Double])
  /// Of one class; of tempo with the beats a minute themselves.
  case oneOf(Int, tempo: Double)
  case sound(String)

  struct Span: Sendable, Equatable {
    var start: Double
    var end: Double
    var number: Int
  }
}

/// The file `labels.csv` of a part of a task: a line for every label, with the columns `file,song,` and those of its kind.
/// A sound without any has a line whose other columns are empty. The song tells which sounds belong together.
struct LabelTable {
  struct Entry {
    let file: String
    let song: String
    let labels: SoundLabels
    /// The first line that tells of the sound.
    let line: Int
  }
  let entries: [Entry]

  /// - Parameters:
  ///   - classes: names by their numbers; new ones are added when `learnsClasses`, otherwise they are errors.
  init(_ path: String, kind: MIRTaskKind, classes: inout [String], learnsClasses: Bool) throws(FileError) {
    let text = try WholeFile.text(path)
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let head = ["file", "song"] + kind.columns
    guard let first = lines.first, Self.fields(first) == head else {
      throw FileError("\(path):1", "begins with “\(lines.first ?? "")”", hint: "“\(head.joined(separator: ","))” is needed")
    }
    var order: [String] = []
    var rows: [String: [(line: Int, song: String, values: [String])]] = [:]
    for (index, line) in lines.enumerated().dropFirst() where !line.allSatisfy(\.isWhitespace) {
      let fields = Self.fields(line)
      guard fields.count == head.count else {
        throw FileError(
          "\(path):\(index + 1)", "has \(fields.count) columns; \(head.count) are needed",
          hint: "\(head.joined(separator: ",")), with commas between them")
      }
      guard !fields[0].isEmpty else { throw FileError("\(path):\(index + 1)", "names no file") }
      if rows[fields[0]] == nil { order.append(fields[0]) }
      rows[fields[0], default: []].append((index + 1, fields[1].isEmpty ? fields[0] : fields[1], Array(fields[2...])))
    }
    var entries: [Entry] = []
    for file in order {
      let rows = rows[file] ?? []
      if let other = rows.first(where: { $0.song != rows[0].song }) {
        throw FileError(
          "\(path):\(other.line)", "\(file) belongs to “\(other.song)”, on line \(rows[0].line) to “\(rows[0].song)”")
      }
      var reader = RowReader(path: path, kind: kind, classes: classes, learnsClasses: learnsClasses)
      let labels = try reader.labels(rows.map { ($0.line, $0.values) })
      classes = reader.classes
      entries.append(Entry(file: file, song: rows[0].song, labels: labels, line: rows[0].line))
    }
    self.entries = entries
  }

  private static func fields(_ line: Substring) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map { field in
      String(field.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
  }
}

/// The labels in the rows of one sound.
private struct RowReader {
  let path: String
  let kind: MIRTaskKind
  var classes: [String]
  let learnsClasses: Bool

  mutating func labels(_ rows: [(line: Int, values: [String])]) throws(FileError) -> SoundLabels {
    let told = rows.filter { row in row.values.contains { !$0.isEmpty } }
    switch kind {
    case .onsets, .beats:
      var times: [Double] = []
      for row in told { times.append(try time(row.values[0], row.line)) }
      return .times(times.sorted())
    case .activity, .chords, .notes: return .spans(try spans(told))
    case .tempo, .key, .classes, .source:
      guard told.count == 1, rows.count == 1 else {
        throw FileError("\(path):\(rows[rows.count - 1].line)", "the sound has \(told.count) labels; 1 is needed")
      }
      return try single(told[0].values[0], told[0].line)
    }
  }

  private mutating func single(_ text: String, _ line: Int) throws(FileError) -> SoundLabels {
    let place = "\(path):\(line)"
    switch kind {
    case .tempo:
      guard let tempo = YAMLReader.number(text), let number = MIRTaskKind.tempoClass(tempo) else {
        throw FileError(place, "“\(text)” is no tempo", hint: "40 to 300 beats a minute are possible")
      }
      return .oneOf(number, tempo: tempo)
    case .key:
      guard let key = MusicalKey(text) else {
        throw FileError(place, "“\(text)” is no key", hint: "C major, F# minor, Eb minor")
      }
      return .oneOf(MIRTaskKind.keyClass(key), tempo: 0)
    case .source: return .sound(text)
    default:
      if let number = classes.firstIndex(of: text) { return .oneOf(number, tempo: 0) }
      guard learnsClasses else {
        throw FileError(
          place, "the class “\(text)” is not among those of the training part", hint: classes.joined(separator: ", "))
      }
      classes.append(text)
      return .oneOf(classes.count - 1, tempo: 0)
    }
  }

  private func spans(_ rows: [(line: Int, values: [String])]) throws(FileError) -> [SoundLabels.Span] {
    var spans: [(span: SoundLabels.Span, line: Int)] = []
    for row in rows {
      let place = "\(path):\(row.line)"
      let (start, end) = (try time(row.values[0], row.line), try time(row.values[1], row.line))
      guard end > start else { throw FileError(place, "ends at \(row.values[1]) s, not after it begins") }
      var number = 0
      if kind == .chords {
        guard let chord = ChordLabel(row.values[2]) else {
          throw FileError(place, "“\(row.values[2])” is no chord", hint: "C:maj, A:min, G:7, N for none")
        }
        number = chord.index ?? -1
      } else if kind == .notes {
        guard let key = Int(row.values[2]), MIRTaskKind.keys.contains(key) else {
          throw FileError(place, "“\(row.values[2])” is no key of a piano", hint: "MIDI's numbers, 21 to 108")
        }
        number = key
      }
      spans.append((SoundLabels.Span(start: start, end: end, number: number), row.line))
    }
    spans.sort { ($0.span.start, $0.line) < ($1.span.start, $1.line) }
    if kind != .notes {
      for (before, after) in zip(spans, spans.dropFirst()) where after.span.start < before.span.end - 1e-6 {
        throw FileError("\(path):\(after.line)", "overlaps with line \(before.line)")
      }
    }
    return spans.map(\.span)
  }

  private func time(_ text: String, _ line: Int) throws(FileError) -> Double {
    guard let time = YAMLReader.number(text) else { throw FileError("\(path):\(line)", "“\(text)” is no time in seconds") }
    guard time >= 0 else { throw FileError("\(path):\(line)", "the time \(text) s is before the beginning") }
    return time
  }
}
