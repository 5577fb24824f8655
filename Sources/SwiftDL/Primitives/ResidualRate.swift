// What a residual connection adds: the latest frames of a signal, at some rate.

/// The frame rate of a residual connection's result, in terms of its input's.
public enum ResidualRate: Sendable, Hashable {
  case same
  /// Every second frame, counted back from the latest.
  case half
  /// Every frame twice, the latest one once.
  case double

  /// Frames there are to add.
  public func frames(_ frames: Int) -> Int {
    switch self {
    case .same: frames
    case .half: (frames + 1) / 2
    case .double: max(0, 2 * frames - 1)
    }
  }

  /// The latest `count` frames at this rate, in public operations.
  func definition(_ x: Tensor, _ count: Int) -> Tensor {
    let frames = x.shape[1]
    switch self {
    case .same: return x.sliced(axis: 1, frames - count..<frames)
    case .half: return x.sliced(axis: 1, frames + 1 - 2 * count..<frames).decimated(axis: 1, by: 2)
    case .double:
      let twice = Tensor.stacked([x, x], axis: 2).reshaped([x.shape[0], 2 * frames, x.shape[2]])
      return twice.sliced(axis: 1, 2 * frames - 1 - count..<2 * frames - 1)
    }
  }

  /// The frames of x (from, step) that lie over frames of y (to, step), `count` of them.
  struct Piece {
    let from: Int
    let fromStep: Int
    let to: Int
    let toStep: Int
    let count: Int
  }

  /// How x's frames lie over the latest `count` at this rate.
  func pieces(_ frames: Int, _ count: Int) -> [Piece] {
    switch self {
    case .same: return [Piece(from: frames - count, fromStep: 1, to: 0, toStep: 1, count: count)]
    case .half:
      return [Piece(from: frames + 1 - 2 * count, fromStep: 2, to: 0, toStep: 1, count: count)]
    case .double:
      // Frame t of the result is frame (t + start) / 2 of x.
      let start = 2 * frames - 1 - count
      return [0, 1].map { first in
        Piece(
          from: (start + first) / 2, fromStep: 1, to: first, toStep: 2, count: (count + 1 - first) / 2)
      }
    }
  }

  /// Adds x's latest frames at this rate to y, whose memory is nobody else's.
  func add(_ x: Tensor, to y: Tensor) {
    for piece in pieces(x.shape[1], y.shape[1]) {
      Kernels.addFrames(
        .init(x, start: piece.from, step: piece.fromStep), count: piece.count,
        to: .init(y, start: piece.to, step: piece.toStep), examples: y.shape[0])
    }
  }

  /// Adds the gradient of x, of the given shape, for a gradient `g` of what was added.
  func addAdjoint(_ g: Tensor, of shape: Shape, to sum: inout Tensor?) {
    if self == .same, shape[1] == g.shape[1] { return sum.add(g) }
    var total = sum.take() ?? .zeros(shape)
    total.makeUnique()
    for piece in pieces(shape[1], g.shape[1]) {
      Kernels.addFrames(
        .init(g, start: piece.to, step: piece.toStep), count: piece.count,
        to: .init(total, start: piece.from, step: piece.fromStep), examples: g.shape[0])
    }
    sum = total
  }
}
