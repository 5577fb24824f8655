// The end of a residual block.
internal import CKernels

/// activation(x + y) for equal shapes.
private struct ActivatedSum: FusedOperation {
  let activation: Activation
  var keepsOutput: Bool { true }

  func definition(_ inputs: [Tensor]) -> Tensor { (inputs[0] + inputs[1]).activated(activation) }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let y = Kernels.binary(.add, reversed: .add, inputs[0], inputs[1])
    activation.apply(inPlace: y)
    return y
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let g = activation.pullback(cotangent, output, nil)
    if wanted[0] { sums[0].add(g) }
    if wanted[1] { sums[1].add(g) }
  }
}

/// activation(x + y) for equal shapes: the end of a residual block.
public func activatedSum(_ x: Tensor, _ y: Tensor, _ activation: Activation) -> Tensor {
  require(x.shape == y.shape, "activatedSum: shapes \(x.shape) and \(y.shape)")
  return fused(ActivatedSum(activation: activation), [x, y])
}
