// Dropout whose mask is never kept: it is drawn again whenever it is needed.
internal import CKernels

/// Which elements of a tensor vanish, and by how much the others grow so that the mean stays.
///
/// Element i stays when number position + i of the stream `key` says so (see `RandomStream`), and is then
/// multiplied by 1 / (1 − `probability`).
public struct DropoutMask: Sendable, Hashable {
  public let key: UInt64
  public let position: UInt64
  /// The share of elements that vanish.
  public let probability: Float

  public init(key: UInt64, position: UInt64, probability: Float) {
    require(probability >= 0 && probability < 1, "DropoutMask: a share of \(probability) vanishes")
    (self.key, self.position, self.probability) = (key, position, probability)
  }

  /// y = mask · x; y may be x. Drawn in pieces that stay in the cache.
  func apply(_ x: Tensor, into y: Tensor) {
    let piece = min(x.count, 1 << 16)
    let mask = Tensor(uninitialized: [piece])
    let kept = 1 - probability
    for start in stride(from: 0, to: x.count, by: max(1, piece)) {
      let count = min(piece, x.count - start)
      require(
        ck_random_bernoulli(
          Kernels.context, key, position &+ UInt64(start), count, kept, 1 / kept, mask.elements))
      require(
        ck_binary(
          Kernels.context, .multiply, 0, count, x.elements + start, mask.elements, y.elements + start))
    }
  }
}

/// x ↦ mask · x is linear and its own adjoint.
private struct Drop: LinearMap {
  let mask: DropoutMask
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    let y = Tensor(uninitialized: x.shape)
    mask.apply(x, into: y)
    return y
  }
}

extension Tensor {
  /// The elements that a mask keeps, scaled, and zeros; self without a mask.
  public func dropped(by mask: DropoutMask?) -> Tensor {
    mask.map { linear(Drop(mask: $0), self) } ?? self
  }
}

extension Activation {
  /// Whether the slope can be told from a dropped output: only its sign may matter.
  var isKeptByDropout: Bool {
    switch self {
    case .none, .relu, .leakyReLU: true
    case .tanh, .sigmoid: false
    }
  }

  /// cotangent × mask × slope, from the output `y`; in the cotangent's memory when nobody else holds it.
  func pullback(_ cotangent: consuming Tensor, _ y: Tensor, _ dropout: DropoutMask?) -> Tensor {
    if self == .none, dropout == nil { return cotangent }
    var source = cotangent
    let g = source.isUnique ? source : Tensor(uninitialized: source.shape)
    dropout?.apply(source, into: g)
    apply(slopeAt: y, dropout == nil ? source : g, into: g)
    return g
  }

  /// g = cotangent × slope, from the output `y`; `g` may be `cotangent`.
  private func apply(slopeAt y: Tensor, _ cotangent: Tensor, into g: Tensor) {
    let op: ck_binary_op? =
      switch self {
      case .none: nil
      case .relu: .relu_gradient
      case .leakyReLU: .leaky_relu_gradient
      case .tanh: .tanh_gradient
      case .sigmoid: .sigmoid_gradient
      }
    guard let op else { return }
    require(ck_binary(Kernels.context, op, slope, g.count, y.elements, cotangent.elements, g.elements))
  }

  /// y = activation(y), where y's memory is nobody else's.
  func apply(inPlace y: Tensor) {
    let op: ck_unary_op? =
      switch self {
      case .none: nil
      case .relu: .relu
      case .leakyReLU: .leaky_relu
      case .tanh: .tanh
      case .sigmoid: .sigmoid
      }
    if let op { require(ck_unary(Kernels.context, op, slope, 0, y.count, y.elements, y.elements)) }
  }
}
