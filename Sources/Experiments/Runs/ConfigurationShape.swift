/// What may stand at a place of a configuration, read off the types of its default value.
indirect enum ConfigurationShape: Sendable {
  case group(ConfigurationGroup)
  case boolean
  case integer
  case number
  case text
  case choice([String])
  case list(ConfigurationShape)
  case optional(ConfigurationShape)
  /// A type that describes itself only by decoding: checked last, when the whole configuration is
  /// decoded.
  case anything

  /// The shape a type tells without a value; nil where a value must be encoded to learn it.
  init?(of type: Any.Type) {
    switch type {
    case is Bool.Type: self = .boolean
    case is any FixedWidthInteger.Type: self = .integer
    case is any BinaryFloatingPoint.Type: self = .number
    case is String.Type: self = .text
    case let type as any OptionalType.Type:
      self = .optional(Self(of: type.wrappedType) ?? .anything)
    case let type as any ListType.Type: self = .list(Self(of: type.elementType) ?? .anything)
    case is any DictionaryType.Type: self = .anything
    case let type as any RunConfiguration.Type: self = DescribedValue(of: type.init()).shape
    case let type as any (CaseIterable & RawRepresentable).Type:
      guard let names = Self.names(of: type) else { return nil }
      self = .choice(names)
    default: return nil
    }
  }

  private static func names<Choice: CaseIterable & RawRepresentable>(of type: Choice.Type)
    -> [String]?
  {
    let names = type.allCases.compactMap { $0.rawValue as? String }
    return names.isEmpty ? nil : names
  }

  /// The shape without the leave to be null.
  var required: ConfigurationShape {
    if case .optional(let shape) = self { shape.required } else { self }
  }

  /// In the words of an error message: “a number”, “one of adam, sgd”.
  var expectation: String {
    switch self {
    case .group(let group): "the keys " + group.members.map(\.key).joined(separator: ", ")
    case .boolean: "true or false"
    case .integer: "a whole number"
    case .number: "a number"
    case .text: "a text"
    case .choice(let names): "one of " + names.joined(separator: ", ")
    case .list(.anything): "a list"
    case .list(.boolean): "a list of true and false"
    case .list(.integer): "a list of whole numbers"
    case .list(.number): "a list of numbers"
    case .list(.text): "a list of texts"
    case .list(.choice(let names)): "a list out of " + names.joined(separator: ", ")
    case .list: "a list of lists or keys"
    case .optional(let shape): shape.expectation + " or null"
    case .anything: "a value"
    }
  }
}

/// A nested structure: its keys in the order of declaration, the shape under each, and the values
/// they begin with.
struct ConfigurationGroup: Sendable {
  var members: [(key: String, shape: ConfigurationShape)]
  var defaults: JSONObject

  func shape(of key: String) -> ConfigurationShape? { members.first { $0.key == key }?.shape }

  /// All dotted keys, groups included.
  var dottedKeys: [String] {
    members.flatMap { key, shape -> [String] in
      guard case .group(let inner) = shape.required else { return [key] }
      return [key] + inner.dottedKeys.map { "\(key).\($0)" }
    }
  }
}

// What generic code must ask of a type it knows only as `Any.Type`.
private protocol OptionalType { static var wrappedType: Any.Type { get } }
private protocol ListType { static var elementType: Any.Type { get } }
private protocol DictionaryType {}
extension Optional: OptionalType { fileprivate static var wrappedType: Any.Type { Wrapped.self } }
extension Array: ListType { fileprivate static var elementType: Any.Type { Element.self } }
extension Dictionary: DictionaryType {}
