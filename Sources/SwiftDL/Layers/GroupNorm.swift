/// Normalises groups of channels over time and group: (x − mean) / √(variance + ε)·scale + shift.
///
/// Input and output `[batch, …, channels]`; every example and group has its own mean and
/// (population) variance. Scale and shift `[channels]`, first 1 and 0. PyTorch's `GroupNorm`; with
/// one group per channel and no scale and shift, its `InstanceNorm`.
public struct GroupNorm: Module {
  public var scale: Tensor?
  public var shift: Tensor?
  public let groups: Int
  public let epsilon: Float

  /// - Parameter hasScale: whether scale and shift are learned.
  public init(groups: Int, channels: Int, hasScale: Bool = true, epsilon: Float = 1e-5) {
    require(
      groups > 0 && channels % groups == 0, "GroupNorm: \(channels) channels in \(groups) groups")
    scale = hasScale ? .ones([channels]) : nil
    shift = hasScale ? .zeros([channels]) : nil
    self.groups = groups
    self.epsilon = epsilon
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("scale", &scale)
    visit.parameter("shift", &shift)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    require(
      x.rank >= 2 && x.shape[x.rank - 1] % groups == 0
        && (scale.map { $0.count == x.shape[x.rank - 1] } ?? true),
      "GroupNorm: a tensor of shape \(x.shape) in \(groups) groups")
    let (examples, channels) = (x.shape[0], x.shape[x.rank - 1])
    let signal = x.reshaped([examples, -1, channels])
    var (mean, variance) = moments(signal)
    if groups < channels {
      // Of the channels' moments those of their groups.
      let shape: Shape = [examples, groups, channels / groups]
      let means = mean.reshaped(shape)
      let middle = means.mean(axes: [2], keepingAxes: true)
      let spread = variance.reshaped(shape) + (means - middle).squared()
      mean = middle
      variance = spread.mean(axes: [2], keepingAxes: true)
    } else {
      (mean, variance) = (mean.reshaped([examples, groups, 1]), variance.reshaped([examples, groups, 1]))
    }
    let inverse = (variance + epsilon).squareRoot().reciprocal()
    func byGroup(_ vector: Tensor) -> Tensor { vector.reshaped([groups, channels / groups]) }
    let factor = inverse * byGroup(scale ?? .ones([channels]))
    let offset = shift.map { byGroup($0) - mean * factor } ?? -(mean * factor)
    let shape: Shape = [examples, 1, channels]
    return scaledSum(signal, factor.reshaped(shape), offset.reshaped(shape)).reshaped(x.shape)
  }
}

/// Normalises every vector along the last axis: (x − mean) / √(variance + ε)·scale + shift.
///
/// Input and output `[…, channels]`; scale and shift `[channels]`, first 1 and 0. PyTorch's
/// `LayerNorm`.
public struct LayerNorm: Module {
  public var scale: Tensor
  public var shift: Tensor
  public let epsilon: Float

  public init(channels: Int, epsilon: Float = 1e-5) {
    scale = .ones([channels])
    shift = .zeros([channels])
    self.epsilon = epsilon
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("scale", &scale)
    visit.parameter("shift", &shift)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    require(
      x.rank >= 1 && x.shape[x.rank - 1] == scale.count,
      "LayerNorm: a tensor of shape \(x.shape) for \(scale.count) channels")
    let vectors = x.reshaped([-1, scale.count, 1])
    let (mean, variance) = moments(vectors)
    let factor = (variance + epsilon).squareRoot().reciprocal()
    return scaledSum(vectors, factor, -(mean * factor)).reshaped(x.shape) * scale + shift
  }
}
