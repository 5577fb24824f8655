public import SwiftDL
public import Testing

/// Expects `visitFields` to show every tensor the module holds, found by reflection: a forgotten
/// line would leave a weight untrained and out of every checkpoint.
public func expectEveryTensorVisited(
  in module: some Module, sourceLocation: SourceLocation = #_sourceLocation
) {
  var visited: [String] = []
  var paths: [String] = []
  var copy = module
  copy.forEachField { _, path, tensor in
    visited.append("\(tensor.shape)")
    paths.append(path)
  }
  let held = heldTensors(module, "")
  if held.map(\.shape).sorted() != visited.sorted() {
    let (holds, visits) = (
      held.map { "\($0.path) \($0.shape)" }, zip(paths, visited).map { "\($0) \($1)" }
    )
    recordFailure("\(type(of: module)) holds \(holds) and visits \(visits)", sourceLocation)
  }
  if Set(paths).count < paths.count {
    recordFailure("\(type(of: module)) visits two fields of one name: \(paths)", sourceLocation)
  }
}

private func heldTensors(_ value: Any, _ path: String) -> [(path: String, shape: String)] {
  if let tensor = value as? Tensor { return [(path, "\(tensor.shape)")] }
  return Mirror(reflecting: value).children.flatMap { child in
    heldTensors(child.value, child.label.map { "\(path).\($0)" } ?? path)
  }
}
