/// A linear map of the last axis with bias and activation: y = f(x·weight + bias).
///
/// Input `[…, input channels]`, output `[…, output channels]`. Weight
/// `[input channels, output channels]`, bias `[output channels]`. PyTorch's `Linear` with its
/// weight transposed.
public struct Dense: WeightedLayer {
  public var weight: Tensor
  public var bias: Tensor?
  public let activation: Activation

  /// A layer with given weights.
  public init(weight: Tensor, bias: Tensor?, activation: Activation = .none) {
    require(
      weight.rank == 2 && (bias.map { $0.shape == [weight.shape[1]] } ?? true),
      "Dense: weight of shape \(weight.shape), bias of shape \(description(of: bias))"
    )
    self.weight = weight
    self.bias = bias
    self.activation = activation
  }

  /// A layer with fresh weights.
  public init(
    inputChannels: Int, outputChannels: Int, activation: Activation = .none, hasBias: Bool = true,
    initialization: Initialization = .glorotUniform, random: inout RandomStream
  ) {
    let weight = initialization.weight(
      [inputChannels, outputChannels], fanIn: inputChannels, fanOut: outputChannels, random: &random
    )
    let bias =
      hasBias ? initialization.bias(outputChannels, fanIn: inputChannels, random: &random) : nil
    self.init(weight: weight, bias: bias, activation: activation)
  }

  public var inputChannels: Int { weight.shape[0] }
  public var outputChannels: Int { weight.shape[1] }
  public var outputAxis: Int { 1 }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("weight", &weight)
    visit.parameter("bias", &bias)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    require(
      x.rank >= 2 && x.shape[x.rank - 1] == inputChannels,
      "Dense: a tensor of shape \(x.shape) for \(inputChannels) channels")
    return dense(x, weight, bias: bias, activation: activation)
  }

  public func dividedBySingularValue(_ x: Tensor, _ passes: [SingularEstimate]) -> Tensor {
    guard activation.isHomogeneous, x.rank == 2 else { return dividedPassByPass(x, passes) }
    return spectralDense(x, weight, bias: bias, activation: activation, passes: passes)
  }
}
