/// Clipping, accumulating and scaling gradients. Tensors that nobody else holds are changed in
/// place.
extension ParameterValues {
  /// Scales all tensors by one factor so that their joint Euclidean norm is at most `limit`.
  ///
  /// The factor is limit / (norm + 1e-6), at most 1, as in PyTorch. When the norm is not finite
  /// nothing changes: look at the returned norm before the update.
  /// - Returns: the norm before clipping.
  @discardableResult
  public mutating func clip(toGlobalNorm limit: Float) -> Float {
    precondition(limit > 0, "clip: a norm of at most \(limit)")
    let norm = self.norm
    if norm.isFinite, norm > limit { self *= limit / (norm + 1e-6) }
    return norm
  }

  /// A copy with a joint norm of at most `limit`, and the norm before.
  public func clipped(toGlobalNorm limit: Float) -> (values: ParameterValues, norm: Float) {
    var copy = self
    let norm = copy.clip(toGlobalNorm: limit)
    return (copy, norm)
  }

  /// Limits every element to -bound...bound.
  public mutating func clip(toValue bound: Float) {
    precondition(bound >= 0, "clip: values of at most \(bound)")
    for index in tensors.indices { Kernels.clamp(&tensors[index], to: bound) }
  }

  /// A copy with every element within -bound...bound.
  public func clipped(toValue bound: Float) -> ParameterValues {
    var copy = self
    copy.clip(toValue: bound)
    return copy
  }

  /// Adds tensor by tensor: gradients of several batches. Nothing yet plus something is that
  /// something.
  public static func += (sum: inout ParameterValues, term: ParameterValues) {
    if sum.paths.isEmpty {
      sum = term
      return
    }
    precondition(sum.paths == term.paths, "ParameterValues: a sum over different parameters")
    for index in sum.tensors.indices { Kernels.add(term.tensors[index], to: &sum.tensors[index]) }
  }

  /// Multiplies every element by a number.
  public static func *= (values: inout ParameterValues, factor: Float) {
    for index in values.tensors.indices { Kernels.scale(&values.tensors[index], by: factor) }
  }

  /// Whether every element is a finite number.
  public var isFinite: Bool { tensors.allSatisfy(\.isFinite) }
}
