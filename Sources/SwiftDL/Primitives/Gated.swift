// The gate of WaveNet's units, with the residual connection round it, in one pass over memory.
internal import CKernels

/// tanh of the first half of the channels times sigmoid of the second.
///
/// Earned on [4, 8192, 64] (one thread, AVX-512): with gradients 2.6 ms where the composition took 11.4 ms.
private struct Gated: FusedOperation {
  var keepsOutput: Bool { false }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let channels = inputs[0].shape[inputs[0].rank - 1] / 2
    let signal = inputs[0].sliced(axis: -1, 0..<channels)
    let gate = inputs[0].sliced(axis: -1, channels..<2 * channels)
    return signal.tanh() * gate.sigmoid()
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let x = Self.rows(inputs[0])
    let y = Kernels.gated(x, 0..<x.shape[0], start: 0, frames: x.shape[1])
    return Tensor(
      shape: inputs[0].shape.replacing(axis: inputs[0].rank - 1, with: x.shape[2] / 2), storage: y.storage)
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let gradient = Tensor(uninitialized: inputs[0].shape)
    let x = Self.rows(inputs[0])
    Kernels.gatedGradient(x, Self.rows(cotangent), into: Tensor(shape: x.shape, storage: gradient.storage))
    sums[0].add(gradient)
  }

  private static func rows(_ x: Tensor) -> Tensor {
    let channels = x.shape[x.rank - 1]
    return Tensor(shape: [1, x.count / max(1, channels), channels], storage: x.storage)
  }
}

extension Tensor {
  /// tanh(a)·sigmoid(b), where a is the first half of the channels (the last axis) and b the second.
  public func gated() -> Tensor {
    require(
      rank >= 1 && shape[rank - 1] % 2 == 0, "gated: the channels of shape \(shape) have no halves")
    return fused(Gated(), [self])
  }
}

/// The latest frames of a gated signal.
///
/// Earned by WaveNet's skip connections: what is cropped away is not gated, and only the crop's gradient waits
/// for the layer's turn.
private struct GatedCrop: FusedOperation {
  let frames: Int
  var keepsOutput: Bool { false }

  func definition(_ inputs: [Tensor]) -> Tensor { ResidualRate.same.definition(inputs[0].gated(), frames) }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let x = inputs[0]
    return Kernels.gated(x, 0..<x.shape[0], start: x.shape[1] - frames, frames: frames)
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let (x, form) = (inputs[0], ConvInput.Form.gated)
    let start = x.shape[1] - frames
    let isFirst = sums[0] == nil
    var sum = sums[0].take() ?? form.emptyAdjoint(x, start: start, frames: frames)
    sum.makeUnique()
    form.addAdjoint(cotangent, x, example: 0, start: start, to: sum, isFirst: isFirst)
    sums[0] = sum
  }
}

extension Tensor {
  /// tanh(a)·sigmoid(b) of the latest frames of a signal `[batch, time, 2·channels]`.
  public func gated(latest frames: Int) -> Tensor {
    require(
      rank == 3 && shape[2] % 2 == 0 && frames >= 0 && frames <= shape[1],
      "gated: the latest \(frames) frames of a signal of shape \(shape)")
    return fused(GatedCrop(frames: frames), [self])
  }
}

// MARK: - With a residual connection

/// identity + tanh(a)·sigmoid(b).
///
/// Earned by Seq-U-Net's and WaveNet's layers: the identity is neither cropped, thinned nor doubled in memory.
private struct GatedResidual: FusedOperation {
  let rate: ResidualRate
  var keepsOutput: Bool { false }

  func definition(_ inputs: [Tensor]) -> Tensor {
    rate.definition(inputs[1], inputs[0].shape[1]) + inputs[0].gated()
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let (x, identity) = (inputs[0], inputs[1])
    let y = Kernels.gated(x, 0..<x.shape[0], start: 0, frames: x.shape[1])
    rate.add(identity, to: y)
    return y
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let (x, identity) = (inputs[0], inputs[1])
    if wanted[0] {
      let gradient = Tensor(uninitialized: x.shape)
      Kernels.gatedGradient(x, cotangent, into: gradient)
      sums[0].add(gradient)
    }
    if wanted[1] { rate.addAdjoint(cotangent, of: identity.shape, to: &sums[1]) }
  }
}

extension Tensor {
  /// identity + tanh(a)·sigmoid(b) for `[batch, time, 2·channels]`: a gated unit's sums and what they are
  /// added to, of which the latest frames count.
  ///
  /// - Parameter identity: `[batch, frames, channels]`, with at least as many frames as self at `rate`.
  public func gated(addedTo identity: Tensor, rate: ResidualRate = .same) -> Tensor {
    require(
      rank == 3 && identity.rank == 3 && shape[0] == identity.shape[0]
        && shape[2] == 2 * identity.shape[2] && rate.frames(identity.shape[1]) >= shape[1],
      "gated: sums of shape \(shape) added to \(identity.shape) at \(rate) rate")
    return fused(GatedResidual(rate: rate), [self, identity])
  }
}
