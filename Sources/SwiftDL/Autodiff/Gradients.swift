/// The gradients of a tensor at others: vector–Jacobian products with `seed` (all ones when absent).
///
/// - Parameters:
///   - differentiable: keeps the arithmetic of the gradients recorded, so that they can be differentiated
///     again, to any order.
/// - Returns: one tensor per element of `points`, of its shape; zeros where `value` does not depend on it.
public func gradients(
  of value: Tensor, at points: [Tensor], seed: Tensor? = nil, differentiable: Bool = false
) -> [Tensor] {
  var roots: [Node] = []
  if let node = value.node { roots.append(node) }
  return sweep(&roots, seed: seed ?? .ones(value.shape), at: points, differentiable: differentiable)
}

/// The reverse sweep from at most one root. Takes the root out of `roots`, so that each node is released as
/// soon as it has been passed, unless somebody else holds it.
func sweep(_ roots: inout [Node], seed: Tensor, at points: [Tensor], differentiable: Bool) -> [Tensor] {
  let zeros = { points.map { Tensor.zeros($0.shape) } }
  let targets = Set(points.compactMap { $0.node?.id })
  // A node older than every target cannot depend on one: the graph below the targets is not visited.
  guard let oldest = targets.min() else { return zeros() }
  var nodes = takeReachable(from: &roots, noOlderThan: oldest)

  // A node matters when a target lies at or below it.
  var relevant = targets.intersection(nodes.map(\.id))
  for node in nodes where node.inputs.contains(where: { $0.node.map { relevant.contains($0.id) } ?? false }) {
    relevant.insert(node.id)
  }

  var cotangents: [UInt64: Tensor] = [:]
  if let root = nodes.last {
    precondition(
      seed.shape == root.shape, "gradients: a seed of shape \(seed.shape) for a value of shape \(root.shape)")
    cotangents[root.id] = seed
  }
  while let node = nodes.popLast() {
    guard relevant.contains(node.id), let cotangent = cotangents[node.id] else { continue }
    if !targets.contains(node.id) { cotangents[node.id] = nil }
    let inputs = differentiable ? node.inputs : node.inputs.map(\.detached)
    let output = Tensor(shape: node.shape, storage: node.value, node: differentiable ? node : nil)
    let links = node.inputs.map(\.node?.id)
    let wanted = links.map { $0.map(relevant.contains) ?? false }
    guard wanted.contains(true) else { continue }
    let parts = node.primitive.pullback(cotangent, inputs, output, wanted)
    for (link, part) in zip(links, parts) {
      guard let link, relevant.contains(link), let part else { continue }
      cotangents[link] = cotangents[link].map { $0 + part } ?? part
    }
  }
  return points.map { point in point.node.flatMap { cotangents[$0.id] } ?? .zeros(point.shape) }
}

/// The nodes the roots depend on, oldest first; takes the roots out of the array.
private func takeReachable(from roots: inout [Node], noOlderThan oldest: UInt64) -> [Node] {
  var pending = roots.filter { $0.id >= oldest }
  roots.removeAll()
  var seen = Set(pending.map(\.id))
  var nodes = pending
  while let node = pending.popLast() {
    for input in node.inputs {
      guard let below = input.node, below.id >= oldest, seen.insert(below.id).inserted else { continue }
      nodes.append(below)
      pending.append(below)
    }
  }
  return nodes.sorted { $0.id < $1.id }
}
