// The inputs of one convolution, side by side: forward as views, backward as gradients in their places.
internal import CKernels

/// How a convolution reads its inputs, which stand first among an operation's inputs, and the weight after them.
struct ConvInputs: Sendable {
  let geometry: Conv1DGeometry
  let forms: [ConvInput.Form]
  /// The first frame used of each input, as the convolution sees it.
  let starts: [Int]
  let channels: [Int]

  init(
    _ inputs: [ConvInput], _ weight: Tensor, bias: Tensor?, stride: Int, dilation: Int, groups: Int,
    padding: Padding, alignment: FrameAlignment
  ) {
    require(!inputs.isEmpty, "conv1D: no inputs")
    let batch = inputs[0].tensor.shape[0]
    let frames = inputs.reduce(Int.max) { min($0, $1.frames) }
    channels = inputs.map(\.channels)
    let total = channels.reduce(0, +)
    require(
      inputs.allSatisfy { $0.tensor.shape[0] == batch } && weight.rank == 3
        && weight.shape[1] * groups == total && (groups == 1 || inputs.count == 1)
        && (bias.map { $0.shape == [weight.shape[2]] } ?? true),
      """
      conv1D: inputs of shapes \(inputs.map(\.tensor.shape)), weights of shape \(weight.shape), bias of shape \
      \(bias.map { "\($0.shape)" } ?? "none"), \(groups) groups
      """)
    geometry = Conv1DGeometry(
      batch: batch, inputFrames: frames, inputChannels: total, outputChannels: weight.shape[2],
      kernelSize: weight.shape[0], stride: stride, dilation: dilation, groups: groups, padding: padding)
    forms = inputs.map(\.form)
    starts = inputs.map { alignment.start(frames, of: $0.frames) }
  }

  var count: Int { starts.count }

  /// conv(concat(cropped inputs), weight) in public operations.
  func definition(_ inputs: [Tensor]) -> Tensor {
    let parts = starts.indices.map { index in
      forms[index].definition(inputs[index])
        .sliced(axis: 1, starts[index]..<starts[index] + geometry.inputFrames)
    }
    return conv1D(
      .concatenated(parts, axis: 2), inputs[count], stride: geometry.stride,
      dilation: geometry.dilation, groups: geometry.groups, padding: geometry.padding)
  }

  func views(_ inputs: [Tensor]) -> [Kernels.SignalView] {
    starts.indices.map { forms[$0].view(inputs[$0], start: starts[$0], frames: geometry.inputFrames) }
  }

  /// Adds what the gradient `g` of the sums contributes to inputs, weight and (behind it) bias.
  func accumulate(
    _ g: Tensor, _ inputs: [Tensor], _ wanted: [Bool], hasBias: Bool, into sums: inout [Tensor?]
  ) {
    if hasBias, wanted[count + 1] { sums[count + 1].add(Kernels.sum(g, to: inputs[count + 1].shape)) }
    if wanted[count] { sums[count].add(Kernels.conv1DWeightGradient(geometry, views(inputs), g)) }
    guard wanted[..<count].contains(true) else { return }
    let frames = geometry.inputFrames
    // Written where the input's own gradient lies if nothing is there yet, else aside.
    let isDirect = starts.indices.map { wanted[$0] && forms[$0].isPlace && sums[$0] == nil }
    let places = starts.indices.map { index -> Kernels.SignalView in
      let input = inputs[index]
      guard isDirect[index] else {
        return .init(Tensor(uninitialized: [geometry.batch, frames, channels[index]]))
      }
      let sum = Tensor(uninitialized: input.shape)
      if frames < input.shape[1] { Kernels.fillOutside(sum, start: starts[index], frames: frames) }
      return .init(sum, start: starts[index])
    }
    Kernels.conv1DInputGradient(geometry, g, inputs[count], into: places)
    for index in starts.indices where wanted[index] {
      if isDirect[index], sums[index] == nil {
        sums[index] = places[index].tensor
      } else if isDirect[index] {
        sums[index].add(places[index].tensor)
      } else {
        forms[index].addAdjoint(places[index].tensor, inputs[index], start: starts[index], to: &sums[index])
      }
    }
  }
}
