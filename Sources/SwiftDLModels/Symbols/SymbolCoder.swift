public import SwiftDL

/// Symbols as vectors, and vectors as scores of symbols, by one table: a "tied" embedding.
public struct SymbolConfiguration: Codable, Sendable, Hashable {
  /// How the table is drawn.
  public enum Start: String, Codable, Sendable {
    /// Uniform within ±0.1.
    case uniform
    /// Normal with standard deviation 0.01.
    case normal
  }

  /// How many symbols there are.
  public var count = 50
  /// Numbers per symbol.
  public var channels = 100
  /// The share of the embedded numbers that training drops.
  public var dropout: Float = 0.1
  public var start = Start.uniform

  public init(count: Int, channels: Int, dropout: Float, start: Start) {
    (self.count, self.channels, self.dropout, self.start) = (count, channels, dropout, start)
  }

  var problem: String? {
    if count < 2 || count > 1 << 20 { return "symbols.count is \(count); 2 to \(1 << 20) are possible" }
    if channels < 1 || channels > 4096 { return "symbols.channels is \(channels); 1 to 4096 are possible" }
    return dropoutProblem("symbols.dropout", dropout)
  }
}

/// What is impossible about a share of dropped elements.
func dropoutProblem(_ name: String, _ share: Float) -> String? {
  share >= 0 && share < 1 ? nil : "\(name) is \(share); 0 ..< 1 is possible"
}

/// The embedding at a network's entrance, tied to the scores at its exit.
public struct SymbolCoder: Module {
  public let configuration: SymbolConfiguration
  public var embedding: Embedding
  /// `[symbols]`, added to the scores.
  public var bias: Tensor

  init(_ configuration: SymbolConfiguration, random: inout RandomStream) {
    self.configuration = configuration
    let shape: Shape = [configuration.count, configuration.channels]
    switch configuration.start {
    case .uniform: embedding = Embedding(table: random.uniform(shape, in: -0.1..<0.1))
    case .normal: embedding = Embedding(table: random.normal(shape, standardDeviation: 0.01))
    }
    bias = .zeros([configuration.count])
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("embedding", &embedding)
    visit.parameter("bias", &bias)
  }

  /// The vectors of the symbols numbered in `[batch, frames, 1]`.
  func vectors(_ symbols: Tensor, _ context: Context) -> Tensor {
    let numbers = symbolNumbers(symbols, below: configuration.count).map(Int.init)
    let vectors = embedding(numbers, shape: [symbols.shape[0], symbols.shape[1]])
    return vectors.dropped(by: context.dropoutMask(configuration.dropout, count: vectors.count))
  }

  /// The scores (logits) of all symbols for each vector.
  func scores(_ vectors: Tensor) -> Tensor { matmul(vectors, embedding.table, transposeW: true) + bias }
}

/// The symbols numbered in `[batch, frames, 1]`, row by row.
func symbolNumbers(_ symbols: Tensor, below count: Int) -> [Int32] {
  symbols.withUnsafeBuffer { numbers in
    numbers.map { number in
      require(number >= 0 && number < Float(count), "a symbol numbered \(number) of \(count)")
      return Int32(number)
    }
  }
}

/// What is wrong with symbols `[batch, frames, 1]` of this shape.
func symbolProblem(_ shape: Shape) -> String? {
  shape.rank == 3 && shape[2] == 1 && shape[0] > 0
    ? nil : "has shape \(shape); symbol numbers [batch, frames, 1] are expected"
}
