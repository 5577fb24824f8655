import Synchronization

/// An operation that knows how to carry a cotangent back through itself.
///
/// A pullback is an ordinary function from tensors to tensors, written only with public differentiable
/// operations: it cannot see storage, so its own gradient is nobody's extra work.
protocol Primitive: Sendable {
  /// The cotangents of the inputs for a cotangent of the output; `nil` where `wanted` is false or the
  /// derivative is zero. `output` and those inputs that were not kept have a shape but no elements.
  func pullback(_ cotangent: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?]
  /// Whether the pullback reads the elements of `inputs[index]`; which inputs are tracked may decide.
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool
  /// Whether the pullback reads the elements of the output.
  var keepsOutput: Bool { get }
  /// The pullback of plain values, each added to what `sums` holds for its input so far. A sum nobody else
  /// holds, and a cotangent nobody else needs, may be changed in place.
  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?])
}

extension Primitive {
  var keepsOutput: Bool { false }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let parts = pullback(cotangent, inputs, output, wanted)
    _ = consume cotangent
    for (index, part) in parts.enumerated() where wanted[index] {
      if let part { sums[index].add(part) }
    }
  }
}

extension Tensor? {
  /// Adds a plain value to a sum that may have no terms yet; in place when nobody else holds the sum.
  mutating func add(_ part: Tensor) {
    guard var sum = take() else {
      self = part
      return
    }
    if sum.isUnique {
      Kernels.addInPlace(part, to: sum)
      self = sum
    } else {
      self = sum + part
    }
  }
}

/// One recorded operation. Nodes are numbered at birth, so creation order is topological order.
final class Node: Sendable {
  private static let clock = Atomic<UInt64>(0)

  let id: UInt64
  let primitive: any Primitive
  let shape: Shape
  /// The output's elements, when the pullback reads them.
  let value: Storage
  /// Those whose elements the pullback does not read are hollow. Changed only in `deinit`, by the last owner.
  nonisolated(unsafe) private(set) var inputs: [Tensor]

  init(_ primitive: any Primitive, inputs: [Tensor], shape: Shape, value: Storage) {
    id = Self.clock.add(1, ordering: .relaxed).newValue
    self.primitive = primitive
    self.shape = shape
    self.value = value
    self.inputs = inputs
  }

  /// Unlinks the graph below without recursion: a million nodes deep must not overflow the stack.
  deinit {
    var orphans: [Node] = []
    unlink(into: &orphans)
    while let node = orphans.popLast() { node.unlink(into: &orphans) }
  }

  /// Lets go of the inputs, except for nodes that nobody else holds.
  private func unlink(into orphans: inout [Node]) {
    while let input = inputs.popLast() {
      guard var node = input.node else { continue }
      _ = consume input
      if isKnownUniquelyReferenced(&node) { orphans.append(node) }
    }
  }
}

/// A value that gradients are asked for: nothing came before it.
struct Leaf: Primitive {
  func pullback(_ cotangent: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    []
  }
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { false }
}

/// The same value under a new number: marks where a differentiation inside another one stops.
struct Alias: Primitive {
  func pullback(_ cotangent: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    [cotangent]
  }
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { false }
}

extension Tensor {
  /// A copy that gradients can be asked for. If the value already takes part in a differentiation, the copy
  /// still depends on what it came from.
  public func tracked() -> Tensor {
    let node =
      self.node == nil
      ? Node(Leaf(), inputs: [], shape: shape, value: Storage.hollow)
      : Node(Alias(), inputs: [hollow], shape: shape, value: Storage.hollow)
    return Tensor(shape: shape, storage: storage, node: node)
  }
}

/// Attaches an operation's value to the graph when any of its inputs takes part in it.
func record(_ primitive: some Primitive, _ inputs: consuming [Tensor], _ value: Tensor) -> Tensor {
  guard inputs.contains(where: { $0.isTracked }) else { return value }
  for index in inputs.indices where !primitive.keeps(input: index, of: inputs) {
    inputs[index] = inputs[index].hollow
  }
  let node = Node(
    primitive, inputs: inputs, shape: value.shape,
    value: primitive.keepsOutput ? value.storage : Storage.hollow)
  return Tensor(shape: value.shape, storage: value.storage, node: node)
}
