/// How a layer draws its first weights.
public enum Initialization: Sendable, Hashable {
  /// Uniform within ±√(6 / (fan in + fan out)), bias zero: TensorFlow's default (Glorot & Bengio
  /// 2010).
  case glorotUniform
  /// Weights and bias uniform within ±1/√(fan in): PyTorch's default (`kaiming_uniform_` with a =
  /// √5).
  case kaimingUniform
  /// Normal around 0, bias zero.
  case normal(standardDeviation: Float)
  /// All zero.
  case zeros

  /// Weights of a layer whose every output sums over `fanIn` inputs and every input reaches
  /// `fanOut` outputs.
  public func weight(_ shape: Shape, fanIn: Int, fanOut: Int, random: inout RandomStream) -> Tensor {
    switch self {
    case .glorotUniform:
      Self.uniform(shape, limit: (6 / Float(fanIn + fanOut)).squareRoot(), &random)
    case .kaimingUniform: Self.uniform(shape, limit: 1 / Float(fanIn).squareRoot(), &random)
    case .normal(let deviation): random.normal(shape, standardDeviation: deviation)
    case .zeros: .zeros(shape)
    }
  }

  /// The bias that goes with the weights.
  public func bias(_ count: Int, fanIn: Int, random: inout RandomStream) -> Tensor {
    self == .kaimingUniform
      ? Self.uniform([count], limit: 1 / Float(fanIn).squareRoot(), &random) : .zeros([count])
  }

  private static func uniform(_ shape: Shape, limit: Float, _ random: inout RandomStream) -> Tensor {
    random.uniform(shape, in: -limit..<limit)
  }
}
