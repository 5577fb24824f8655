import Foundation
public import SwiftDL

/// Texts that Debian packages carry, for those who do not have the Penn Treebank: a stand-in, whose figures are
/// not to be set beside the treebank's.
///
/// Lower case, one paragraph or verse a line, words, numbers and punctuation marks apart. Every 20th document
/// (book or page) is for validation, another for the test.
public enum PackagedText: String, Sendable, CaseIterable {
  /// The King James Bible (package `bible-kjv`, public domain): 66 books, about a million words.
  case bible
  /// An Anarchist FAQ (package `anarchism`, GPL-2+): 142 pages, about two million words.
  case anarchism

  /// The Debian package.
  public var package: String { self == .bible ? "bible-kjv" : "anarchism" }

  static let anarchismFolder = "/usr/share/doc/anarchism/html"

  /// Words in each part.
  public struct Prepared: Sendable {
    public internal(set) var words: [Split: Int] = [:]
  }

  /// Writes `train.txt`, `valid.txt` and `test.txt` into a folder.
  public func prepare(to folder: String) throws(FileError) -> Prepared {
    let documents = try documents()
    var texts: [Split: String] = [:]
    var prepared = Prepared()
    for (index, document) in documents.enumerated() {
      let split: Split = index % 20 == 9 ? .validation : index % 20 == 19 ? .test : .train
      for line in document {
        let words = Self.words(line)
        if words.isEmpty { continue }
        texts[split, default: ""] += words.joined(separator: " ") + "\n"
        prepared.words[split, default: 0] += words.count + 1
      }
    }
    try Folders.create(folder)
    for (split, name) in [(Split.train, "train"), (.validation, "valid"), (.test, "test")] {
      try AtomicFile.write(texts[split] ?? "", to: "\(folder)/\(name).txt")
    }
    let licence = self == .bible ? "public domain" : "GPL-2+"
    try AtomicFile.write(
      "A stand-in for the Penn Treebank, made of the Debian package \(package) (\(licence)).\n", to: "\(folder)/README")
    return prepared
  }

  private func documents() throws(FileError) -> [[Substring]] {
    switch self {
    case .bible:
      let verses = try Self.output(of: "bible", ["-f", "gen1:1-rev22:21"], package).split(separator: "\n")
      var books: [[Substring]] = []
      var last: Substring = ""
      for verse in verses {
        guard let space = verse.firstIndex(of: " ") else { continue }
        // “1Sa3:4”: the book is what stands before the chapter's number.
        let place = verse[..<space].prefix { $0 != ":" }
        let book = place.dropLast(place.reversed().prefix { $0.isNumber }.count)
        if book != last { books.append([]) }
        last = book
        books[books.count - 1].append(verse[space...].dropFirst())
      }
      return books
    case .anarchism:
      guard Folders.isDirectory(Self.anarchismFolder) else { throw missing() }
      return try Folders.names(in: Self.anarchismFolder).filter { $0.hasSuffix(".html") }.sorted().map {
        name throws(FileError) in
        Self.paragraphs(ofHTML: try WholeFile.text("\(Self.anarchismFolder)/\(name)"))
      }
    }
  }

  private func missing() -> FileError {
    FileError(package, "is not installed", hint: "apt-get install \(package)")
  }

  /// What a program prints.
  private static func output(of program: String, _ arguments: [String], _ package: String) throws(FileError) -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { throw FileError(program, "cannot be started", hint: "apt-get install \(package)") }
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0, !text.isEmpty else {
      throw FileError(program, "is not installed or prints nothing", hint: "apt-get install \(package)")
    }
    return text
  }

  /// The text of the paragraphs and headings of a page.
  static func paragraphs(ofHTML page: String) -> [Substring] {
    var text = ""
    var inTag = false
    var tag = ""
    for character in page.components(separatedBy: "<body>").last ?? page {
      switch character {
      case "<": (inTag, tag) = (true, "")
      case ">" where inTag:
        inTag = false
        let name = tag.prefix { $0.isLetter || $0.isNumber || $0 == "/" }
        if ["p", "/p", "li", "/li", "br", "h1", "/h1", "h2", "/h2", "h3", "/h3", "blockquote", "td"].contains(name) {
          text += "\n"
        }
      case _ where inTag: tag.append(character)
      case "\n", "\r", "\r\n": text += " "
      default: text.append(character)
      }
    }
    for (name, character) in [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&amp;", "&")] {
      text = text.replacingOccurrences(of: name, with: character)
    }
    return text.split(separator: "\n")
  }

  /// Words, numbers and punctuation marks, lower case.
  static func words(_ line: some StringProtocol) -> [String] {
    var words: [String] = []
    var word = ""
    func end() {
      if !word.isEmpty { words.append(word) }
      word = ""
    }
    for character in line.lowercased() {
      if character.isLetter || character.isNumber || (character == "'" && !word.isEmpty) {
        word.append(character)
      } else {
        end()
        if !character.isWhitespace { words.append(String(character)) }
      }
    }
    end()
    return words
  }
}
