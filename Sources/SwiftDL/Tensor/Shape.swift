/// The extents of a tensor, outermost first, at most six of them; a number has none.
///
/// Held inline: making, comparing and passing a shape allocates nothing.
public struct Shape: Sendable, RandomAccessCollection, ExpressibleByArrayLiteral {
  public static let maximumRank = 6
  private(set) var extents: InlineArray<6, Int>
  /// The number of axes.
  public let rank: Int

  public init(_ extents: some Collection<Int>) {
    require(
      extents.count <= Self.maximumRank, "Shape: rank \(extents.count) is more than \(Self.maximumRank)")
    require(extents.allSatisfy { $0 >= 0 }, "Shape: negative extent in \(Array(extents))")
    rank = extents.count
    self.extents = InlineArray(repeating: 1)
    for (axis, extent) in extents.enumerated() { self.extents[axis] = extent }
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The extents a function of the axis gives.
  init(rank: Int, _ extent: (Int) -> Int) {
    require(rank <= Self.maximumRank, "Shape: rank \(rank) is more than \(Self.maximumRank)")
    self.rank = rank
    extents = InlineArray(repeating: 1)
    for axis in 0..<rank { self[axis] = extent(axis) }
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { rank }
  public subscript(axis: Int) -> Int {
    get {
      require(axis >= 0 && axis < rank, "Shape: axis \(axis) of a shape with rank \(rank)")
      return extents[axis]
    }
    set {
      require(axis >= 0 && axis < rank, "Shape: axis \(axis) of a shape with rank \(rank)")
      require(newValue >= 0, "Shape: negative extent \(newValue) for axis \(axis) of \(self)")
      extents[axis] = newValue
    }
  }

  /// The number of elements: the product of the extents.
  public var elementCount: Int { elementCount(of: 0..<rank) }

  /// The product of some neighbouring extents.
  func elementCount(of axes: Range<Int>) -> Int {
    var product = 1
    for axis in axes { product *= extents[axis] }
    return product
  }

  /// Elements to skip for one step along each axis, row major.
  var strides: InlineArray<6, Int> {
    var strides = InlineArray<6, Int>(repeating: 1)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    return strides
  }

  /// The axis meant by a number that may count from the end (-1 is the last).
  func axis(_ axis: Int, in operation: StaticString) -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    require(
      resolved >= 0 && resolved < rank, "\(operation): axis \(axis) of a tensor of shape \(self)")
    return resolved
  }

  func replacing(axis: Int, with extent: Int) -> Shape {
    var shape = self
    shape[axis] = extent
    return shape
  }
}

extension Shape: Hashable, CustomStringConvertible {
  public static func == (a: Shape, b: Shape) -> Bool {
    guard a.rank == b.rank else { return false }
    for axis in 0..<a.rank where a.extents[axis] != b.extents[axis] { return false }
    return true
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(rank)
    for axis in 0..<rank { hasher.combine(extents[axis]) }
  }

  public var description: String { "[\(map(String.init).joined(separator: ", "))]" }
}
