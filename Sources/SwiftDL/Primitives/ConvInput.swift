// What a convolution may read in place of a tensor that somebody would have to write first.
internal import CKernels

/// A signal as a convolution reads it: whole, at half its rate, at twice its rate, or gated.
///
/// What is done to the signal on the way in is part of the convolution: it leaves nothing behind for the
/// backward pass, which works it out again. Half the rate is a view and costs nothing at all.
public struct ConvInput: Sendable {
  enum Form: Sendable, Hashable {
    case whole
    case decimated(Int)
    case upsampled(UpsampleEdge)
    case gated
  }
  let tensor: Tensor
  let form: Form

  /// The signal as it is, `[batch, time, channels]`.
  public init(_ signal: Tensor) { self.init(signal, .whole) }

  private init(_ tensor: Tensor, _ form: Form) {
    require(tensor.rank == 3, "ConvInput: a signal of shape \(tensor.shape)")
    (self.tensor, self.form) = (tensor, form)
  }

  /// Every `factor`-th frame, the first one included: `decimated(axis: 1, by: factor)`.
  public static func decimated(_ signal: Tensor, by factor: Int) -> ConvInput {
    require(factor > 0, "ConvInput: every \(factor)-th frame")
    return ConvInput(signal, factor == 1 ? .whole : .decimated(factor))
  }

  /// Twice the frame rate by linear interpolation: `upsampled(edge:)`.
  public static func upsampled(_ signal: Tensor, edge: UpsampleEdge) -> ConvInput {
    ConvInput(signal, .upsampled(edge))
  }

  /// tanh of the first half of the channels times sigmoid of the second: `gated()`.
  public static func gated(_ signal: Tensor) -> ConvInput {
    require(signal.shape[signal.rank - 1] % 2 == 0, "ConvInput: the channels of \(signal.shape) have no halves")
    return ConvInput(signal, .gated)
  }

  /// Frames that the convolution sees.
  public var frames: Int { form.frames(tensor.shape[1]) }
  /// Channels that the convolution sees.
  public var channels: Int { form == .gated ? tensor.shape[2] / 2 : tensor.shape[2] }
}

/// Which frames of longer inputs take part.
public enum FrameAlignment: Sendable, Hashable {
  /// The middle ones; of an odd surplus, the extra frame is left out at the end.
  case middle
  /// The latest ones, as causal networks need.
  case latest

  func start(_ frames: Int, of all: Int) -> Int { self == .middle ? (all - frames) / 2 : all - frames }
}

extension ConvInput.Form {
  func frames(_ frames: Int) -> Int {
    switch self {
    case .whole, .gated: frames
    case .decimated(let factor): (frames + factor - 1) / factor
    case .upsampled(let edge): edge.outputFrames(frames)
    }
  }

  /// In public operations.
  func definition(_ x: Tensor) -> Tensor {
    switch self {
    case .whole: x
    case .gated: x.gated()
    case .decimated(let factor): x.decimated(axis: 1, by: factor)
    case .upsampled(let edge): x.upsampled(edge: edge)
    }
  }

  /// Frames start ..< start + frames of what the convolution sees.
  func view(_ x: Tensor, start: Int, frames: Int) -> Kernels.SignalView {
    switch self {
    case .whole: .init(x, start: start)
    case .decimated(let factor): .init(x, start: start * factor, step: factor)
    case .upsampled(let edge): .init(Kernels.upsample(x, edge, mix: nil), start: start)
    case .gated: .init(Kernels.gated(x, start: start, frames: frames))
    }
  }

  /// Whether gradients can be written where the input's own lie.
  var isPlace: Bool { self == .whole }

  /// Adds to `sum`, of the input's shape, what the gradient `g` at frames start ... contributes.
  func addAdjoint(_ g: Tensor, _ x: Tensor, start: Int, to sum: inout Tensor?) {
    let frames = g.shape[1]
    switch self {
    case .whole, .decimated:
      let step = if case .decimated(let factor) = self { factor } else { 1 }
      var total = sum.take() ?? .zeros(x.shape)
      total.makeUnique()
      Kernels.addFrames(g, to: total, start: start * step, step: step)
      sum = total
    case .upsampled(let edge):
      let whole = edge.outputFrames(x.shape[1])
      let placed = frames == whole ? g : Kernels.embed(g, .init(axis: 1, start: start), in: x.shape.replacing(axis: 1, with: whole))
      sum.add(Kernels.upsampleAdjoint(placed, edge, mix: nil, to: x.shape))
    case .gated:
      let part = Tensor(uninitialized: x.shape)
      if frames < x.shape[1] { Kernels.fillOutside(part, start: start, frames: frames) }
      Kernels.gatedGradient(x, g, start: start, into: part)
      sum.add(part)
    }
  }
}

extension Kernels {
  /// x = x + y, where x's memory is nobody else's.
  static func addInPlace(_ y: Tensor, to x: Tensor) {
    require(ck_binary(context, .add, 0, x.count, x.elements, y.elements, x.elements))
  }

  /// Adds frames to every `step`-th frame of a signal from `start` on.
  static func addFrames(_ y: Tensor, to x: Tensor, start: Int, step: Int = 1) {
    let (frames, channels) = (x.shape[1], x.shape[2])
    let y = SignalView(y)
    addFrames(
      y, count: min(y.tensor.shape[1], (frames - start + step - 1) / step), to: SignalView(x, start: start, step: step),
      channels: channels)
  }

  /// Adds `count` frames of one view to those of another.
  static func addFrames(_ y: SignalView, count: Int, to x: SignalView, channels: Int) {
    if count <= 0 { return }
    let (from, to) = (y.input, x.output)
    withExtendedLifetime((x, y)) {
      let shape = [x.tensor.shape[0], count, channels]
      require(ck_add_strided(
        context, 3, shape, from.data, [from.batch_stride, from.frame_stride, 1], to.data,
        [to.batch_stride, to.frame_stride, 1]))
    }
  }

  /// Writes zeros to the frames before `start` and from `start + frames` on.
  static func fillOutside(_ x: Tensor, start: Int, frames: Int) {
    let (all, channels) = (x.shape[1], x.shape[2])
    for example in 0..<x.shape[0] {
      let first = x.elements + example * all * channels
      require(ck_fill(context, start * channels, 0, first))
      require(
        ck_fill(context, (all - start - frames) * channels, 0, first + (start + frames) * channels))
    }
  }

  /// tanh·sigmoid of some frames of `[batch, time, 2·channels]`.
  static func gated(_ x: Tensor, start: Int, frames: Int) -> Tensor {
    let channels = x.shape[2] / 2
    let y = Tensor(uninitialized: [x.shape[0], frames, channels])
    forEachPiece(x.shape, frames) { example, count in
      require(ck_gated(
        context, count, channels, x.elements + (example * x.shape[1] + start) * 2 * channels,
        y.elements + example * frames * channels))
    }
    return y
  }

  /// Its gradient, into the same frames of `result`.
  static func gatedGradient(_ x: Tensor, _ g: Tensor, start: Int, into result: Tensor) {
    let (channels, frames) = (x.shape[2] / 2, g.shape[1])
    forEachPiece(x.shape, frames) { example, count in
      let offset = (example * x.shape[1] + start) * 2 * channels
      require(ck_gated_gradient(
        context, count, channels, x.elements + offset, g.elements + example * frames * channels,
        result.elements + offset))
    }
  }

  /// Examples one by one, or all at once when the frames are all there are.
  private static func forEachPiece(_ shape: Shape, _ frames: Int, _ body: (_ example: Int, _ count: Int) -> Void) {
    if frames == shape[1] { return body(0, shape[0] * frames) }
    for example in 0..<shape[0] { body(example, frames) }
  }
}
