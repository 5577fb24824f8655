// What normalisations are made of: the moments of every channel, and a factor and an offset for it.
//
// Both are closed under differentiation: the derivative of either is a scaled sum, of a scaled sum another one and sums of
// products. So a normalisation costs few passes over the signal at every order. Composed of elementwise operations it took
// nine passes forward and more than twice as many backward.
internal import CKernels

/// Mean and population variance over the middle axis of `[outer, count, inner]`: `[2, outer, 1, inner]`.
private struct Moments: Primitive {
  // Of the mean m: g/n. Of the variance: g·2(x − m)/n, as the deviations add up to nothing.
  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    let (a, b) = Self.slopes(g, output, count: inputs[0].shape[1])
    return [scaledSum(inputs[0], a, b)]
  }

  /// The factor and the offset that a cotangent gives x.
  private static func slopes(_ g: Tensor, _ output: Tensor, count: Int) -> (Tensor, Tensor) {
    let (ofMean, ofVariance) = halves(g)
    let a = ofVariance * (2 / Float(count))
    return (a, ofMean * (1 / Float(count)) - a * halves(output).0)
  }

  private static func halves(_ moments: Tensor) -> (Tensor, Tensor) {
    let shape = Shape(moments.shape.dropFirst())
    return (moments.sliced(axis: 0, 0..<1).reshaped(shape), moments.sliced(axis: 0, 1..<2).reshaped(shape))
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let x = inputs[0].detached
    let (a, b) = Self.slopes(cotangent, output.detached, count: x.shape[1])
    sums[0].addScaled(x, a, b)
  }

  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { true }
  var keepsOutput: Bool { true }
}

/// Mean and population variance of every channel.
///
/// - Parameter x: `[outer, count, inner]`
/// - Returns: each `[outer, 1, inner]`
func moments(_ x: Tensor) -> (mean: Tensor, variance: Tensor) {
  require(x.rank == 3, "moments: a tensor of shape \(x.shape)")
  let value = Kernels.moments(x.detached)
  let both = x.isTracked ? record(Moments(), [x], value) : value
  let shape: Shape = [x.shape[0], 1, x.shape[2]]
  return (both.sliced(axis: 0, 0..<1).reshaped(shape), both.sliced(axis: 0, 1..<2).reshaped(shape))
}

/// x·a + b.
private struct ScaledSum: Primitive {
  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    [
      wanted[0] ? g * inputs[1] : nil, wanted[1] ? sumOfProducts(g, inputs[0], to: inputs[1].shape) : nil,
      wanted[2] ? g.sum(to: inputs[2].shape) : nil,
    ]
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    if wanted[1] { sums[1].add(Kernels.sumOfProducts(cotangent, inputs[0], 1..<2)) }
    if wanted[2] { sums[2].add(Kernels.reduce(.sum, cotangent, 1..<2)) }
    if wanted[0] { sums[0].addScaled(cotangent, inputs[1].detached, nil) }
  }

  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { index < 2 }
}

extension Tensor? {
  /// Adds x·a + b, in place when nobody else holds the sum.
  fileprivate mutating func addScaled(_ x: Tensor, _ a: Tensor, _ b: Tensor?) {
    guard var sum = take() else {
      self = Kernels.scale(x, a, b)
      return
    }
    if sum.isUnique {
      Kernels.addScaled(x, a, b, to: sum)
      self = sum
    } else {
      self = sum + Kernels.scale(x, a, b)
    }
  }
}

/// x·a + b with a factor and an offset for every channel.
///
/// - Parameters:
///   - x: `[outer, count, inner]`
///   - a: `[outer, 1, inner]`, as is `b`.
func scaledSum(_ x: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
  let channels: Shape = [x.shape[0], 1, x.shape[2]]
  require(
    x.rank == 3 && a.shape == channels && b.shape == channels,
    "scaledSum: shapes \(x.shape), \(a.shape) and \(b.shape)")
  let value = Kernels.scale(x.detached, a.detached, b.detached)
  return x.isTracked || a.isTracked || b.isTracked ? record(ScaledSum(), [x, a, b], value) : value
}
