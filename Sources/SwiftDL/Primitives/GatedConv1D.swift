// A gated unit with its residual connection, in one kernel.
internal import CKernels

/// identity + tanh(a)·sigmoid(b), where a and b are the halves of conv(inputs, weight) + bias.
///
/// Earned by Seq-U-Net's residual layers: the sums are gated before they leave the registers, and the identity
/// is neither cropped nor thinned in memory. Inputs stand in the order signals, weight, bias, identity.
private struct GatedConv1D: FusedOperation {
  let inputs: ConvInputs
  let hasBias: Bool
  let rate: ResidualRate

  private var identity: Int { inputs.count + (hasBias ? 2 : 1) }
  var keepsOutput: Bool { false }

  func definition(_ tensors: [Tensor]) -> Tensor {
    let sum = inputs.definition(tensors)
    return (hasBias ? sum + tensors[inputs.count + 1] : sum).gated(addedTo: tensors[identity], rate: rate)
  }

  func apply(_ tensors: [Tensor]) -> Tensor { apply(tensors, sums: nil) }

  func applyKeeping(_ tensors: [Tensor]) -> (value: Tensor, kept: Tensor?) {
    let sums = Tensor(uninitialized: inputs.geometry.outputShape)
    return (apply(tensors, sums: sums), sums)
  }

  private func apply(_ tensors: [Tensor], sums: Tensor?) -> Tensor {
    let (x, frames) = (tensors[identity], inputs.geometry.outputFrames)
    let epilogue = Kernels.Epilogue(bias: hasBias ? tensors[inputs.count + 1] : nil, isGated: true, sums: sums)
    let pieces = rate.pieces(x.shape[1], frames)
    if pieces.count == 1 {
      return inputs.apply(tensors, epilogue, residual: (x, pieces[0].from, pieces[0].fromStep))
    }
    let y = inputs.apply(tensors, epilogue)
    rate.add(x, to: y)
    return y
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ tensors: [Tensor], _ kept: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let g = Tensor(uninitialized: kept.shape)
    Kernels.gatedGradient(kept, cotangent, into: g)
    if wanted[identity] { rate.addAdjoint(cotangent, of: tensors[identity].shape, to: &sums[identity]) }
    inputs.accumulate(g, tensors, wanted, hasBias: hasBias, into: &sums)
  }
}

/// identity + tanh(a)·sigmoid(b), where a and b are the halves of conv(inputs side by side, weight) + bias.
///
/// - Parameters:
///   - inputs: of longer ones the latest frames count.
///   - identity: `[batch, frames, channels]`, half as many channels as the weight has outputs; with at least
///     as many frames as the convolution makes at `rate`, of which the latest count.
public func gatedConv1D(
  _ inputs: [Tensor], _ weight: Tensor, bias: Tensor?, stride: Int = 1, dilation: Int = 1,
  padding: Padding = .none, addedTo identity: Tensor, rate: ResidualRate = .same
) -> Tensor {
  let operation = GatedConv1D(
    inputs: ConvInputs(
      inputs.map { ConvInput($0) }, weight, bias: bias, stride: stride, dilation: dilation, groups: 1,
      padding: padding, alignment: .latest),
    hasBias: bias != nil, rate: rate)
  let sums = operation.inputs.geometry.outputShape
  require(
    identity.rank == 3 && identity.shape[0] == sums[0] && sums[2] == 2 * identity.shape[2]
      && rate.frames(identity.shape[1]) >= sums[1],
    "gatedConv1D: sums of shape \(sums) added to \(identity.shape) at \(rate) rate")
  return fused(operation, inputs + [weight] + (bias.map { [$0] } ?? []) + [identity])
}
