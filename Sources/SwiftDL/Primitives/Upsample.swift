// Doubling the frame rate of a signal by interpolation.
internal import CKernels

/// What stands after the last frame when a signal's rate is doubled.
public enum UpsampleEdge: String, Sendable, Codable {
  /// Nothing: n frames become 2n − 1, interpolating only between known neighbours.
  case interior
  /// The last frame again: n become 2n.
  case replicate
  /// Zero: n become 2n.
  case zero

  var code: ck_upsample_edge {
    switch self {
    case .interior: .interior
    case .replicate: .replicate
    case .zero: .zero
    }
  }

  /// Frames after doubling `frames`.
  public func outputFrames(_ frames: Int) -> Int {
    self == .interior ? max(0, 2 * frames - 1) : 2 * frames
  }
}

extension Kernels {
  static func upsample(_ x: Tensor, _ edge: UpsampleEdge, mix: Tensor?) -> Tensor {
    upsample(x, 0..<x.shape[0], edge, mix: mix)
  }

  /// Of some examples.
  static func upsample(_ x: Tensor, _ examples: Range<Int>, _ edge: UpsampleEdge, mix: Tensor?) -> Tensor {
    let (frames, channels) = (x.shape[1], x.shape[2])
    let y = Tensor(uninitialized: [examples.count, edge.outputFrames(frames), channels])
    var g = geometry([examples.count, frames, channels], edge)
    let first = x.elements + examples.lowerBound * frames * channels
    require(ck_upsample(context, &g, mix?.elements, first, y.elements))
    return y
  }

  static func upsampleAdjoint(_ y: Tensor, _ edge: UpsampleEdge, mix: Tensor?, to shape: Shape) -> Tensor {
    let x = Tensor(uninitialized: shape)
    upsampleAdjoint(y, edge, mix: mix, into: x, example: 0)
    return x
  }

  /// Of as many examples as `y` has, into those of `x` from `example` on.
  static func upsampleAdjoint(
    _ y: Tensor, _ edge: UpsampleEdge, mix: Tensor?, into x: Tensor, example: Int
  ) {
    let (frames, channels) = (x.shape[1], x.shape[2])
    var g = geometry([y.shape[0], frames, channels], edge)
    let first = x.elements + example * frames * channels
    require(ck_upsample_adjoint(context, &g, mix?.elements, y.elements, first))
  }

  static func upsampleMixGradient(_ x: Tensor, _ y: Tensor, _ edge: UpsampleEdge) -> Tensor {
    let gradient = Tensor(uninitialized: [x.shape[2]])
    var g = geometry(x.shape, edge)
    require(ck_upsample_mix_gradient(context, &g, x.elements, y.elements, gradient.elements))
    return gradient
  }

  private static func geometry(_ shape: Shape, _ edge: UpsampleEdge) -> ck_upsample_geometry {
    ck_upsample_geometry(batch: shape[0], frames: shape[1], channels: shape[2], edge: edge.code)
  }
}

private struct LinearUpsample: LinearMap {
  let shape: Shape
  let edge: UpsampleEdge
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    adjoint
      ? Kernels.upsampleAdjoint(x, edge, mix: nil, to: shape) : Kernels.upsample(x, edge, mix: nil)
  }
}

/// y[2i] = x[i], y[2i+1] = mix·x[i] + (1 − mix)·x[i+1] per channel.
private struct MixedUpsample: FusedOperation {
  let edge: UpsampleEdge
  var keepsOutput: Bool { false }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let (x, mix) = (inputs[0], inputs[1])
    let frames = x.shape[1]
    let next: Tensor
    switch edge {
    case .interior: next = x.sliced(axis: 1, 1..<frames)
    case .replicate:
      next = .concatenated([x.sliced(axis: 1, 1..<frames), x.sliced(axis: 1, frames - 1..<frames)], axis: 1)
    case .zero: next = x.sliced(axis: 1, 1..<frames).padded(axis: 1, before: 0, after: 1)
    }
    let here = x.sliced(axis: 1, 0..<next.shape[1])
    let odd = next + mix * (here - next)
    let pairs = Tensor.stacked([here, odd], axis: 2)
      .reshaped([x.shape[0], 2 * next.shape[1], x.shape[2]])
    return edge == .interior
      ? .concatenated([pairs, x.sliced(axis: 1, frames - 1..<frames)], axis: 1) : pairs
  }

  func apply(_ inputs: [Tensor]) -> Tensor { Kernels.upsample(inputs[0], edge, mix: inputs[1]) }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    if wanted[1] { sums[1].add(Kernels.upsampleMixGradient(inputs[0], cotangent, edge)) }
    if wanted[0] {
      sums[0].add(Kernels.upsampleAdjoint(cotangent, edge, mix: inputs[1], to: inputs[0].shape))
    }
  }
}

extension Tensor {
  /// A signal `[batch, time, channels]` at twice its frame rate: even frames are kept, odd ones lie between.
  ///
  /// - Parameter mix: `[channels]`, the share of the earlier neighbour in an odd frame; one half when absent.
  /// - Source: Wave-U-Net, section 3.2.1 (learned upsampling is `mix = sigmoid(w)`).
  public func upsampled(edge: UpsampleEdge, mix: Tensor? = nil) -> Tensor {
    require(
      rank == 3 && shape[1] > 0 && (mix.map { $0.shape == [shape[2]] } ?? true),
      "upsampled: a signal of shape \(shape)\(mix.map { " with mix of shape \($0.shape)" } ?? "")")
    guard let mix else { return linear(LinearUpsample(shape: shape, edge: edge), self) }
    return fused(MixedUpsample(edge: edge), [self, mix])
  }
}
