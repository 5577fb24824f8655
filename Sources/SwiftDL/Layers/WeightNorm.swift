/// A layer whose weight is learned as a length and a direction per output channel: gain·v / ‖v‖.
///
/// v is the base layer's own weight and the norm runs over all its axes but one. The gain
/// `[output channels]` is first ‖v‖, so that wrapping changes nothing. PyTorch's `weight_norm` with
/// dim 0; its default for transposed convolutions counts input channels, which is the weight's last
/// axis here too. Source: Salimans & Kingma 2016.
public struct WeightNorm<Base: WeightedLayer>: Module {
  public var base: Base
  public var gain: Tensor
  /// The weight's axis with a gain each.
  public let axis: Int

  /// - Parameter axis: that of the output channels when absent.
  public init(_ base: Base, axis: Int? = nil) {
    self.base = base
    self.axis = axis ?? base.outputAxis
    gain = Self.norms(base.weight, self.axis).reshaped([base.weight.shape[self.axis]])
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("base", &base)
    visit.parameter("gain", &gain)
  }

  /// The layer with the weight it stands for.
  public func normalized() -> Base {
    var layer = base
    if axis == base.weight.rank - 1 {
      layer.weight = normalizedWeight(base.weight, gain: gain)
      return layer
    }
    let norms = Self.norms(base.weight, axis)
    layer.weight = base.weight * (gain.reshaped(norms.shape) / norms)
    return layer
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { normalized()(x) }

  private static func norms(_ weight: Tensor, _ axis: Int) -> Tensor {
    weight.norm(axes: weight.shape.indices.filter { $0 != axis }, keepingAxes: true)
  }
}
