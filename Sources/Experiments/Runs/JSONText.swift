/// JSON as text (RFC 8259): one line, or indented, or with sorted keys where two texts are to be
/// compared.
extension JSONValue {
  public var text: String { written() }

  /// The value as JSON. `indentation` is the number of spaces a level moves to the right; none
  /// keeps it on one line.
  public func written(indentation: Int? = nil, sortedKeys: Bool = false) -> String {
    var out = ""
    write(to: &out, indentation: indentation, level: 0, sortedKeys: sortedKeys)
    return out
  }

  private func write(to out: inout String, indentation: Int?, level: Int, sortedKeys: Bool) {
    switch self {
    case .null: out += "null"
    case .bool(let flag): out += flag ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let value): out += value.isFinite ? value.description : "null"
    case .string(let text): Self.write(text, to: &out)
    case .array(let values):
      // Lists of plain values stay on one line even in indented text.
      let flat = values.allSatisfy { $0.array == nil && $0.object == nil }
      Self.write(
        values, brackets: ("[", "]"), to: &out, indentation: flat ? nil : indentation, level: level
      ) { value, out in
        value.write(to: &out, indentation: indentation, level: level + 1, sortedKeys: sortedKeys)
      }
    case .object(let object):
      let entries = sortedKeys ? object.entries.sorted { $0.key < $1.key } : object.entries
      Self.write(entries, brackets: ("{", "}"), to: &out, indentation: indentation, level: level) {
        entry, out in
        Self.write(entry.key, to: &out)
        out += indentation == nil ? ":" : ": "
        entry.value.write(
          to: &out, indentation: indentation, level: level + 1, sortedKeys: sortedKeys)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], brackets: (String, String), to out: inout String, indentation: Int?,
    level: Int,
    item: (Item, inout String) -> Void
  ) {
    out += brackets.0
    for (index, element) in items.enumerated() {
      if index > 0 { out += "," }
      if let indentation { out += "\n" + String(repeating: " ", count: indentation * (level + 1)) }
      item(element, &out)
    }
    if let indentation, !items.isEmpty {
      out += "\n" + String(repeating: " ", count: indentation * level)
    }
    out += brackets.1
  }

  private static func write(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}

/// Why a text is no JSON: the problem and the byte at which it shows.
public struct JSONSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
  public let problem: String
  public let offset: Int

  public var description: String { "not valid JSON: \(problem) at byte \(offset)" }
}

extension JSONValue {
  /// Reads one JSON value. Refuses anything behind it, a repeated key, and nesting deeper than 512
  /// levels.
  public init(parsing text: String) throws(JSONSyntaxError) {
    var parser = JSONParser(bytes: Array(text.utf8))
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONSyntaxError) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    if position < bytes.count { throw error("something follows the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    if depth > 512 { throw error("nested too deeply") }
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw error("the text ends early")
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    var object = JSONObject()
    position += 1
    if take("}") { return .object(object) }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw error("a key in quotes is expected") }
      let key = try string()
      if object[key] != nil { throw error("the key “\(key)” comes twice") }
      guard take(":") else { throw error("“:” is expected after a key") }
      object[key] = try value(depth: depth + 1)
    } while take(",")
    guard take("}") else { throw error("“,” or “}” is expected") }
    return .object(object)
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    var values: [JSONValue] = []
    position += 1
    if take("]") { return .array(values) }
    repeat { values.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw error("“,” or “]” is expected") }
    return .array(values)
  }

  private mutating func word(_ word: String, _ meaning: JSONValue) throws(JSONSyntaxError)
    -> JSONValue
  {
    guard bytes[position...].starts(with: word.utf8) else { throw error("an unknown word") }
    position += word.utf8.count
    return meaning
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`; Swift's own reader takes more than
  /// JSON allows.
  private mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    func refused() -> JSONSyntaxError {
      JSONSyntaxError(problem: "a value is expected", offset: start)
    }
    if peek == UInt8(ascii: "-") { position += 1 }
    let leadingZero = peek == UInt8(ascii: "0")
    let wholeDigits = skipDigits()
    guard wholeDigits > 0, !leadingZero || wholeDigits == 1 else { throw refused() }
    if peek == UInt8(ascii: ".") {
      position += 1
      guard skipDigits() > 0 else { throw refused() }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      position += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
      guard skipDigits() > 0 else { throw refused() }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int(text) { return .integer(integer) }
    guard let value = Double(text), value.isFinite else { throw refused() }
    return .number(value)
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = peek, (0x30...0x39).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else {
          throw error("a string is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): content += String(try escape()).utf8
      case 0..<0x20: throw error("a bare control character in a string")
      default: content.append(byte)
      }
    }
    throw error("a string is not closed")
  }

  private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    guard let byte = peek else { throw error("a string is not closed") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try hexadecimal()
      if let scalar = Unicode.Scalar(unit) { return scalar }
      // A pair of surrogates names one character beyond the first 65536.
      if (0xD800..<0xDC00).contains(unit), bytes[position...].starts(with: "\\u".utf8) {
        position += 2
        let low = try hexadecimal()
        if (0xDC00..<0xE000).contains(low),
          let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        {
          return scalar
        }
      }
      throw error("half of a surrogate pair")
    default: throw error("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    let end = min(position + 4, bytes.count)
    let text = String(decoding: bytes[position..<end], as: UTF8.self)
    guard text.count == 4, text.first != "+", text.first != "-", let value = UInt32(text, radix: 16)
    else {
      throw error("four hexadecimal digits are expected")
    }
    position = end
    return value
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ mark: Character) -> Bool {
    skipSpace()
    guard peek == mark.asciiValue else { return false }
    position += 1
    return true
  }

  private func error(_ problem: String) -> JSONSyntaxError {
    JSONSyntaxError(problem: problem, offset: position)
  }
}
