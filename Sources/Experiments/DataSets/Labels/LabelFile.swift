import Foundation
public import SwiftDL

/// Files that tell when somebody sings.
///
/// A line is a start, an end, both in seconds, and a word: with spaces between (`.lab`, as of Jamendo and RWC), with tabs
/// (Audacity's label tracks, `.txt`), or with commas, below an optional line of names (`.csv`). Words for singing are sing,
/// vocal, voice, v, 1 and their like; words for none are nosing, novocal, instrumental, silence, 0. A label without a word is
/// singing. Empty lines and those that begin with # say nothing.
public enum LabelFile {
  /// The endings of files of labels, in the order they are looked for.
  public static let pathExtensions = ["lab", "txt", "csv"]

  private static let singing: Set<String> = [
    "", "sing", "singing", "vocal", "vocals", "voice", "voiced", "v", "s", "1", "yes", "true", "1.0",
  ]
  private static let silent: Set<String> = [
    "nosing", "no_sing", "nosinging", "novocal", "novocals", "nonvocal", "non-vocal", "novoice", "no_voice", "unvoiced",
    "instrumental", "inst", "silence", "n", "0", "no", "false", "0.0",
  ]
  /// Seconds that annotators' ends and decoders' lengths may differ by.
  private static let slack = 0.5
  /// Seconds between neighbours that are rounding.
  private static let rounding = 0.02

  /// Reads the activity of a recording.
  ///
  /// - Parameter duration: the recording's, in seconds; labels may reach past it by half a second.
  /// - Throws: `FileError` that names file and line, for lines that are none, times that are impossible, overlaps, and gaps
  ///   in files that label what is not sung too.
  public static func read(_ path: String, duration: Double? = nil) throws(FileError) -> VoiceActivity {
    let lines = try lines(of: path)
    var labels: [Label] = []
    for (index, line) in lines.enumerated() {
      if let label = try label(line, isFirst: labels.isEmpty && index == 0, Place(path: path, line: index + 1)) {
        labels.append(label)
      }
    }
    guard !labels.isEmpty || lines.allSatisfy(\.isEmpty) else {
      throw FileError(path, "has no labels", hint: "a line is START END sing, in seconds")
    }
    labels.sort { ($0.start, $0.place.line) < ($1.start, $1.place.line) }
    let isComplete = labels.contains { !$0.isSinging }
    for (before, label) in zip(labels, labels.dropFirst()) {
      if label.start < before.end - rounding {
        throw label.place.error(
          "begins at \(label.start) s, before line \(before.place.line) ends, at \(before.end) s",
          hint: "labels must not overlap")
      }
      if isComplete, label.start > before.end + rounding {
        throw label.place.error(
          "begins at \(label.start) s, but line \(before.place.line) ends at \(before.end) s",
          hint: "a file that labels what is not sung must not leave gaps")
      }
    }
    if let duration, let late = labels.first(where: { $0.end > duration + slack }) {
      throw late.place.error(
        "ends at \(late.end) s, but the recording after \(duration.text(decimals: 3)) s",
        hint: "are these the labels of another recording?")
    }
    return activity(labels, duration: duration ?? .infinity)
  }

  private struct Place {
    let path: String
    let line: Int

    func error(_ problem: String, hint: String) -> FileError { FileError("\(path), line \(line)", problem, hint: hint) }
  }

  private struct Label {
    let start: Double
    let end: Double
    let isSinging: Bool
    let place: Place
  }

  /// The lines, without their ends.
  private static func lines(of path: String) throws(FileError) -> [Substring] {
    let bytes = try WholeFile.bytes(path)
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw FileError("\(path), line 1", "is UTF-16 text", hint: "convert it: iconv -f utf16 -t utf8")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let pieces = bytes.split(separator: 10, omittingEmptySubsequences: false)
      let line = pieces.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
      throw FileError("\(path), line \(line + 1)", "is no UTF-8 text", hint: "convert it: iconv -f latin1 -t utf8")
    }
    let plain = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
    return plain.split(omittingEmptySubsequences: false) { $0.isNewline }
  }

  /// What a line says; `nil` for one that says nothing.
  private static func label(_ line: Substring, isFirst: Bool, _ place: Place) throws(FileError) -> Label? {
    let text = line.trimmingCharacters(in: .whitespaces)
    // A backslash begins what Audacity adds about frequencies.
    if text.isEmpty || text.hasPrefix("#") || text.hasPrefix("\\") { return nil }
    let isCSV = place.path.lowercased().hasSuffix(".csv")
    let fields: [String]
    if line.contains("\t") && !isCSV {
      fields = line.split(separator: "\t", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    } else if isCSV {
      fields = text.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " \""))
      }
    } else {
      fields = text.split(separator: " ").map(String.init)
    }
    if isCSV, isFirst, fields.allSatisfy({ Double($0) == nil }), fields.count > 1 { return nil }
    guard fields.count == 2 || fields.count == 3, let start = Double(fields[0]), let end = Double(fields[1]) else {
      throw place.error("“\(text.prefix(40))” is no label", hint: expected(text, isCSV: isCSV))
    }
    guard start.isFinite, end.isFinite, start >= 0 else {
      throw place.error("begins at \(fields[0]) s and ends at \(fields[1]) s", hint: "times are seconds from 0 on")
    }
    guard end >= start else {
      throw place.error("ends at \(fields[1]) s, before it begins at \(fields[0]) s", hint: "a line is START END sing")
    }
    let word = (fields.count == 3 ? fields[2] : "").lowercased()
    guard singing.contains(word) || silent.contains(word) else {
      throw place.error("“\(fields[2])” is neither singing nor none", hint: "the words are sing and nosing")
    }
    return Label(start: start, end: end, isSinging: singing.contains(word), place: place)
  }

  private static func expected(_ text: String, isCSV: Bool) -> String {
    if text.contains(";") { return "separate with \(isCSV ? "commas" : "spaces or tabs"), not semicolons" }
    if isCSV { return "a line is START,END,sing, in seconds" }
    if text.contains(",") { return "separate with spaces or tabs, and write 0.5, not 0,5" }
    return "a line is START END sing, in seconds"
  }

  /// The sung labels; neighbours are one segment.
  private static func activity(_ labels: [Label], duration: Double) -> VoiceActivity {
    var segments: [VoiceActivity.Segment] = []
    for label in labels where label.isSinging {
      let (start, end) = (max(label.start, segments.last?.end ?? 0), min(label.end, duration))
      if end <= start { continue }
      if let last = segments.last, start - last.end <= 0 {
        segments[segments.count - 1] = .init(last.start, end)
      } else {
        segments.append(.init(start, end))
      }
    }
    return VoiceActivity(segments)
  }
}
