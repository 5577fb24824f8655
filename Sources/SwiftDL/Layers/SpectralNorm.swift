/// A layer whose weight is divided by its largest singular value σ, so that it stretches nothing.
///
/// The weight is seen as a matrix of output channels and the rest. In training every pass improves
/// the estimates u `[output channels]` and v `[rest]` of its singular vectors by one power
/// iteration, which `Context.update` keeps; gradients flow through σ = uᵀWv with u and v constant.
/// At first v is random and has seen 15 iterations. PyTorch's `parametrizations.spectral_norm`.
/// Source: Miyato et al. 2018.
public struct SpectralNorm<Base: WeightedLayer>: Module {
  public var base: Base
  public var u: Tensor
  public var v: Tensor

  public init(_ base: Base, random: inout RandomStream) {
    self.base = base
    let matrix = Self.matrix(base)
    u = .zeros([matrix.shape[1]])
    v = Self.unit(random.normal([matrix.shape[0]]))
    for _ in 0..<15 { (u, v) = Self.iterated(matrix, v) }
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("base", &base)
    visit.buffer("u", &u)
    visit.buffer("v", &v)
  }

  /// The layer with the weight it stands for.
  public func normalized(_ context: Context) -> Base {
    let matrix = Self.matrix(base)
    var (u, v) = (u, v)
    if context.isTraining {
      (u, v) = Self.iterated(matrix.detached, context.latest(self.v))
      context.update(self.u, to: u)
      context.update(self.v, to: v)
    }
    var layer = base
    if base.outputAxis == base.weight.rank - 1 {
      layer.weight = spectralWeight(base.weight, u: u, v: v)
    } else {
      let largest = (v * matmul(matrix, u.expanded(at: 1)).reshaped(v.shape)).sum()
      layer.weight = base.weight / largest
    }
    return layer
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { normalized(context)(x) }

  /// The weight as `[rest, output channels]`.
  private static func matrix(_ layer: Base) -> Tensor {
    let weight = layer.weight
    let axis = layer.outputAxis
    let order = weight.shape.indices.filter { $0 != axis } + [axis]
    let moved = axis == weight.rank - 1 ? weight : weight.permuted(order)
    return moved.reshaped([-1, weight.shape[axis]])
  }

  /// u = Wv / ‖Wv‖, then v = Wᵀu / ‖Wᵀu‖.
  private static func iterated(_ matrix: Tensor, _ v: Tensor) -> (u: Tensor, v: Tensor) {
    let u = unit(matmul(v.expanded(at: 0), matrix).reshaped([matrix.shape[1]]))
    return (u, unit(matmul(matrix, u.expanded(at: 1)).reshaped(v.shape)))
  }

  private static func unit(_ x: Tensor) -> Tensor {
    x / max(Kernels.dot(x, x).squareRoot(), 1e-12)
  }
}
