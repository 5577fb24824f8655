import Yams

/// YAML text as nodes, and the words of YAML 1.2's core schema: `no` is a text, not a boolean.
enum YAMLReader {
  /// The document; nil where the text holds nothing but space and comments.
  static func node(_ text: String, origin: String) throws(ConfigurationError) -> Node? {
    do { return try Yams.compose(yaml: text) } catch {
      guard let error = error as? YamlError else {
        throw ConfigurationError(origin: origin, "", "\(error)")
      }
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw ConfigurationError(origin: "\(origin):\(mark.line)", "", "not valid YAML: \(problem)")
      case .duplicatedKeysInMapping(let duplicates, let context):
        let names = duplicates.map { "“\($0)”" }.joined(separator: ", ")
        throw ConfigurationError(
          origin: "\(origin):\(context.mark.line)", "", "\(names) comes twice")
      default: throw ConfigurationError(origin: origin, "", "not valid YAML")
      }
    }
  }

  /// The plain value under a dotted key; nil where there is none.
  static func value(_ key: String, in text: String, origin: String) throws(ConfigurationError) -> String? {
    var node = try node(text, origin: origin)
    for part in key.split(separator: ".") { node = node?[String(part)] }
    return node?.string
  }

  static func isNull(_ node: Node) -> Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else {
      return false
    }
    return ["", "~", "null"].contains(scalar.string)
  }

  static func boolean(_ text: String) -> Bool? {
    text == "true" ? true : text == "false" ? false : nil
  }

  /// A whole number in any spelling: `1000`, `1e3`, `1000.0`.
  static func integer(_ text: String) -> Int? {
    Int(text) ?? number(text).flatMap { abs($0) <= 0x1p53 ? Int(exactly: $0) : nil }
  }

  /// A finite number in decimal. Swift alone would also read `nan`, `infinity` and hexadecimal.
  static func number(_ text: String) -> Double? {
    guard text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }) else {
      return nil
    }
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The value a node has by itself, where no type says what it should be.
  static func plainValue(_ node: Node) -> JSONValue {
    switch node {
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, value) in mapping { object[key.scalar?.string ?? ""] = plainValue(value) }
      return .object(object)
    case .sequence(let sequence): return .array(sequence.map(plainValue))
    case .alias: return .null
    case .scalar(let scalar):
      if isNull(node) { return .null }
      guard scalar.style == .plain else { return .string(scalar.string) }
      return boolean(scalar.string)?.json ?? Int(scalar.string)?.json ?? number(scalar.string)?.json
        ?? .string(scalar.string)
    }
  }
}
