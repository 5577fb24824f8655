/// A dense array of 32-bit floats, row major, with value semantics.
///
/// Signals are `[batch, time, channels]`, images `[batch, height, width, channels]`. A tensor that takes part
/// in a differentiation carries its place in the graph; apart from that it is a plain value that may cross
/// threads.
public struct Tensor: Sendable {
  /// The extents, outermost first.
  public let shape: Shape
  private(set) var storage: Storage
  /// The record of how this value came to be, when it takes part in a differentiation.
  let node: Node?

  init(shape: Shape, storage: Storage, node: Node? = nil) {
    self.shape = shape
    self.storage = storage
    self.node = node
  }

  /// The number of elements.
  public var count: Int { shape.elementCount }
  /// The number of axes.
  public var rank: Int { shape.rank }

  /// The same value outside any differentiation.
  public var detached: Tensor { node == nil ? self : Tensor(shape: shape, storage: storage) }
  /// Whether the value takes part in a differentiation.
  public var isTracked: Bool { node != nil }
}

// MARK: - Making tensors

extension Tensor {
  /// A tensor of the given shape from its elements in row-major order.
  public init(_ shape: Shape, _ scalars: some Collection<Float>) {
    require(
      scalars.count == shape.elementCount,
      "Tensor: \(scalars.count) elements for shape \(shape), which has \(shape.elementCount)")
    self.init(unsafe: shape) { buffer in _ = buffer.initialize(from: scalars) }
  }

  /// A tensor of equal elements.
  public init(_ shape: Shape, repeating value: Float) {
    self.init(unsafe: shape) { _ in }
    Kernels.fill(self, value)
  }

  /// A number.
  public init(_ value: Float) { self.init([], [value]) }

  /// A vector.
  public init(_ scalars: [Float]) { self.init([scalars.count], scalars) }

  public static func zeros(_ shape: Shape) -> Tensor { Tensor(shape, repeating: 0) }
  public static func ones(_ shape: Shape) -> Tensor { Tensor(shape, repeating: 1) }

  /// A tensor whose memory `body` writes; every element must be written.
  public init(unsafe shape: Shape, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    let storage = Storage(count: shape.elementCount)
    try body(UnsafeMutableBufferPointer(start: storage.pointer, count: storage.count))
    self.init(shape: shape, storage: storage)
  }
}

// MARK: - Reading and writing elements

extension Tensor {
  /// Calls `body` with the elements in row-major order.
  public func withUnsafeBuffer<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(storage) {
      try body(UnsafeBufferPointer(start: elements, count: count))
    }
  }

  /// Calls `body` with the elements to change in place; copies them first when another tensor shares them.
  public mutating func withUnsafeMutableBuffer<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    require(node == nil, "Tensor: a value that takes part in a differentiation cannot change in place")
    makeUnique()
    return try body(UnsafeMutableBufferPointer(start: storage.pointer, count: count))
  }

  /// The elements in row-major order.
  public var scalars: [Float] { withUnsafeBuffer(Array.init) }

  /// The only element.
  public var scalar: Float {
    require(count == 1, "Tensor: scalar of a tensor of shape \(shape)")
    return elements[0]
  }

  /// The element at an index per axis.
  public subscript(indices: Int...) -> Float {
    require(indices.count == rank, "Tensor: \(indices.count) indices for shape \(shape)")
    var offset = 0
    for (axis, index) in indices.enumerated() {
      require(index >= 0 && index < shape[axis], "Tensor: index \(indices) in shape \(shape)")
      offset = offset * shape[axis] + index
    }
    return elements[offset]
  }

  /// Whether every element is a finite number.
  public var isFinite: Bool { withUnsafeBuffer { $0.allSatisfy(\.isFinite) } }

  /// The memory, for kernels.
  var elements: UnsafeMutablePointer<Float> {
    require(storage.count >= count, "Tensor: a gradient rule reads a value it did not ask to keep")
    return storage.pointer
  }

  /// Gives this tensor memory of its own.
  mutating func makeUnique() {
    if isKnownUniquelyReferenced(&storage) { return }
    let copy = Storage(count: count)
    copy.pointer.update(from: elements, count: count)
    storage = copy
  }

  /// Whether nobody else holds the memory, so that it may be changed in place.
  var isUnique: Bool { mutating get { isKnownUniquelyReferenced(&storage) } }

  /// The shape and place in the graph without the value.
  var hollow: Tensor { Tensor(shape: shape, storage: Storage.hollow, node: node) }
}

extension Tensor: CustomStringConvertible {
  public var description: String {
    let shown = withUnsafeBuffer { $0.prefix(8).map { "\($0)" } }.joined(separator: ", ")
    return "Tensor\(shape)(\(shown)\(count > 8 ? ", …" : ""))"
  }
}
