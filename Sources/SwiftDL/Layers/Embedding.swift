/// A table of vectors looked up by number: PyTorch's `Embedding`.
///
/// Table `[entries, channels]`, standard normal at first as in PyTorch.
public struct Embedding: Module {
  public var table: Tensor

  /// A layer with a given table.
  public init(table: Tensor) {
    require(table.rank == 2, "Embedding: a table of shape \(table.shape)")
    self.table = table
  }

  /// A layer with fresh vectors.
  public init(
    entries: Int, channels: Int, initialization: Initialization = .normal(standardDeviation: 1),
    random: inout RandomStream
  ) {
    table = initialization.weight(
      [entries, channels], fanIn: entries, fanOut: channels, random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { visit.parameter("table", &table) }

  /// The vectors of some entries: `[indices.count, channels]`.
  public func callAsFunction(_ indices: [Int]) -> Tensor { table.gatheredRows(indices) }

  /// The vectors of entries numbered in row-major order of `shape`: `[shape…, channels]`.
  public func callAsFunction(_ indices: [Int], shape: Shape) -> Tensor {
    require(
      indices.count == shape.elementCount, "Embedding: \(indices.count) indices for shape \(shape)")
    return self(indices).reshaped(Shape(Array(shape) + [table.shape[1]]))
  }
}
