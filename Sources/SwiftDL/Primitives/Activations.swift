// Activation functions: pointwise, with one-pass gradients.
internal import CKernels

extension Tensor {
  /// max(x, 0)
  public func relu() -> Tensor { pointwise(ReLU(slope: 0), self) }
  /// x where positive, `slope`·x elsewhere.
  public func leakyReLU(slope: Float = 0.01) -> Tensor {
    require(slope >= 0, "leakyReLU: a slope of \(slope)")
    return pointwise(ReLU(slope: slope), self)
  }
  public func tanh() -> Tensor { pointwise(Tanh(), self) }
  /// 1 / (1 + e⁻ˣ)
  public func sigmoid() -> Tensor { pointwise(Sigmoid(), self) }
  /// ln(1 + eˣ)
  public func softplus() -> Tensor { pointwise(Softplus(), self) }

  /// The activation a layer names.
  public func activated(_ activation: Activation) -> Tensor {
    switch activation {
    case .none: self
    case .relu: relu()
    case .leakyReLU(let slope): leakyReLU(slope: slope)
    case .tanh: tanh()
    case .sigmoid: sigmoid()
    }
  }
}

/// What a layer does to its sums before it hands them on: part of the convolution's kernel.
public enum Activation: Sendable, Equatable {
  case none, relu, tanh, sigmoid
  case leakyReLU(slope: Float)

  var code: ck_activation {
    switch self {
    case .none: .none
    case .relu: .relu
    case .leakyReLU: .leaky_relu
    case .tanh: .tanh
    case .sigmoid: .sigmoid
    }
  }

  var slope: Float {
    if case .leakyReLU(let slope) = self { slope } else { 0 }
  }
}

extension Kernels {
  /// op(x, y) for equal shapes.
  static func pair(_ op: ck_binary_op, _ x: Tensor, _ y: Tensor, _ a: Float = 0) -> Tensor {
    binary(op, reversed: op, x, y, a)
  }
}

private struct ReLU: PointwiseFunction {
  let slope: Float
  func apply(_ x: Tensor) -> Tensor {
    slope == 0 ? Kernels.unary(.relu, x) : Kernels.unary(.leaky_relu, x, slope)
  }
  // The output has the input's sign, and is what the next layer keeps anyway.
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { Kernels.unary(.step, y, slope) }
  func fusedPullback(_ g: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor? {
    slope == 0 ? Kernels.pair(.relu_gradient, y, g) : Kernels.pair(.leaky_relu_gradient, y, g, slope)
  }
  var slopeReadsInput: Bool { false }
  var slopeReadsOutput: Bool { true }
}

private struct Tanh: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.tanh, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { 1 - y.squared() }
  var slopeReadsInput: Bool { false }
  var slopeReadsOutput: Bool { true }
  func fusedPullback(_ g: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor? {
    Kernels.pair(.tanh_gradient, y, g)
  }
}

private struct Sigmoid: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.sigmoid, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { y * (1 - y) }
  var slopeReadsInput: Bool { false }
  var slopeReadsOutput: Bool { true }
  func fusedPullback(_ g: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor? {
    Kernels.pair(.sigmoid_gradient, y, g)
  }
}

private struct Softplus: PointwiseFunction {
  func apply(_ x: Tensor) -> Tensor { Kernels.unary(.softplus, x) }
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor? { x.sigmoid() }
}
