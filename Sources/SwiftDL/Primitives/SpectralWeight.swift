// A weight divided by its largest singular value, in few passes over it.
internal import CKernels

/// W / σ with σ = vᵀWu for constant u and v, W seen as `[rest, outputs]`.
///
/// Earned by FactorGAN's discriminators, whose weights are larger than their signals.
private struct SpectralWeight: FusedOperation {
  let u: Tensor
  let v: Tensor
  var keepsOutput: Bool { false }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let matrix = inputs[0].reshaped([v.count, u.count])
    let largest = (v * matmul(matrix, u.reshaped([u.count, 1])).reshaped([v.count])).sum()
    return inputs[0] / largest
  }

  private func largest(_ weight: Tensor) -> Float {
    let matrix = Tensor(shape: [v.count, u.count], storage: weight.storage)
    let column = Tensor(shape: [u.count, 1], storage: u.storage)
    return Kernels.dot(v, Kernels.gemm(matrix, column, false, false, to: [v.count, 1]))
  }

  func apply(_ inputs: [Tensor]) -> Tensor { Kernels.unary(.affine, inputs[0], 1 / largest(inputs[0]), 0) }

  // g/σ − ⟨g, W⟩/σ²·vuᵀ
  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let largest = largest(inputs[0])
    let along = Kernels.dot(cotangent, inputs[0]) / (largest * largest)
    let column = Tensor(shape: [v.count, 1], storage: Kernels.unary(.affine, v, -along, 0).storage)
    let row = Tensor(shape: [1, u.count], storage: u.storage)
    let outer = Kernels.gemm(column, row, false, false, to: [v.count, u.count])
    let result = Tensor(shape: inputs[0].shape, storage: outer.storage)
    require(
      ck_binary(
        Kernels.context, .scaled_add, 1 / largest, result.count, result.elements, cotangent.elements,
        result.elements))
    sums[0].add(result)
  }
}

/// weight / (vᵀ·weight·u), the weight seen as `[v.count, u.count]`; u and v are constants.
func spectralWeight(_ weight: Tensor, u: Tensor, v: Tensor) -> Tensor {
  fused(SpectralWeight(u: u.detached, v: v.detached), [weight])
}
