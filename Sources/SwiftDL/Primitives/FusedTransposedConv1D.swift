// Transposed convolution with bias, activation and dropout.
internal import CKernels

/// Dropout(activation(transposed conv(x, weight) + bias)): one tensor in, one out, nothing between.
private struct FusedTransposedConv1D: FusedOperation {
  /// Of the convolution whose input gradient this is.
  let geometry: Conv1DGeometry
  let hasBias: Bool
  let activation: Activation
  let dropout: DropoutMask?

  var keepsOutput: Bool { activation != .none }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let sum = conv1DInputGradient(inputs[1], inputs[0], geometry)
    return (hasBias ? sum + inputs[2] : sum).activated(activation).dropped(by: dropout)
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    Kernels.conv1DTransposed(
      geometry, inputs[0], inputs[1],
      .init(bias: hasBias ? inputs[2] : nil, activation: activation, dropout: dropout))
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let g = activation.pullback(cotangent, output, dropout)
    if hasBias, wanted[2] { sums[2].add(Kernels.sum(g, to: inputs[2].shape)) }
    if wanted[1] { sums[1].add(Kernels.conv1DWeightGradient(geometry, [.init(g)], inputs[0])) }
    if wanted[0] { sums[0].add(Kernels.conv1D(geometry, [.init(g)], inputs[1])) }
  }
}

/// Dropout(activation(transposed conv(x, weight) + bias)): `conv1DInputGradient` with what usually follows.
func transposedConv1D(
  _ x: Tensor, _ weight: Tensor, bias: Tensor?, _ geometry: Conv1DGeometry, activation: Activation,
  dropout: DropoutMask?
) -> Tensor {
  require(
    x.shape == geometry.outputShape && weight.shape == geometry.weightShape,
    "transposedConv1D: shapes \(x.shape) and \(weight.shape) for \(geometry)")
  require(
    dropout == nil || activation.isKeptByDropout,
    "transposedConv1D: no dropout in one operation with \(activation)")
  let operation = FusedTransposedConv1D(
    geometry: geometry, hasBias: bias != nil, activation: activation, dropout: dropout)
  return fused(operation, [x, weight] + (bias.map { [$0] } ?? []))
}
