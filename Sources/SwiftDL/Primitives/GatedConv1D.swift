// A gated unit with its residual connection, in one kernel.
internal import CKernels

/// identity + tanh(a)·sigmoid(b), where a and b are the halves of conv(inputs, weight) + bias.
///
/// Earned by Seq-U-Net's residual layers and WaveNet's: the sums are gated before they leave the registers, and
/// the identity is neither cropped nor thinned in memory. Sums of 8 MiB and more are not kept, though they are
/// two thirds of what such a layer would keep: the backward pass convolves once more, a quarter of its time.
/// Inputs stand in the order signals, weight, bias, identity.
private struct GatedConv1D: FusedOperation {
  let inputs: ConvInputs
  let hasBias: Bool
  let hasIdentity: Bool
  let rate: ResidualRate

  private var identity: Int { inputs.count + (hasBias ? 2 : 1) }
  private var keepsSums: Bool { inputs.geometry.outputShape.elementCount < 2 << 20 }
  var keepsOutput: Bool { false }

  func definition(_ tensors: [Tensor]) -> Tensor {
    let product = inputs.definition(tensors)
    let sums = hasBias ? product + tensors[inputs.count + 1] : product
    return hasIdentity ? sums.gated(addedTo: tensors[identity], rate: rate) : sums.gated()
  }

  func apply(_ tensors: [Tensor]) -> Tensor { apply(tensors, sums: nil) }

  func applyKeeping(_ tensors: [Tensor]) -> (value: Tensor, kept: Tensor?) {
    let sums = keepsSums ? Tensor(uninitialized: inputs.geometry.outputShape) : nil
    return (apply(tensors, sums: sums), sums)
  }

  private func apply(_ tensors: [Tensor], sums: Tensor?) -> Tensor {
    let epilogue = Kernels.Epilogue(bias: bias(tensors), isGated: true, sums: sums)
    guard hasIdentity else { return inputs.apply(tensors, epilogue) }
    let x = tensors[identity]
    let pieces = rate.pieces(x.shape[1], inputs.geometry.outputFrames)
    if pieces.count == 1 {
      return inputs.apply(tensors, epilogue, residual: (x, pieces[0].from, pieces[0].fromStep))
    }
    let y = inputs.apply(tensors, epilogue)
    rate.add(x, to: y)
    return y
  }

  private func bias(_ tensors: [Tensor]) -> Tensor? { hasBias ? tensors[inputs.count + 1] : nil }

  func accumulate(
    _ cotangent: consuming Tensor, _ tensors: [Tensor], _ kept: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    if hasIdentity, wanted[identity] {
      rate.addAdjoint(cotangent, of: tensors[identity].shape, to: &sums[identity])
    }
    let unkept = keepsSums ? nil : inputs.apply(tensors, .init(bias: bias(tensors)))
    let g = unkept ?? Tensor(uninitialized: kept.shape)
    Kernels.gatedGradient(unkept ?? kept, cotangent, into: g)
    inputs.accumulate(g, tensors, wanted, hasBias: hasBias, into: &sums)
  }
}

/// identity + tanh(a)·sigmoid(b), where a and b are the halves of conv(inputs side by side, weight) + bias.
///
/// - Parameters:
///   - inputs: of longer ones the latest frames count.
///   - identity: nothing, or `[batch, frames, channels]`, half as many channels as the weight has outputs; with at least
///     as many frames as the convolution makes at `rate`, of which the latest count.
public func gatedConv1D(
  _ inputs: [Tensor], _ weight: Tensor, bias: Tensor?, stride: Int = 1, dilation: Int = 1,
  padding: Padding = .none, addedTo identity: Tensor? = nil, rate: ResidualRate = .same
) -> Tensor {
  let operation = GatedConv1D(
    inputs: ConvInputs(
      inputs.map { ConvInput($0) }, weight, bias: bias, stride: stride, dilation: dilation, groups: 1,
      padding: padding, alignment: .latest),
    hasBias: bias != nil, hasIdentity: identity != nil, rate: rate)
  let sums = operation.inputs.geometry.outputShape
  require(sums[2] % 2 == 0, "gatedConv1D: weights of shape \(weight.shape) have no two halves of outputs")
  if let identity {
    require(
      identity.rank == 3 && identity.shape[0] == sums[0] && sums[2] == 2 * identity.shape[2]
        && rate.frames(identity.shape[1]) >= sums[1],
      "gatedConv1D: sums of shape \(sums) added to \(identity.shape) at \(rate) rate")
  }
  return fused(operation, inputs + [weight] + [bias, identity].compactMap { $0 })
}
