/// A value as JSON together with the shape its types allow: what encoding a configuration's
/// defaults yields.
///
/// Foundation's encoders forget what we need: the order of keys, keys whose value is nil, and the
/// types.
struct DescribedValue {
  var value: JSONValue
  var shape: ConfigurationShape

  init(value: JSONValue, shape: ConfigurationShape) {
    self.value = value
    self.shape = shape
  }

  init<Value: Encodable>(of value: Value) {
    switch value {
    case let value as Bool: self.init(value: value.json, shape: .boolean)
    case let value as String: self.init(value: value.json, shape: .text)
    case let value as Float: self.init(value: value.json, shape: .number)
    case let value as Double: self.init(value: value.json, shape: .number)
    case let value as any FixedWidthInteger:
      guard let integer = Int(exactly: value) else {
        preconditionFailure(
          "the integer \(value) of a configuration does not fit into 64 bits with a sign")
      }
      self.init(value: integer.json, shape: .integer)
    default:
      let place = Place()
      do { try value.encode(to: PlaceEncoder(place: place)) } catch {
        preconditionFailure("\(Value.self) cannot be encoded: \(error)")
      }
      self = place.described
      // A configuration's own type would ask for its default's shape, and that for its own, without
      // end.
      if !(Value.self is any RunConfiguration.Type), let known = ConfigurationShape(of: Value.self) {
        shape = known
      }
      // An enumeration with associated values encodes as keys, but other values have others.
      if case .group = shape, Mirror(reflecting: value).displayStyle == .enum { shape = .anything }
    }
  }
}

/// Where an encoder puts what it is given. A class, since containers are handed out and written to
/// later.
private final class Place {
  private enum Content {
    case empty
    case leaf(DescribedValue)
    case members([(key: String, place: Place)])
    case elements([Place])
  }
  private var content = Content.empty

  var described: DescribedValue {
    switch content {
    case .empty: return DescribedValue(value: .object(JSONObject()), shape: .anything)
    case .leaf(let described): return described
    case .elements(let places):
      return DescribedValue(value: .array(places.map(\.described.value)), shape: .list(.anything))
    case .members(let members):
      var group = ConfigurationGroup(members: [], defaults: JSONObject())
      for (key, place) in members {
        let described = place.described
        group.members.append((key, described.shape))
        group.defaults[key] = described.value
      }
      return DescribedValue(value: .object(group.defaults), shape: .group(group))
    }
  }

  func put(_ described: DescribedValue) { content = .leaf(described) }

  func becomeGroup() { if case .members = content {} else { content = .members([]) } }

  func becomeList() { if case .elements = content {} else { content = .elements([]) } }

  func member(_ key: any CodingKey) -> Place {
    guard case .members(let members) = content else { preconditionFailure("keys of what has none") }
    let place = Place()
    content = .members(members.filter { $0.key != key.stringValue } + [(key.stringValue, place)])
    return place
  }

  var count: Int { if case .elements(let places) = content { places.count } else { 0 } }

  func element() -> Place {
    guard case .elements(let places) = content else {
      preconditionFailure("elements of what is no list")
    }
    let place = Place()
    content = .elements(places + [place])
    return place
  }
}

private struct PlaceEncoder: Encoder {
  let place: Place
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    place.becomeGroup()
    return KeyedEncodingContainer(KeyedPlaces(place: place))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    place.becomeList()
    return UnkeyedPlaces(place: place)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SinglePlace(place: place) }
}

private struct SinglePlace: SingleValueEncodingContainer {
  let place: Place
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { place.put(DescribedValue(value: .null, shape: .optional(.anything))) }
  func encode<Value: Encodable>(_ value: Value) { place.put(DescribedValue(of: value)) }
}

private struct UnkeyedPlaces: UnkeyedEncodingContainer {
  let place: Place
  var codingPath: [any CodingKey] { [] }
  var count: Int { place.count }

  func encodeNil() { SinglePlace(place: place.element()).encodeNil() }
  func encode<Value: Encodable>(_ value: Value) { place.element().put(DescribedValue(of: value)) }
  func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    superEncoder().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    superEncoder().unkeyedContainer()
  }
  func superEncoder() -> any Encoder { PlaceEncoder(place: place.element()) }
}

private struct KeyedPlaces<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let place: Place
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) { SinglePlace(place: place.member(key)).encodeNil() }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) {
    place.member(key).put(DescribedValue(of: value))
  }
  func nestedContainer<Inner: CodingKey>(
    keyedBy type: Inner.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Inner> { superEncoder(forKey: key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    superEncoder(forKey: key).unkeyedContainer()
  }
  func superEncoder() -> any Encoder { PlaceEncoder(place: place) }
  func superEncoder(forKey key: Key) -> any Encoder { PlaceEncoder(place: place.member(key)) }

  func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) { keep(value, key) }
  // The standard library's own versions for plain types drop nil, and stand before the generic one
  // above.
  func encodeIfPresent(_ value: Bool?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: String?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: Double?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: Float?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: Int?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: Int8?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: Int16?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: Int32?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: Int64?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: UInt?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: UInt8?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: UInt16?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: UInt32?, forKey key: Key) { keep(value, key) }
  func encodeIfPresent(_ value: UInt64?, forKey key: Key) { keep(value, key) }

  /// Keeps the key of a nil, and what could stand there.
  private func keep<Value: Encodable>(_ value: Value?, _ key: Key) {
    var described =
      value.map { DescribedValue(of: $0) }
      ?? DescribedValue(value: .null, shape: ConfigurationShape(of: Value.self) ?? .anything)
    described.shape = .optional(described.shape)
    place.member(key).put(described)
  }
}
