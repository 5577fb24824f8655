/// What a sound file tells of its content, for people and players.
///
/// Kept by WAV (its INFO list), FLAC, Ogg, Opus and MP3; 32-bit floats without a header hold none.
public struct AudioTags: Sendable, Equatable {
  public enum Field: Sendable, CaseIterable {
    case title, artist, album, trackNumber, date, genre, copyright, comment
  }

  /// More than any title; what is longer, a text pasted into a comment say, is cut there.
  static let longest = 1000

  private var values: [Field: String] = [:]

  public init() {}

  public var isEmpty: Bool { values.isEmpty }

  /// One line without control characters, of at most 1000 bytes of UTF-8; nil where nothing is told.
  public subscript(field: Field) -> String? {
    get { values[field] }
    set { values[field] = newValue.map(Self.line).flatMap { $0.isEmpty ? nil : $0 } }
  }

  private static func line(_ text: String) -> String {
    let words = text.unicodeScalars.split { $0.value < 32 || $0.value == 127 }
    var line = ""
    for character in words.map({ String($0) }).joined(separator: " ") {
      if line.utf8.count + character.utf8.count > longest { break }
      line.append(character)
    }
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }
}
