// Convolution over several inputs side by side, with bias and activation, in one kernel.

/// Activation(conv(concat(cropped inputs), weight) + bias) as one pass over memory.
///
/// Earned by Wave-U-Net's up blocks: a skip connection costs neither a crop nor a concatenation, and the bias
/// and activation cost no pass of their own.
private struct FusedConv1D: FusedOperation {
  let geometry: Conv1DGeometry
  /// The first frame used of each input.
  let starts: [Int]
  let hasBias: Bool
  let activation: Activation

  var inputCount: Int { starts.count }
  var keepsOutput: Bool { activation != .none }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let parts = zip(inputs, starts).map { input, start in
      input.sliced(axis: 1, start..<start + geometry.inputFrames)
    }
    let sum = conv1D(
      .concatenated(Array(parts), axis: 2), inputs[inputCount], stride: geometry.stride,
      dilation: geometry.dilation, groups: geometry.groups, padding: geometry.padding)
    return (hasBias ? sum + inputs[inputCount + 1] : sum).activated(activation)
  }

  private func views(_ tensors: [Tensor]) -> [Kernels.SignalView] {
    zip(tensors, starts).map { Kernels.SignalView($0, start: $1) }
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    Kernels.conv1D(
      geometry, views(inputs), inputs[inputCount], bias: hasBias ? inputs[inputCount + 1] : nil,
      activation)
  }

  func fusedPullback(_ cotangent: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool])
    -> [Tensor?]
  {
    let g = activation.fusedPullback(cotangent, output)
    var result = [Tensor?](repeating: nil, count: inputs.count)
    if wanted[..<inputCount].contains(true) {
      // A cropped input's gradient is zero outside the crop.
      let parts = inputs[..<inputCount].map { input in
        input.shape[1] == geometry.inputFrames
          ? Tensor(uninitialized: input.shape) : Tensor.zeros(input.shape)
      }
      Kernels.conv1DInputGradient(geometry, g, inputs[inputCount], into: views(parts))
      for index in 0..<inputCount where wanted[index] { result[index] = parts[index] }
    }
    if wanted[inputCount] {
      result[inputCount] = Kernels.conv1DWeightGradient(
        geometry, views(Array(inputs[..<inputCount])), g)
    }
    if hasBias, wanted[inputCount + 1] {
      result[inputCount + 1] = Kernels.sum(g, to: inputs[inputCount + 1].shape)
    }
    return result
  }
}

/// Activation(conv(inputs side by side, weight) + bias).
///
/// - Parameters:
///   - inputs: `[batch, time, channels]`, their channels adding up to the weight's input channels. Longer ones
///     are cropped to the middle of the shortest one's length (of an odd surplus, the extra frame at the end).
///   - bias: `[output channels]`.
public func conv1D(
  _ inputs: [Tensor], _ weight: Tensor, bias: Tensor?, activation: Activation = .none, stride: Int = 1,
  dilation: Int = 1, groups: Int = 1, padding: Padding = .none
) -> Tensor {
  require(!inputs.isEmpty, "conv1D: no inputs")
  let areSignals = inputs.allSatisfy { $0.rank == 3 && $0.shape[0] == inputs[0].shape[0] }
  let channels = areSignals ? inputs.reduce(0) { $0 + $1.shape[2] } : 0
  let frames = areSignals ? inputs.reduce(Int.max) { min($0, $1.shape[1]) } : 0
  require(
    areSignals && weight.rank == 3 && weight.shape[1] * groups == channels
      && (groups == 1 || inputs.count == 1)
      && (bias.map { $0.shape == [weight.shape[2]] } ?? true),
    """
    conv1D: inputs of shapes \(inputs.map(\.shape)), weights of shape \(weight.shape), bias of shape \
    \(bias.map { "\($0.shape)" } ?? "none"), \(groups) groups
    """)
  let operation = FusedConv1D(
    geometry: Conv1DGeometry(
      batch: inputs[0].shape[0], inputFrames: frames, inputChannels: channels,
      outputChannels: weight.shape[2], kernelSize: weight.shape[0], stride: stride, dilation: dilation,
      groups: groups, padding: padding),
    starts: inputs.map { ($0.shape[1] - frames) / 2 }, hasBias: bias != nil, activation: activation)
  return fused(operation, inputs + [weight] + (bias.map { [$0] } ?? []))
}
