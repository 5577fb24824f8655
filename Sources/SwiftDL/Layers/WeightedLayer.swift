/// A layer whose output is linear in one weight, which can be replaced by a normalised one.
public protocol WeightedLayer: Module {
  var weight: Tensor { get set }
  /// The weight's axis that counts output channels.
  var outputAxis: Int { get }
  func callAsFunction(_ x: Tensor) -> Tensor
  /// The layer with its weight divided by its largest singular value, for each pass by that pass's estimate of it. The
  /// passes' rows lie one pass after the other.
  func dividedBySingularValue(_ x: Tensor, _ passes: [SingularEstimate]) -> Tensor
}

/// What is taken for the singular vectors of a weight's largest singular value in one pass.
public struct SingularEstimate: Sendable {
  /// `[output channels]`, a constant.
  let u: Tensor
  /// `[rest]`, a constant.
  let v: Tensor
  /// σ = vᵀWu, W seen as `[rest, output channels]`.
  let largest: Float
  /// Entries of the batch that belong to the pass.
  let rows: Int
}

extension WeightedLayer {
  public func dividedBySingularValue(_ x: Tensor, _ passes: [SingularEstimate]) -> Tensor { dividedPassByPass(x, passes) }

  /// As defined: with the divided weight, one pass after the other.
  func dividedPassByPass(_ x: Tensor, _ passes: [SingularEstimate]) -> Tensor {
    var start = 0
    let parts = passes.map { pass -> Tensor in
      defer { start += pass.rows }
      var layer = self
      layer.weight = dividedWeight(pass)
      return layer(x.sliced(axis: 0, start..<start + pass.rows))
    }
    return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0)
  }

  /// W/σ, differentiable through σ.
  func dividedWeight(_ pass: SingularEstimate) -> Tensor {
    if outputAxis == weight.rank - 1 { return spectralWeight(weight, u: pass.u, v: pass.v) }
    let largest = (pass.v * matmul(matrix(weight), pass.u.expanded(at: 1)).reshaped(pass.v.shape)).sum()
    return weight / largest
  }

  /// A weight of the layer's as `[rest, output channels]`.
  func matrix(_ weight: Tensor) -> Tensor {
    let axis = outputAxis
    if axis == weight.rank - 1 { return weight.reshaped([-1, weight.shape[axis]]) }
    let order = weight.shape.indices.filter { $0 != axis } + [axis]
    return weight.permuted(order).reshaped([-1, weight.shape[axis]])
  }
}

/// The shape of a tensor that may be missing, for messages.
func description(of tensor: Tensor?) -> String { tensor.map { "\($0.shape)" } ?? "none" }
