/// A layer whose output is linear in one weight, which can be replaced by a normalised one.
public protocol WeightedLayer: Module {
  var weight: Tensor { get set }
  /// The weight's axis that counts output channels.
  var outputAxis: Int { get }
  func callAsFunction(_ x: Tensor) -> Tensor
}

/// The shape of a tensor that may be missing, for messages.
func description(of tensor: Tensor?) -> String { tensor.map { "\($0.shape)" } ?? "none" }
