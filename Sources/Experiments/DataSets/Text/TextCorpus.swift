public import SwiftDL

/// A text in three parts, as numbers of characters or of words.
///
/// A folder with `train.txt`, `valid.txt` and `test.txt`, such as Mikolov's Penn Treebank, or one text file of
/// any kind, which is cut at 90 and 95 percent.
public struct TextCorpus: Sendable {
  /// What counts as a symbol.
  public enum Unit: String, Codable, Sendable {
    /// Every character.
    case characters
    /// What stands between spaces; a line's end is the word `<eos>`.
    case words
  }

  public static let endOfLine = "<eos>"
  /// What stands for symbols that training has never seen, where the text has such a word itself.
  static let unknown = "<unk>"

  public let unit: Unit
  public let vocabulary: Vocabulary
  public let train: [Int32]
  public let valid: [Int32]
  public let test: [Int32]
  /// Symbols of validation and test that training does not have, dropped or replaced by `<unk>`.
  public let unknownSymbols: Int

  /// Reads a folder or a file.
  ///
  /// - Parameters:
  ///   - limit: how many symbols a model can have; the most frequent ones stay, the others become `<unk>`. Words
  ///     only.
  ///   - lineEnds: whether line ends are characters too.
  public init(_ path: String, unit: Unit, limit: Int = .max, lineEnds: Bool = true) throws(FileError) {
    let parts = try Self.parts(path).map { lineEnds || unit == .words ? $0 : $0.filter { !$0.isNewline } }
    let symbols = parts.map { Self.symbols($0, unit) }
    var vocabulary = Vocabulary()
    if unit == .words && limit < .max { vocabulary = Self.mostFrequent(symbols[0], limit) }
    let isOpen = vocabulary.count == 0
    var unknownSymbols = 0
    func numbers(_ symbols: [Substring], learning: Bool) -> [Int32] {
      var numbers: [Int32] = []
      numbers.reserveCapacity(symbols.count)
      for symbol in symbols {
        let word = String(symbol)
        if let number = vocabulary.number(word) ?? (learning && isOpen ? vocabulary.insert(word) : nil) {
          numbers.append(number)
        } else {
          unknownSymbols += 1
          if let number = vocabulary.number(Self.unknown) { numbers.append(number) }
        }
      }
      return numbers
    }
    self.unit = unit
    train = numbers(symbols[0], learning: true)
    valid = numbers(symbols[1], learning: false)
    test = numbers(symbols[2], learning: false)
    self.vocabulary = vocabulary
    self.unknownSymbols = unknownSymbols
    if vocabulary.count < 2 {
      throw FileError(path, "has \(vocabulary.count) different \(unit.rawValue); a model of text needs at least 2")
    }
  }

  /// The texts for training, validation and test.
  private static func parts(_ path: String) throws(FileError) -> [String] {
    func text(_ path: String) throws(FileError) -> String {
      let text = try WholeFile.text(path)
      if text.isEmpty { throw FileError(path, "is empty", hint: "a text is needed") }
      return text
    }
    if Folders.isDirectory(path) {
      var parts: [String] = []
      for name in ["train", "valid", "test"] {
        let file = "\(path)/\(name).txt"
        if !Folders.exists(file) {
          throw FileError(
            path, "has no \(name).txt", hint: "a folder needs train.txt, valid.txt and test.txt; one text file does too")
        }
        parts.append(try text(file))
      }
      return parts
    }
    let whole = try text(path)
    let characters = Array(whole.unicodeScalars)
    let cuts = [0, characters.count * 90 / 100, characters.count * 95 / 100, characters.count]
    return (0..<3).map { part in
      var view = String.UnicodeScalarView()
      view.append(contentsOf: characters[cuts[part]..<cuts[part + 1]])
      return String(view)
    }
  }

  private static func symbols(_ text: String, _ unit: Unit) -> [Substring] {
    switch unit {
    // Code points, as Python counts: a grapheme may be many bytes long and is rarely seen twice.
    case .characters:
      let scalars = text.unicodeScalars
      return scalars.indices.map { Substring(scalars[$0...$0]) }
    case .words:
      return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.hasSuffix("\n") ? 1 : 0).flatMap {
        line in line.split(whereSeparator: \.isWhitespace) + [Substring(endOfLine)]
      }
    }
  }

  private static func mostFrequent(_ words: [Substring], _ limit: Int) -> Vocabulary {
    var counts: [Substring: (count: Int, first: Int)] = [:]
    for (index, word) in words.enumerated() { counts[word, default: (0, index)].count += 1 }
    if counts.count <= limit { return Vocabulary() }
    let ranked = counts.sorted { ($1.value.count, $0.value.first) < ($0.value.count, $1.value.first) }
    var symbols = ranked.map { String($0.key) }.filter { $0 != unknown }.prefix(limit - 1)
    symbols.append(unknown)
    return Vocabulary(Array(symbols))
  }
}
