/// JSON values written as YAML that any YAML reader takes the same way.
enum YAMLText {
  /// One key a line, nested by two spaces, with a comment beside (or, for a group, above) the keys
  /// that have one.
  static func written(_ object: JSONObject, comments: [String: String]) -> String {
    object.isEmpty ? "{}\n" : block(object, indentation: "", path: "", comments: comments)
  }

  private static func block(
    _ object: JSONObject, indentation: String, path: String, comments: [String: String]
  ) -> String {
    // Comments of neighbours line up, unless one value is very long.
    let lines = object.entries.map { "\(indentation)\(scalar($0.key)): \(inline($0.value) ?? "")" }
    let column = lines.map(\.count).filter { $0 <= 40 }.max() ?? 0
    var out = ""
    for (line, (key, value)) in zip(lines, object.entries) {
      let comment = comments[path + key].map { "# \($0)" }
      if inline(value) != nil {
        let space = String(repeating: " ", count: max(column - line.count, 0) + 2)
        out += line + (comment.map { space + $0 } ?? "") + "\n"
        continue
      }
      if let comment { out += "\(indentation)\(comment)\n" }
      out += "\(indentation)\(scalar(key)):\n"
      if let inner = value.object {
        out += block(
          inner, indentation: indentation + "  ", path: "\(path)\(key).", comments: comments)
      } else {
        out += list(value.array ?? [], indentation: indentation + "  ")
      }
    }
    return out
  }

  private static func list(_ values: [JSONValue], indentation: String) -> String {
    values.map { value in
      if let text = inline(value) { return "\(indentation)- \(text)\n" }
      let inner =
        value.object.map {
          block($0, indentation: indentation + "  ", path: "\u{0}", comments: [:])
        }
        ?? list(value.array ?? [], indentation: indentation + "  ")
      return "\(indentation)- " + inner.dropFirst(indentation.count + 2)
    }.joined()
  }

  /// The value where it fits behind its key: anything but filled objects and lists of such.
  private static func inline(_ value: JSONValue) -> String? {
    switch value {
    case .null: return "null"
    case .bool(let flag): return flag ? "true" : "false"
    case .integer(let integer): return String(integer)
    case .number(let number): return written(number)
    case .string(let text): return scalar(text)
    case .object(let object): return object.isEmpty ? "{}" : nil
    case .array(let values):
      let items = values.compactMap { $0.array == nil ? inline($0) : nil }
      return items.count == values.count ? "[" + items.joined(separator: ", ") + "]" : nil
    }
  }

  /// YAML 1.1 readers want a point in a number with an exponent.
  private static func written(_ number: Double) -> String {
    if number.isNaN { return ".nan" }
    if number.isInfinite { return number < 0 ? "-.inf" : ".inf" }
    let text = number.description
    guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  /// Bare where no reader can take the text for anything else, else in double quotes as in JSON.
  private static func scalar(_ text: String) -> String {
    let bare = text.unicodeScalars.enumerated().allSatisfy { index, scalar in
      let letter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
      if letter || scalar == "_" || scalar == "/" { return true }
      return index > 0 && (("0"..."9").contains(scalar) || " .-".unicodeScalars.contains(scalar))
    }
    let taken = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(
      text.lowercased())
    return bare && !taken && !text.isEmpty && !text.hasSuffix(" ")
      ? text : JSONValue.string(text).text
  }
}
