// Convolution over several inputs side by side, with bias, activation and dropout, in one kernel.
internal import CKernels

/// Dropout(activation(conv(concat(cropped inputs), weight) + bias)) + identity as one pass over memory.
///
/// Earned by Wave-U-Net's up blocks: a skip connection costs neither a crop nor a concatenation, an
/// interpolated or gated input is not kept, and bias, activation and dropout cost no memory of their own.
/// Inputs stand in the order signals, weight, bias, identity.
private struct FusedConv1D: FusedOperation {
  let geometry: Conv1DGeometry
  let forms: [ConvInput.Form]
  /// The first frame used of each input, as the convolution sees it.
  let starts: [Int]
  let channels: [Int]
  let hasBias: Bool
  /// A signal whose latest frames are added to the result; then there is no activation and no dropout.
  let hasIdentity: Bool
  let activation: Activation
  let dropout: DropoutMask?

  var identity: Int { inputCount + (hasBias ? 2 : 1) }
  var inputCount: Int { starts.count }
  var keepsOutput: Bool { activation != .none }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let parts = starts.indices.map { index in
      forms[index].definition(inputs[index])
        .sliced(axis: 1, starts[index]..<starts[index] + geometry.inputFrames)
    }
    let sum = conv1D(
      .concatenated(parts, axis: 2), inputs[inputCount], stride: geometry.stride,
      dilation: geometry.dilation, groups: geometry.groups, padding: geometry.padding)
    let y = (hasBias ? sum + inputs[inputCount + 1] : sum).activated(activation).dropped(by: dropout)
    return hasIdentity ? ResidualRate.same.definition(inputs[identity], y.shape[1]) + y : y
  }

  private func views(_ inputs: [Tensor]) -> [Kernels.SignalView] {
    starts.indices.map { forms[$0].view(inputs[$0], start: starts[$0], frames: geometry.inputFrames) }
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let y = Kernels.conv1D(
      geometry, views(inputs), inputs[inputCount], bias: hasBias ? inputs[inputCount + 1] : nil, activation)
    dropout?.apply(inPlace: y)
    if hasIdentity { ResidualRate.same.add(inputs[identity], to: y) }
    return y
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    if hasIdentity, wanted[identity] {
      ResidualRate.same.addAdjoint(cotangent, of: inputs[identity].shape, to: &sums[identity])
    }
    let g = activation.pullback(cotangent, output, dropout)
    if hasBias, wanted[inputCount + 1] {
      sums[inputCount + 1].add(Kernels.sum(g, to: inputs[inputCount + 1].shape))
    }
    if wanted[inputCount] {
      sums[inputCount].add(Kernels.conv1DWeightGradient(geometry, views(inputs), g))
    }
    if wanted[..<inputCount].contains(true) { addInputGradients(g, inputs, wanted, &sums) }
  }

  private func addInputGradients(
    _ g: Tensor, _ inputs: [Tensor], _ wanted: [Bool], _ sums: inout [Tensor?]
  ) {
    let frames = geometry.inputFrames
    // Written where the input's own gradient lies if nothing is there yet, else aside.
    let places = starts.indices.map { index -> Kernels.SignalView in
      let input = inputs[index]
      if wanted[index], forms[index].isPlace, sums[index] == nil {
        let sum = Tensor(uninitialized: input.shape)
        if frames < input.shape[1] { Kernels.fillOutside(sum, start: starts[index], frames: frames) }
        return .init(sum, start: starts[index])
      }
      return .init(Tensor(uninitialized: [geometry.batch, frames, channels[index]]))
    }
    Kernels.conv1DInputGradient(geometry, g, inputs[inputCount], into: places)
    for index in starts.indices where wanted[index] {
      if forms[index].isPlace, sums[index] == nil {
        sums[index] = places[index].tensor
      } else {
        forms[index].addAdjoint(places[index].tensor, inputs[index], start: starts[index], to: &sums[index])
      }
    }
  }
}

/// Dropout(activation(conv(inputs side by side, weight) + bias)).
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
  require(!inputs.isEmpty, "conv1D: no inputs")
  let batch = inputs[0].tensor.shape[0]
  let channels = inputs.reduce(0) { $0 + $1.channels }
  let frames = inputs.reduce(Int.max) { min($0, $1.frames) }
  require(
    inputs.allSatisfy { $0.tensor.shape[0] == batch } && weight.rank == 3
      && weight.shape[1] * groups == channels && (groups == 1 || inputs.count == 1)
      && (bias.map { $0.shape == [weight.shape[2]] } ?? true),
    """
    conv1D: inputs of shapes \(inputs.map(\.tensor.shape)), weights of shape \(weight.shape), bias of shape \
    \(bias.map { "\($0.shape)" } ?? "none"), \(groups) groups
    """)
  require(
    dropout == nil || activation.isKeptByDropout, "conv1D: no dropout in one operation with \(activation)")
  let operation = FusedConv1D(
    geometry: Conv1DGeometry(
      batch: batch, inputFrames: frames, inputChannels: channels, outputChannels: weight.shape[2],
      kernelSize: weight.shape[0], stride: stride, dilation: dilation, groups: groups, padding: padding),
    forms: inputs.map(\.form), starts: inputs.map { alignment.start(frames, of: $0.frames) },
    channels: inputs.map(\.channels), hasBias: bias != nil, hasIdentity: identity != nil,
    activation: activation, dropout: dropout)
  if let identity {
    let result = operation.geometry.outputShape
    require(
      activation == .none && dropout == nil && identity.rank == 3 && identity.shape[0] == batch
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
