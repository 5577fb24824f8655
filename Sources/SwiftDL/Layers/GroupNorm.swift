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
    let perGroup = x.shape[x.rank - 1] / groups
    let grouped = x.reshaped([x.shape[0], -1, groups, perGroup])
    let centered = grouped - grouped.mean(axes: [1, 3], keepingAxes: true)
    let variance = centered.squared().mean(axes: [1, 3], keepingAxes: true)
    // The scale joins the small factor: one pass over the signal fewer.
    let factor = (variance + epsilon).squareRoot().reciprocal()
    let scaled = centered * (scale.map { factor * $0.reshaped([groups, perGroup]) } ?? factor)
    return (shift.map { scaled + $0.reshaped([groups, perGroup]) } ?? scaled).reshaped(x.shape)
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
    let centered = x - x.mean(axes: [-1], keepingAxes: true)
    let variance = centered.squared().mean(axes: [-1], keepingAxes: true)
    return centered * (variance + epsilon).squareRoot().reciprocal() * scale + shift
  }
}
