// Convolution over several inputs side by side, with all that follows it, in one kernel.
internal import CKernels

/// Dropout(activation(conv(concat(cropped inputs), weight) + bias)) + identity as one pass over memory.
///
/// Earned by Wave-U-Net's up blocks: a skip connection costs neither a crop nor a concatenation, an
/// interpolated or gated input is not kept, and bias, activation and dropout cost no memory of their own.
/// Inputs stand in the order signals, weight, bias, identity.
private struct FusedConv1D: FusedOperation {
  let inputs: ConvInputs
  let hasBias: Bool
  /// A signal whose latest frames are added to the result; then there is no activation and no dropout.
  let hasIdentity: Bool
  let activation: Activation
  let dropout: DropoutMask?

  private var identity: Int { inputs.count + (hasBias ? 2 : 1) }
  var keepsOutput: Bool { activation != .none }

  func definition(_ tensors: [Tensor]) -> Tensor {
    let sum = inputs.definition(tensors)
    let y = (hasBias ? sum + tensors[inputs.count + 1] : sum).activated(activation).dropped(by: dropout)
    return hasIdentity ? ResidualRate.same.definition(tensors[identity], y.shape[1]) + y : y
  }

  func apply(_ tensors: [Tensor]) -> Tensor {
    let epilogue = Kernels.Epilogue(
      bias: hasBias ? tensors[inputs.count + 1] : nil, activation: activation, dropout: dropout)
    guard hasIdentity else { return inputs.apply(tensors, epilogue) }
    let start = tensors[identity].shape[1] - inputs.geometry.outputFrames
    return inputs.apply(tensors, epilogue, residual: (tensors[identity], start, 1))
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ tensors: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    if hasIdentity, wanted[identity] {
      ResidualRate.same.addAdjoint(cotangent, of: tensors[identity].shape, to: &sums[identity])
    }
    let g = activation.pullback(cotangent, output, dropout)
    inputs.accumulate(g, tensors, wanted, hasBias: hasBias, into: &sums)
  }
}

/// Dropout(activation(conv(inputs side by side, weight) + bias)) + identity.
///
/// - Parameters:
///   - inputs: their channels add up to the weight's input channels. Longer ones are cropped to the shortest
///     one's length, as `alignment` says.
///   - bias: `[output channels]`.
///   - dropout: elements of the result to drop.
///   - identity: a signal whose latest frames are added to the result, which then has no activation.
public func conv1D(
  _ inputs: [ConvInput], _ weight: Tensor, bias: Tensor?, activation: Activation = .none, stride: Int = 1,
  dilation: Int = 1, groups: Int = 1, padding: Padding = .none, alignment: FrameAlignment = .middle,
  dropout: DropoutMask? = nil, identity: Tensor? = nil
) -> Tensor {
  require(
    dropout == nil || activation.isKeptByDropout, "conv1D: no dropout in one operation with \(activation)")
  let operation = FusedConv1D(
    inputs: ConvInputs(
      inputs, weight, bias: bias, stride: stride, dilation: dilation, groups: groups, padding: padding,
      alignment: alignment),
    hasBias: bias != nil, hasIdentity: identity != nil, activation: activation, dropout: dropout)
  if let identity {
    let result = operation.inputs.geometry.outputShape
    require(
      activation == .none && dropout == nil && identity.rank == 3 && identity.shape[0] == result[0]
        && identity.shape[1] >= result[1] && identity.shape[2] == result[2],
      "conv1D: an identity of shape \(identity.shape) for a result of shape \(result), \(activation)")
  }
  return fused(operation, inputs.map(\.tensor) + [weight] + [bias, identity].compactMap { $0 })
}

/// Activation(conv(inputs side by side, weight) + bias) of whole signals `[batch, time, channels]`.
public func conv1D(
  _ inputs: [Tensor], _ weight: Tensor, bias: Tensor?, activation: Activation = .none, stride: Int = 1,
  dilation: Int = 1, groups: Int = 1, padding: Padding = .none, alignment: FrameAlignment = .middle
) -> Tensor {
  conv1D(
    inputs.map { ConvInput($0) }, weight, bias: bias, activation: activation, stride: stride,
    dilation: dilation, groups: groups, padding: padding, alignment: alignment)
}
