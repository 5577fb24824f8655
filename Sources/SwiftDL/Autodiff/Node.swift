import Synchronization

/// An operation that knows how to carry a cotangent back through itself.
///
/// A pullback is an ordinary function from tensors to tensors, written only with public differentiable
/// operations: it cannot see storage, so its own gradient is nobody's extra work.
protocol Primitive: Sendable {
  /// The cotangents of the inputs for a cotangent of the output; `nil` where `wanted` is false or the
  /// derivative is zero. `output` and those inputs that were not kept have a shape but no elements.
  func pullback(_ cotangent: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?]
  /// Whether the pullback reads the elements of input `index`, given which inputs are tracked.
  func keeps(input index: Int, tracked: [Bool]) -> Bool
  /// Whether the pullback reads the elements of the output.
  var keepsOutput: Bool { get }
}

extension Primitive {
  var keepsOutput: Bool { false }
}

/// One recorded operation. Nodes are numbered at birth, so creation order is topological order.
final class Node: Sendable {
  private static let clock = Atomic<UInt64>(0)

  let id: UInt64
  let primitive: any Primitive
  let shape: Shape
  /// The output's elements, when the pullback reads them.
  let value: Storage
  private let kept: KeptInputs
  var inputs: [Tensor] { kept.tensors }

  init(_ primitive: any Primitive, inputs: [Tensor], shape: Shape, value: Storage) {
    id = Self.clock.add(1, ordering: .relaxed).newValue
    self.primitive = primitive
    self.shape = shape
    self.value = value
    kept = KeptInputs(inputs)
  }

  /// Unlinks the graph below without recursion: a million nodes deep must not overflow the stack.
  deinit {
    var pending = kept.take()
    while let tensor = pending.popLast() {
      guard var node = tensor.node else { continue }
      _ = consume tensor
      if isKnownUniquelyReferenced(&node) { pending += node.kept.take() }
    }
  }

  /// Changed only in `deinit` of the last owner.
  private final class KeptInputs: @unchecked Sendable {
    private(set) var tensors: [Tensor]
    init(_ tensors: [Tensor]) { self.tensors = tensors }
    func take() -> [Tensor] {
      defer { tensors = [] }
      return tensors
    }
  }
}

/// A value that gradients are asked for: nothing came before it.
struct Leaf: Primitive {
  func pullback(_ cotangent: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] { [] }
  func keeps(input index: Int, tracked: [Bool]) -> Bool { false }
}

/// The same value under a new number: marks where a differentiation inside another one stops.
struct Alias: Primitive {
  func pullback(_ cotangent: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    [cotangent]
  }
  func keeps(input index: Int, tracked: [Bool]) -> Bool { false }
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
func record(_ primitive: some Primitive, _ inputs: [Tensor], _ value: Tensor) -> Tensor {
  let tracked = inputs.map(\.isTracked)
  guard tracked.contains(true) else { return value }
  var kept = inputs
  for index in inputs.indices where !primitive.keeps(input: index, tracked: tracked) {
    kept[index] = inputs[index].hollow
  }
  let node = Node(
    primitive, inputs: kept, shape: value.shape,
    value: primitive.keepsOutput ? value.storage : Storage.hollow)
  return Tensor(shape: value.shape, storage: value.storage, node: node)
}
