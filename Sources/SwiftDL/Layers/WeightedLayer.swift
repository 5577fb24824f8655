/// A layer whose output is linear in one weight, which can be replaced by a normalised one.
public protocol WeightedLayer: Module {
  var weight: Tensor { get set }
  /// The weight's axis that counts output channels.
  var outputAxis: Int { get }
  func callAsFunction(_ x: Tensor) -> Tensor
}
