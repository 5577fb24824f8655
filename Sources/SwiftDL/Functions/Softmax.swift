// Softmax and its logarithm, shifted by the largest element so that nothing overflows.

extension Tensor {
  /// exp(x) / Σ exp(x) along an axis.
  public func softmax(axis: Int = -1) -> Tensor {
    let powers = shiftedBelowZero(axis).exp()
    return powers * powers.sum(axes: [axis], keepingAxes: true).reciprocal()
  }

  /// x − ln Σ exp(x) along an axis.
  public func logSoftmax(axis: Int = -1) -> Tensor {
    let shifted = shiftedBelowZero(axis)
    return shifted - shifted.exp().sum(axes: [axis], keepingAxes: true).log()
  }

  /// x − max(x): the result does not depend on the shift, so neither do gradients.
  private func shiftedBelowZero(_ axis: Int) -> Tensor {
    self - detached.max(axis: axis, keepingAxis: true)
  }
}
