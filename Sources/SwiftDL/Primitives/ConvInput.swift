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
  /// The frames of the form that take part.
  private(set) var range: Range<Int>

  /// The signal as it is, `[batch, time, channels]`.
  public init(_ signal: Tensor) { self.init(signal, .whole) }

  private init(_ tensor: Tensor, _ form: Form) {
    require(tensor.rank == 3, "ConvInput: a signal of shape \(tensor.shape)")
    (self.tensor, self.form) = (tensor, form)
    range = 0..<form.frames(tensor.shape[1])
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

  /// Some of the frames that the convolution would see: nothing is copied.
  public func cropped(to frames: Range<Int>) -> ConvInput {
    require(
      frames.lowerBound >= 0 && frames.upperBound <= range.count, "ConvInput: frames \(frames) of \(range.count)")
    var cropped = self
    cropped.range = range.lowerBound + frames.lowerBound..<range.lowerBound + frames.upperBound
    return cropped
  }

  /// Frames that the convolution sees.
  public var frames: Int { range.count }
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

  /// Whether the convolution reads the input's own memory.
  var isView: Bool {
    switch self {
    case .whole, .decimated: true
    case .upsampled, .gated: false
    }
  }

  /// Some examples and frames start ..< start + frames of what the convolution sees.
  func view(_ x: Tensor, _ examples: Range<Int>, start: Int, frames: Int) -> Kernels.SignalView {
    let first = examples.lowerBound
    switch self {
    case .whole: return .init(x, start: start, example: first)
    case .decimated(let factor): return .init(x, start: start * factor, step: factor, example: first)
    case .upsampled(let edge): return .init(Kernels.upsample(x, examples, edge, mix: nil), start: start)
    case .gated: return .init(Kernels.gated(x, examples, start: start, frames: frames))
    }
  }

  /// Memory for an input's gradient that `setAdjoint` is about to write, piece by piece.
  func emptyAdjoint(_ x: Tensor, start: Int, frames: Int) -> Tensor {
    switch self {
    case .decimated: return .zeros(x.shape)
    case .upsampled: return Tensor(uninitialized: x.shape)
    case .whole, .gated:
      let sum = Tensor(uninitialized: x.shape)
      if frames < x.shape[1] { Kernels.fillOutside(sum, start: start, frames: frames) }
      return sum
    }
  }

  /// Takes the gradient `g` at frames start … of the examples from `example` on back to the input, and adds it
  /// to `sum`, or writes it where `sum` holds nothing yet.
  func addAdjoint(_ g: Tensor, _ x: Tensor, example: Int, start: Int, to sum: Tensor, isFirst: Bool) {
    let frames = g.shape[1]
    switch self {
    case .whole, .decimated:
      let step = if case .decimated(let factor) = self { factor } else { 1 }
      Kernels.addFrames(
        .init(g), count: frames, to: .init(sum, start: start * step, step: step, example: example),
        examples: g.shape[0])
    case .upsampled(let edge):
      let whole = edge.outputFrames(x.shape[1])
      let placed =
        frames == whole
        ? g : Kernels.embed(g, .init(axis: 1, start: start), in: [g.shape[0], whole, g.shape[2]])
      if isFirst { return Kernels.upsampleAdjoint(placed, edge, mix: nil, into: sum, example: example) }
      let part = Kernels.upsampleAdjoint(placed, edge, mix: nil, to: [g.shape[0], x.shape[1], x.shape[2]])
      Kernels.addFrames(
        .init(part), count: x.shape[1], to: .init(sum, example: example), examples: g.shape[0])
    case .gated:
      if isFirst {
        return Kernels.gatedGradient(x, g, example: example, start: start, into: sum, at: (example, start))
      }
      let part = Tensor(uninitialized: [g.shape[0], frames, x.shape[2]])
      Kernels.gatedGradient(x, g, example: example, start: start, into: part, at: (0, 0))
      Kernels.addFrames(
        .init(part), count: frames, to: .init(sum, start: start, example: example), examples: g.shape[0])
    }
  }
}

extension Kernels {
  /// x = x + y, where x's memory is nobody else's.
  static func addInPlace(_ y: Tensor, to x: Tensor) {
    require(ck_binary(context, .add, 0, x.count, x.elements, y.elements, x.elements))
  }

  /// Adds `count` frames of one view to those of another.
  static func addFrames(_ y: SignalView, count: Int, to x: SignalView, examples: Int) {
    if count <= 0 { return }
    let (from, to) = (y.input, x.output)
    withExtendedLifetime((x, y)) {
      require(
        ck_add_strided(
          context, 3, [examples, count, from.channels], from.data, [from.batch_stride, from.frame_stride, 1],
          to.data, [to.batch_stride, to.frame_stride, 1]))
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

  /// tanh·sigmoid of some examples and frames of `[batch, time, 2·channels]`.
  static func gated(_ x: Tensor, _ examples: Range<Int>, start: Int, frames: Int) -> Tensor {
    let channels = x.shape[2] / 2
    let y = Tensor(uninitialized: [examples.count, frames, channels])
    forEachRun(examples.count, frames, of: x.shape[1]) { example, count in
      let from = (examples.lowerBound + example) * x.shape[1] + start
      require(
        ck_gated(
          context, count, channels, x.elements + from * 2 * channels,
          y.elements + example * frames * channels))
    }
    return y
  }

  /// Its gradient for as many examples and frames as `g` has, from `example` and `start` on; into `result` from
  /// the given example and frame on.
  static func gatedGradient(
    _ x: Tensor, _ g: Tensor, example first: Int = 0, start: Int = 0, into result: Tensor,
    at place: (example: Int, start: Int) = (0, 0)
  ) {
    let (channels, frames) = (x.shape[2] / 2, g.shape[1])
    // All at once only when frames are whole on both sides.
    let all = result.shape[1] == x.shape[1] ? x.shape[1] : max(x.shape[1], frames + 1)
    forEachRun(g.shape[0], frames, of: all) { example, count in
      require(
        ck_gated_gradient(
          context, count, channels, x.elements + ((first + example) * x.shape[1] + start) * 2 * channels,
          g.elements + example * frames * channels,
          result.elements + ((place.example + example) * result.shape[1] + place.start) * 2 * channels))
    }
  }

  /// Examples one by one, or all at once when the frames are all there are.
  private static func forEachRun(
    _ examples: Int, _ frames: Int, of all: Int, _ body: (_ example: Int, _ count: Int) -> Void
  ) {
    if frames == all { return body(0, examples * frames) }
    for example in 0..<examples { body(example, frames) }
  }
}
