/// The symbols of a text, numbered in the order of their first appearance.
public struct Vocabulary: Sendable, Equatable {
  /// By number.
  public private(set) var symbols: [String]
  private var numbers: [String: Int32]

  public init(_ symbols: [String] = []) {
    self.symbols = symbols
    numbers = Dictionary(symbols.enumerated().map { ($1, Int32($0)) }) { first, _ in first }
  }

  public var count: Int { symbols.count }

  /// A JSON array of the symbols: how a model's file carries them.
  public var json: String { JSONValue.array(symbols.map { .string($0) }).text }

  /// The vocabulary in a model's file; `nil` when the text is none.
  public init?(json: String) {
    guard let values = try? JSONValue(parsing: json).array else { return nil }
    let symbols = values.compactMap(\.string)
    guard symbols.count == values.count, Set(symbols).count == symbols.count else { return nil }
    self.init(symbols)
  }

  /// The number of a symbol; `nil` when it is unknown.
  public func number(_ symbol: String) -> Int32? { numbers[symbol] }

  /// The number of a symbol, which joins the vocabulary when it is new.
  mutating func insert(_ symbol: String) -> Int32 {
    if let number = numbers[symbol] { return number }
    let number = Int32(symbols.count)
    numbers[symbol] = number
    symbols.append(symbol)
    return number
  }
}
