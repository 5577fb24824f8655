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
    starts = inputs.map { $0.range.lowerBound + alignment.start(frames, of: $0.frames) }
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

  /// Some examples and frames: what is interpolated or gated on the way in exists for one piece at a time.
  struct Piece {
    let examples: Range<Int>
    /// Of what the convolution sees.
    let frames: Range<Int>
    let geometry: Conv1DGeometry
    /// Where the piece's results begin, counted in frames of all examples.
    let row: Int
  }

  /// The convolution cut so that a piece's share of memory is at most 16 MiB, if it can be cut.
  var pieces: [Piece] {
    let g = geometry
    let width = starts.indices.reduce(0) { forms[$1].isView ? $0 : $0 + channels[$1] }
    let limit = (1 << 22) / max(1, width)  // frames
    let isPointwise = g.kernelSize == 1 && g.stride == 1 && g.padding == .none
    func piece(_ examples: Range<Int>, _ frames: Range<Int>) -> Piece {
      Piece(
        examples: examples, frames: frames,
        geometry: Conv1DGeometry(
          batch: examples.count, inputFrames: frames.count, inputChannels: g.inputChannels,
          outputChannels: g.outputChannels, kernelSize: g.kernelSize, stride: g.stride,
          dilation: g.dilation, groups: g.groups, padding: g.padding),
        row: examples.lowerBound * g.outputFrames + frames.lowerBound)
    }
    if width == 0 || g.batch * g.inputFrames <= limit { return [piece(0..<g.batch, 0..<g.inputFrames)] }
    let isCutInTime = isPointwise && g.inputFrames > limit && !forms.contains { $0 != .whole && $0 != .gated }
    let examples = max(1, limit / max(1, g.inputFrames))
    let frames = isCutInTime ? max(1, limit) : g.inputFrames
    return stride(from: 0, to: g.batch, by: examples).flatMap { example in
      stride(from: 0, to: g.inputFrames, by: frames).map { frame in
        piece(
          example..<min(g.batch, example + examples), frame..<min(g.inputFrames, frame + frames))
      }
    }
  }

  private func views(_ inputs: [Tensor], _ piece: Piece) -> [Kernels.SignalView] {
    starts.indices.map {
      forms[$0].view(
        inputs[$0], piece.examples, start: starts[$0] + piece.frames.lowerBound, frames: piece.frames.count)
    }
  }

  /// The convolution with what follows it; `residual` adds the latest frames of a signal, in steps.
  func apply(
    _ inputs: [Tensor], _ epilogue: Kernels.Epilogue, residual: (tensor: Tensor, start: Int, step: Int)? = nil
  ) -> Tensor {
    var shape = geometry.outputShape
    if epilogue.isGated { shape[2] /= 2 }
    let y = Tensor(uninitialized: shape)
    for piece in pieces {
      var epilogue = epilogue
      if let residual {
        epilogue.residual = .init(
          residual.tensor, start: residual.start + piece.frames.lowerBound * residual.step,
          step: residual.step, example: piece.examples.lowerBound)
      }
      Kernels.conv1D(
        piece.geometry, views(inputs, piece), inputs[count], epilogue, into: y, row: piece.row)
    }
    return y
  }

  /// Adds what the gradient `g` of the sums contributes to inputs, weight and (behind it) bias.
  func accumulate(
    _ g: Tensor, _ inputs: [Tensor], _ wanted: [Bool], hasBias: Bool, into sums: inout [Tensor?]
  ) {
    if hasBias, wanted[count + 1] { sums[count + 1].add(Kernels.sum(g, to: inputs[count + 1].shape)) }
    let pieces = pieces
    if wanted[count] {
      for piece in pieces {
        sums[count].add(
          Kernels.conv1DWeightGradient(piece.geometry, views(inputs, piece), g, row: piece.row))
      }
    }
    guard wanted[..<count].contains(true) else { return }
    let isFirst = starts.indices.map { wanted[$0] && sums[$0] == nil }
    for index in starts.indices where wanted[index] {
      if isFirst[index] {
        sums[index] = forms[index].emptyAdjoint(
          inputs[index], start: starts[index], frames: geometry.inputFrames)
      } else {
        sums[index]?.makeUnique()
      }
    }
    for piece in pieces {
      let (example, frame) = (piece.examples.lowerBound, piece.frames.lowerBound)
      // Written where the input's own gradient lies if nothing is there yet, else aside.
      let places = starts.indices.map { index -> Kernels.SignalView in
        if isFirst[index], forms[index] == .whole, let sum = sums[index] {
          return .init(sum, start: starts[index] + frame, example: example)
        }
        return .init(Tensor(uninitialized: [piece.examples.count, piece.frames.count, channels[index]]))
      }
      Kernels.conv1DInputGradient(piece.geometry, g, row: piece.row, inputs[count], into: places)
      for index in starts.indices where wanted[index] && !(isFirst[index] && forms[index] == .whole) {
        guard let sum = sums[index] else { continue }
        forms[index].addAdjoint(
          places[index].tensor, inputs[index], example: example, start: starts[index] + frame, to: sum,
          isFirst: isFirst[index])
      }
    }
  }
}
