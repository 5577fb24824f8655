/// The nodes a value depends on, back to the oldest point that gradients are asked for: what a reverse sweep
/// walks. Nodes are known by position, so that the sweep looks nothing up.
struct Subgraph {
  /// `nil` once the sweep has passed.
  private var nodes: [Node?]
  /// Positions, newest node first.
  let newestFirst: [Int]
  /// The positions of each node's inputs, one node after another; -1 where an input is outside.
  private let links: [Int]
  private let firstLinks: [Int]
  private let positions: PositionTable
  /// Whether gradients are asked for at a node.
  let isPoint: [Bool]
  /// Whether a point lies at or below a node: only then its cotangent matters.
  let isRelevant: [Bool]

  /// Takes the root out of `roots`, so that nobody but the graph holds it.
  init(takingRootFrom roots: inout [Node], points: [Tensor]) {
    let pointIDs = points.compactMap { $0.node?.id }
    // A node older than every point cannot depend on one: what is below them is not visited.
    let oldest = pointIDs.min() ?? .max
    var nodes: [Node?] = []
    var ids: [UInt64] = []
    var links: [Int] = []
    var firstLinks: [Int] = []
    var positions = PositionTable()
    var pending: [Int] = []

    func visit(_ node: Node?) -> Int {
      guard let node, node.id >= oldest else { return -1 }
      let position = positions.find(node.id, orInsert: ids.count)
      if position == ids.count {
        nodes.append(node)
        ids.append(node.id)
        firstLinks.append(0)
        pending.append(position)
      }
      return position
    }
    _ = visit(roots.popLast())
    while let position = pending.popLast() {
      firstLinks[position] = links.count
      guard let inputs = nodes[position]?.inputs else { continue }
      for input in inputs { links.append(visit(input.node)) }
    }

    let newestFirst = ids.indices.sorted { ids[$0] > ids[$1] }
    var isPoint = [Bool](repeating: false, count: ids.count)
    for id in pointIDs { if let position = positions.find(id) { isPoint[position] = true } }
    var isRelevant = isPoint
    for position in newestFirst.reversed() where !isRelevant[position] {
      let inputs = nodes[position]?.inputs.count ?? 0
      let first = firstLinks[position]
      isRelevant[position] = links[first..<first + inputs].contains { $0 >= 0 && isRelevant[$0] }
    }
    (self.nodes, self.newestFirst, self.links, self.firstLinks) = (nodes, newestFirst, links, firstLinks)
    (self.positions, self.isPoint, self.isRelevant) = (positions, isPoint, isRelevant)
  }

  var count: Int { nodes.count }

  /// Hands a node over; it is released when the caller drops it, unless somebody else holds it.
  mutating func take(_ position: Int) -> Node? {
    defer { nodes[position] = nil }
    return nodes[position]
  }

  /// Where input `index` of the node at `position` is, when its cotangent matters.
  func link(_ position: Int, _ index: Int) -> Int? {
    let link = links[firstLinks[position] + index]
    return link >= 0 && isRelevant[link] ? link : nil
  }

  /// Where a point's node is, when the value depends on it.
  func position(of point: Tensor) -> Int? { point.node.flatMap { positions.find($0.id) } }
}

/// Positions by node number. Open addressing with a multiplicative hash: `Dictionary` hashes against hostile
/// keys, which costs as much as a small operation.
private struct PositionTable {
  private var slots = [(id: UInt64, position: Int)](repeating: (0, 0), count: 64)
  private var count = 0

  /// The position of a number that is present.
  func find(_ id: UInt64) -> Int? {
    let slot = slots[slotIndex(id)]
    return slot.id == 0 ? nil : slot.position
  }

  /// The position of a number, which becomes `position` when it was absent.
  mutating func find(_ id: UInt64, orInsert position: Int) -> Int {
    let index = slotIndex(id)
    if slots[index].id != 0 { return slots[index].position }
    slots[index] = (id, position)
    count += 1
    if 2 * count > slots.count { grow() }
    return position
  }

  /// The slot that holds a number, or the empty one where it belongs. Node numbers start at 1.
  private func slotIndex(_ id: UInt64) -> Int {
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: (id &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
    while slots[index].id != 0, slots[index].id != id { index = (index + 1) & mask }
    return index
  }

  private mutating func grow() {
    let old = slots
    slots = [(id: UInt64, position: Int)](repeating: (0, 0), count: 2 * old.count)
    for slot in old where slot.id != 0 { slots[slotIndex(slot.id)] = slot }
  }
}
