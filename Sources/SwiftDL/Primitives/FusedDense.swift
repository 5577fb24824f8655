// A dense layer in one kernel.
internal import CKernels

/// Activation(x·weight + bias) over the last axis: a convolution of kernel 1 over all rows.
///
/// Earned by FactorGAN's networks, whose layers are so small that every operation counts.
private struct FusedDense: FusedOperation {
  let hasBias: Bool
  let activation: Activation
  var keepsOutput: Bool { activation != .none }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let product = matmul(inputs[0], inputs[1])
    return (hasBias ? product + inputs[2] : product).activated(activation)
  }

  private func geometry(_ inputs: [Tensor]) -> Conv1DGeometry {
    let (x, weight) = (inputs[0], inputs[1])
    return Conv1DGeometry(
      batch: 1, inputFrames: x.shape.elementCount(of: 0..<x.rank - 1), inputChannels: weight.shape[0],
      outputChannels: weight.shape[1], kernelSize: 1)
  }

  private func rows(_ x: Tensor, _ geometry: Conv1DGeometry, _ channels: Int) -> Kernels.SignalView {
    .init(Tensor(shape: [1, geometry.inputFrames, channels], storage: x.storage))
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let (x, geometry) = (inputs[0], geometry(inputs))
    let y = Kernels.conv1D(
      geometry, [rows(x, geometry, geometry.inputChannels)], inputs[1],
      .init(bias: hasBias ? inputs[2] : nil, activation: activation))
    return Tensor(
      shape: x.shape.replacing(axis: x.rank - 1, with: geometry.outputChannels), storage: y.storage)
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let (x, geometry) = (inputs[0], geometry(inputs))
    let g = activation.pullback(cotangent, output, nil)
    if hasBias, wanted[2] { sums[2].add(Kernels.sum(g, to: inputs[2].shape)) }
    if wanted[1] {
      let gradient = Kernels.conv1DWeightGradient(
        geometry, [rows(x, geometry, geometry.inputChannels)], g)
      sums[1].add(Tensor(shape: inputs[1].shape, storage: gradient.storage))
    }
    if wanted[0] {
      let gradient = Tensor(uninitialized: x.shape)
      Kernels.conv1DInputGradient(
        geometry, g, inputs[1], into: [rows(gradient, geometry, geometry.inputChannels)])
      sums[0].add(gradient)
    }
  }
}

/// Activation(x·weight + bias) for `x` `[…, inputs]`, `weight` `[inputs, outputs]`, `bias` `[outputs]`.
public func dense(_ x: Tensor, _ weight: Tensor, bias: Tensor?, activation: Activation = .none) -> Tensor {
  require(
    x.rank >= 1 && weight.rank == 2 && x.shape[x.rank - 1] == weight.shape[0]
      && (bias.map { $0.shape == [weight.shape[1]] } ?? true),
    "dense: a tensor of shape \(x.shape), weights of shape \(weight.shape)")
  return fused(
    FusedDense(hasBias: bias != nil, activation: activation), [x, weight] + (bias.map { [$0] } ?? []))
}
