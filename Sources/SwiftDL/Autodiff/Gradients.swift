/// The gradients of a tensor at others: vector–Jacobian products with `seed` (all ones when absent).
///
/// - Parameters:
///   - points: tensors made by `tracked()`, or computed from such.
///   - differentiable: keeps the arithmetic of the gradients recorded, so that they can be differentiated
///     again, to any order.
/// - Returns: one tensor per element of `points`, of its shape; zeros where `value` does not depend on it.
public func gradients(
  of value: Tensor, at points: [Tensor], seed: Tensor? = nil, differentiable: Bool = false
) -> [Tensor] {
  if let seed {
    require(
      seed.shape == value.shape,
      "gradients: a seed of shape \(seed.shape) for a value of shape \(value.shape)")
  }
  for (index, point) in points.enumerated() {
    require(
      point.isTracked,
      "gradients: point \(index), of shape \(point.shape), takes no part in a differentiation: use tracked()")
  }
  var roots: [Node] = []
  if let node = value.node { roots.append(node) }
  let seed = seed ?? .ones(value.shape)
  return sweep(
    &roots, seed: differentiable ? seed : seed.detached, at: points, differentiable: differentiable)
}

/// The reverse sweep from at most one root. Takes the root out of `roots`, so that each node is released as
/// soon as it has been passed, unless somebody else holds it.
func sweep(_ roots: inout [Node], seed: Tensor, at points: [Tensor], differentiable: Bool) -> [Tensor] {
  var graph = Subgraph(takingRootFrom: &roots, points: points)
  var cotangents = [Tensor?](repeating: nil, count: graph.count)
  if let root = graph.newestFirst.first { cotangents[root] = seed }

  var inputs: [Tensor] = []
  var wanted: [Bool] = []
  var sums: [Tensor?] = []
  for position in graph.newestFirst {
    guard let node = graph.take(position), graph.isRelevant[position],
      let cotangent = cotangents[position].take()
    else { continue }
    if graph.isPoint[position] { cotangents[position] = cotangent }
    for (index, input) in node.inputs.enumerated() {
      inputs.append(differentiable ? input : input.detached)
      wanted.append(graph.link(position, index) != nil)
    }
    if wanted.contains(true) {
      let output = Tensor(shape: node.shape, storage: node.value, node: differentiable ? node : nil)
      if differentiable {
        let parts = node.primitive.pullback(cotangent, inputs, output, wanted)
        for (index, part) in parts.enumerated() {
          guard let part, let link = graph.link(position, index) else { continue }
          cotangents[link] = cotangents[link].map { $0 + part } ?? part
        }
      } else {
        // An input that stands twice among the inputs finds its sum at its first place only.
        for index in inputs.indices {
          sums.append(graph.link(position, index).flatMap { cotangents[$0].take() })
        }
        node.primitive.accumulate(cotangent, inputs, output, wanted, into: &sums)
        for index in inputs.indices {
          guard let sum = sums[index].take(), let link = graph.link(position, index) else { continue }
          cotangents[link].add(sum)
        }
        sums.removeAll(keepingCapacity: true)
      }
    }
    inputs.removeAll(keepingCapacity: true)
    wanted.removeAll(keepingCapacity: true)
  }
  return points.map { point in graph.position(of: point).flatMap { cotangents[$0] } ?? .zeros(point.shape) }
}
