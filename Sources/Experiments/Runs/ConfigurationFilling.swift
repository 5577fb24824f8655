import Yams

/// Lays a YAML value over a configuration, led by the shape of the place it goes to.
///
/// The shape decides what a word means: `2024` is a number where a number is wanted, and a text
/// where a text is.
struct ConfigurationFilling {
  /// Which keys were said, and where.
  private(set) var origins: [String: String] = [:]
  private let name: String
  /// Lines are worth telling in a file, not in an override.
  private let numbersLines: Bool

  init(file: String) {
    name = file
    numbersLines = true
  }

  init(override: String) {
    name = override
    numbersLines = false
  }

  /// The value a node stands for. Groups are merged into what is there; everything else is
  /// replaced.
  mutating func value(
    of node: Node, as shape: ConfigurationShape, over current: JSONValue?, at path: String
  ) throws(ConfigurationError) -> JSONValue {
    if case .group = shape {} else { origins[path] = origin(node) }
    switch shape {
    case .optional(let wrapped):
      if YAMLReader.isNull(node) { return .null }
      return try value(of: node, as: wrapped, over: current, at: path)
    case .group(let group):
      // A file of comments alone, or a group whose keys are all commented out.
      if YAMLReader.isNull(node) { return current ?? .object(group.defaults) }
      guard let mapping = node.mapping else { throw mismatch(node, shape, path) }
      var object = current?.object ?? group.defaults
      for (keyNode, inner) in mapping {
        let key = keyNode.scalar?.string ?? ""
        let innerPath = path.isEmpty ? key : "\(path).\(key)"
        guard let innerShape = group.shape(of: key) else {
          throw unknown(key, path, in: group, origin(keyNode))
        }
        object[key] = try value(of: inner, as: innerShape, over: object[key], at: innerPath)
      }
      return .object(object)
    case .list(let element):
      guard let sequence = node.sequence else { throw mismatch(node, shape, path) }
      var values: [JSONValue] = []
      for (index, inner) in sequence.enumerated() {
        values.append(try value(of: inner, as: element, over: nil, at: "\(path)[\(index)]"))
      }
      return .array(values)
    case .anything: return YAMLReader.plainValue(node)
    case .boolean, .integer, .number, .text, .choice:
      guard let scalar = node.scalar, let value = leaf(scalar, shape), !YAMLReader.isNull(node)
      else {
        throw mismatch(node, shape, path)
      }
      return value
    }
  }

  /// The configuration with the text of an override under a dotted key.
  mutating func assigning(
    _ text: String, to key: ArraySlice<String>, as shape: ConfigurationShape,
    over current: JSONValue?, at path: String
  ) throws(ConfigurationError) -> JSONValue {
    guard let first = key.first else {
      return try value(of: text, as: shape, over: current, at: path)
    }
    let inner = path.isEmpty ? first : "\(path).\(first)"
    switch shape.required {
    case .group(let group):
      var object = current?.object ?? group.defaults
      guard let innerShape = group.shape(of: first) else {
        throw unknown(key.joined(separator: "."), path, in: group, name)
      }
      object[first] = try assigning(
        text, to: key.dropFirst(), as: innerShape, over: object[first], at: inner)
      return .object(object)
    case .anything:
      var object = current?.object ?? JSONObject()
      object[first] = try assigning(
        text, to: key.dropFirst(), as: .anything, over: object[first], at: inner)
      return .object(object)
    default:
      throw ConfigurationError(
        origin: name, path, "has no keys inside, it is \(shape.required.expectation)",
        hint: "give it whole, \(path)=…")
    }
  }

  /// Texts are taken as typed; all else is read as YAML. A list may come without its brackets.
  private mutating func value(
    of text: String, as shape: ConfigurationShape, over current: JSONValue?, at path: String
  ) throws(ConfigurationError) -> JSONValue {
    var yaml = text
    switch shape.required {
    case .text where !text.hasPrefix("\"") && !text.hasPrefix("'"):
      if case .optional = shape, text == "null" { break }
      origins[path] = name
      return .string(text)
    case .list where !text.hasPrefix("[") && text != "null": yaml = "[\(text)]"
    default: break
    }
    let node = try YAMLReader.node(yaml, origin: name) ?? Node("", Tag(.null))
    return try value(of: node, as: shape, over: current, at: path)
  }

  private func leaf(_ scalar: Node.Scalar, _ shape: ConfigurationShape) -> JSONValue? {
    switch shape {
    case .boolean: YAMLReader.boolean(scalar.string)?.json
    case .integer: YAMLReader.integer(scalar.string)?.json
    case .number: YAMLReader.number(scalar.string)?.json
    case .text: scalar.string.json
    case .choice(let names): names.contains(scalar.string) ? scalar.string.json : nil
    default: nil
    }
  }

  private func origin(_ node: Node) -> String {
    guard numbersLines, let mark = node.mark else { return name }
    return "\(name):\(mark.line)"
  }

  private func mismatch(_ node: Node, _ shape: ConfigurationShape, _ path: String)
    -> ConfigurationError
  {
    let given =
      switch node {
      case _ where YAMLReader.isNull(node): "nothing"
      case .scalar(let scalar): "“\(scalar.string)”"
      case .mapping: "keys"
      case .sequence: "a list"
      case .alias: "an alias"
      }
    var hint: String?
    if case .choice(let names) = shape, let scalar = node.scalar {
      hint = NearestName.find(scalar.string, among: names).map { "did you mean \($0)?" }
    }
    return ConfigurationError(
      origin: origin(node), path, "expected \(shape.expectation), not \(given)", hint: hint)
  }

  /// A key nobody answers to. The nearest neighbour is suggested first, then the same word
  /// elsewhere.
  private func unknown(
    _ key: String, _ path: String, in group: ConfigurationGroup, _ origin: String
  ) -> ConfigurationError {
    let prefix = path.isEmpty ? "" : path + "."
    let near = NearestName.find(key, among: group.members.map(\.key))
    let deep =
      group.dottedKeys.first { $0.hasSuffix(".\(key)") }
      ?? NearestName.find(key, among: group.dottedKeys)
    let hint =
      (near ?? deep).map { "did you mean \(prefix)\($0)?" }
      ?? NearestName.hint(for: key, among: group.members.map { prefix + $0.key }, noun: "keys")
    return ConfigurationError(origin: origin, prefix + key, "there is no such key", hint: hint)
  }
}
