/// A layer whose weight is divided by its largest singular value σ, so that it stretches nothing.
///
/// The weight is seen as a matrix of output channels and the rest. In training every pass improves
/// the estimates u `[output channels]` and v `[rest]` of its singular vectors by one power
/// iteration, which `Context.update` keeps; gradients flow through σ = uᵀWv with u and v constant.
/// At first v is random and has seen 15 iterations. PyTorch's `parametrizations.spectral_norm`.
/// Of a context with several passes each has an iteration of its own.
/// Source: Miyato et al. 2018.
public struct SpectralNorm<Base: WeightedLayer>: Module {
  public var base: Base
  public var u: Tensor
  public var v: Tensor

  public init(_ base: Base, random: inout RandomStream) {
    self.base = base
    let matrix = base.matrix(base.weight)
    u = .zeros([matrix.shape[1]])
    v = Self.unit(random.normal([matrix.shape[0]]))
    for _ in 0..<15 { (u, v, _) = Self.iterated(matrix, v) }
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("base", &base)
    visit.buffer("u", &u)
    visit.buffer("v", &v)
  }

  /// The layer with the weight it stands for.
  public func normalized(_ context: Context) -> Base {
    var layer = base
    layer.weight = base.dividedWeight(estimates(ofRows: [0], context)[0])
    return layer
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    let rows = context.passes.isEmpty ? [x.shape[0]] : context.passes
    require(
      rows.reduce(0, +) == x.shape[0], "SpectralNorm: passes of \(rows) entries in a batch of \(x.shape[0])")
    return base.dividedBySingularValue(x, estimates(ofRows: rows, context))
  }

  /// The estimates of as many passes; in training each improves on the one before.
  private func estimates(ofRows rows: [Int], _ context: Context) -> [SingularEstimate] {
    let matrix = base.matrix(base.weight.detached)
    guard context.isTraining else {
      let largest = Kernels.dot(v, matmul(matrix, u.expanded(at: 1)).reshaped(v.shape))
      return rows.map { SingularEstimate(u: u, v: v, largest: largest, rows: $0) }
    }
    var latest = context.latest(v)
    let estimates = rows.map { count -> SingularEstimate in
      let (u, v, largest) = Self.iterated(matrix, latest)
      latest = v
      return SingularEstimate(u: u, v: v, largest: largest, rows: count)
    }
    if let last = estimates.last {
      context.update(u, to: last.u)
      context.update(v, to: last.v)
    }
    return estimates
  }

  /// u = Wᵀv / ‖Wᵀv‖, then v = Wu / ‖Wu‖ for W `[rest, output channels]`; then σ = vᵀWu is ‖Wu‖.
  private static func iterated(_ matrix: Tensor, _ v: Tensor) -> (u: Tensor, v: Tensor, largest: Float) {
    let u = unit(matmul(v.expanded(at: 0), matrix).reshaped([matrix.shape[1]]))
    let next = matmul(matrix, u.expanded(at: 1)).reshaped(v.shape)
    return (u, unit(next), norm(next))
  }

  private static func unit(_ x: Tensor) -> Tensor { x / max(norm(x), 1e-12) }
  private static func norm(_ x: Tensor) -> Float { Kernels.dot(x, x).squareRoot() }
}
