/// A JSON value that keeps the order of its keys and tells integers from numbers.
///
/// The currency of a run: lines of metrics, facts about the machine, resolved configurations and
/// progress are all built from it. A number that is not finite is written as `null`, since JSON has
/// no word for it.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  public var string: String? { if case .string(let text) = self { text } else { nil } }
  public var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  public var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

  /// The integer, or the number where it happens to be whole.
  public var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number, or the integer as one.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

/// An ordered set of named JSON values. Made for a few dozen keys, which it searches from first to
/// last.
public struct JSONObject: Sendable {
  public private(set) var entries: [(key: String, value: JSONValue)] = []

  public init() {}

  public var isEmpty: Bool { entries.isEmpty }
  public var count: Int { entries.count }
  public var keys: [String] { entries.map(\.key) }

  /// The value under a key. A new key goes to the end; assigning nil removes it (store
  /// `JSONValue.null` for a null).
  public subscript(key: String) -> JSONValue? {
    get { entries.first { $0.key == key }?.value }
    set {
      let place = entries.firstIndex { $0.key == key }
      switch (place, newValue) {
      case (let place?, let value?): entries[place].value = value
      case (let place?, nil): entries.remove(at: place)
      case (nil, let value?): entries.append((key, value))
      case (nil, nil): break
      }
    }
  }

  /// These entries followed by others; where both know a key, the other's value stands.
  public func merging(_ other: JSONObject) -> JSONObject {
    var merged = self
    for (key, value) in other.entries { merged[key] = value }
    return merged
  }
}

/// Two objects are equal when they hold equal values under the same keys, in whatever order.
extension JSONObject: Equatable {
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.entries.allSatisfy { right[$0.key] == $0.value }
  }
}

// MARK: Building from Swift values

/// What can stand in a JSON object: `["step": step, "loss": loss]` takes variables of these types
/// as they are.
public protocol JSONConvertible {
  var json: JSONValue { get }
}

extension JSONValue: JSONConvertible { public var json: JSONValue { self } }
extension JSONObject: JSONConvertible { public var json: JSONValue { .object(self) } }
extension Bool: JSONConvertible { public var json: JSONValue { .bool(self) } }
extension Int: JSONConvertible { public var json: JSONValue { .integer(self) } }
extension Double: JSONConvertible { public var json: JSONValue { .number(self) } }
extension String: JSONConvertible { public var json: JSONValue { .string(self) } }

/// A float is written with the digits that name it, `0.1`, rather than with those of its double,
/// `0.10000000149`.
extension Float: JSONConvertible {
  public var json: JSONValue { .number(Double(description) ?? Double(self)) }
}

extension Optional: JSONConvertible where Wrapped: JSONConvertible {
  public var json: JSONValue { self?.json ?? .null }
}

extension Array: JSONConvertible where Element: JSONConvertible {
  public var json: JSONValue { .array(map(\.json)) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, any JSONConvertible)...) {
    for (key, value) in elements { self[key] = value.json }
  }
}

// No nil literal: in a `JSONValue?` it would turn “there is none” into a null that is there.
extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: (any JSONConvertible)...) {
    self = .array(elements.map(\.json))
  }

  public init(dictionaryLiteral elements: (String, any JSONConvertible)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value.json }
    self = .object(object)
  }
}
