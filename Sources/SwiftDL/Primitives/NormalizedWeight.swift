// Weight normalisation in a few passes over the weight.
internal import CKernels

/// gain · v / ‖v‖, the norm over all axes but the last.
///
/// Earned by the TCN, whose weights are as large as its signals: forward two passes over v where the
/// composition made three, backward five where it made nine, and nothing but v is kept.
private struct NormalizedWeight: FusedOperation {
  var keepsOutput: Bool { false }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let (v, gain) = (inputs[0], inputs[1])
    return v * (gain / v.norm(axes: Array(0..<v.rank - 1)))
  }

  private func norms(_ v: Tensor, _ gain: Tensor) -> Tensor {
    let squares = Kernels.reduce(.sum_of_squares, rows(v), 0..<1)
    return Kernels.unary(.sqrt, Tensor(shape: gain.shape, storage: squares.storage))
  }

  private func rows(_ v: Tensor) -> Tensor {
    let channels = v.shape[v.rank - 1]
    return Tensor(shape: [v.count / max(1, channels), channels], storage: v.storage)
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let (v, gain) = (inputs[0], inputs[1])
    return Kernels.pair(.multiply, v, Kernels.pair(.divide, gain, norms(v, gain)))
  }

  // With n = ‖v‖ and d = Σ g·v over a channel: d/n for the gain, gain/n·(g − v·d/n²) for v.
  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let (v, gain) = (inputs[0], inputs[1])
    let norms = norms(v, gain)
    let product = Kernels.pair(.multiply, v, cotangent)
    let dots = Kernels.reduce(.sum, rows(product), 0..<1)
    let alongGain = Kernels.pair(
      .divide, Tensor(shape: gain.shape, storage: dots.storage), norms)
    if wanted[1] { sums[1].add(alongGain) }
    guard wanted[0] else { return }
    // In the product's memory: v·(−alongGain/n), then + g, then ·gain/n.
    let scale = Kernels.pair(.divide, gain, norms)
    let back = Kernels.unary(.negate, Kernels.pair(.divide, alongGain, norms))
    let result = rows(product)
    let (count, channels) = (result.shape[0], result.shape[1])
    require(
      ck_binary_broadcast(
        Kernels.context, .multiply, 0, count, channels, 1, v.elements, back.elements, result.elements))
    Kernels.addInPlace(cotangent, to: result)
    require(
      ck_binary_broadcast(
        Kernels.context, .multiply, 0, count, channels, 1, result.elements, scale.elements, result.elements))
    sums[0].add(product)
  }
}

/// gain · v / ‖v‖ with a gain and a norm per position of the last axis.
func normalizedWeight(_ v: Tensor, gain: Tensor) -> Tensor { fused(NormalizedWeight(), [v, gain]) }
