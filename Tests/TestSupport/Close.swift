public import SwiftDL
public import Testing

/// Expects as many elements as expected, each within `tolerance` times the largest expected magnitude.
/// Reports the worst element. Infinities must agree; a NaN is never close to anything.
public func expectClose(
  _ actual: [Float], _ expected: [Float], tolerance: Float = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  compare(actual, expected, tolerance, what, { "\($0)" }, sourceLocation)
}

/// The same for tensors, which must also agree in shape.
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, tolerance: Float = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape else {
    return recordFailure(
      "\(prefix(what))shape \(actual.shape), expected \(expected.shape)", sourceLocation)
  }
  let shape = actual.shape
  compare(
    actual.scalars, expected.scalars, tolerance, what, { "\(position($0, in: shape))" }, sourceLocation)
}

/// The same for a tensor against its elements in row-major order.
public func expectClose(
  _ actual: Tensor, _ expected: [Float], tolerance: Float = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(actual.scalars, expected, tolerance: tolerance, what, sourceLocation: sourceLocation)
}

/// Expects equal shapes and equal bits.
public func expectIdentical(
  _ actual: Tensor, _ expected: Tensor, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape else {
    return recordFailure(
      "\(prefix(what))shape \(actual.shape), expected \(expected.shape)", sourceLocation)
  }
  let (a, b) = (actual.scalars, expected.scalars)
  guard let index = a.indices.first(where: { a[$0].bitPattern != b[$0].bitPattern }) else { return }
  let different = a.indices.count { a[$0].bitPattern != b[$0].bitPattern }
  recordFailure(
    """
    \(prefix(what))\(different) of \(a.count) elements differ in their bits, the first at \
    \(position(index, in: actual.shape)): \(a[index]), expected \(b[index])
    """, sourceLocation)
}

private func compare(
  _ actual: [Float], _ expected: [Float], _ tolerance: Float, _ what: String,
  _ place: (Int) -> String, _ sourceLocation: SourceLocation
) {
  guard actual.count == expected.count else {
    return recordFailure(
      "\(prefix(what))\(actual.count) elements, expected \(expected.count)", sourceLocation)
  }
  let finite = expected.filter(\.isFinite).map(abs)
  let largest = finite.max() ?? 0
  let allowed = tolerance * (largest > 0 ? largest : 1)
  var worst: (index: Int, error: Float)?
  for index in actual.indices {
    let (a, b) = (actual[index], expected[index])
    let error = a == b ? 0 : (a - b).isNaN ? .infinity : abs(a - b)
    if error > allowed, error > (worst?.error ?? -1) { worst = (index, error) }
  }
  guard let worst else { return }
  recordFailure(
    """
    \(prefix(what))element \(place(worst.index)) is \(actual[worst.index]), expected \
    \(expected[worst.index]): off by \(worst.error), allowed \(allowed)
    """, sourceLocation)
}

private func prefix(_ what: String) -> String { what.isEmpty ? "" : what + ": " }

/// The index per axis of an element given by its row-major position.
public func position(_ offset: Int, in shape: Shape) -> [Int] {
  var rest = offset
  var indices = [Int](repeating: 0, count: shape.rank)
  for axis in shape.indices.reversed() {
    indices[axis] = rest % shape[axis]
    rest /= shape[axis]
  }
  return indices
}
