// Losses: compositions of differentiable operations, so they have gradients of every order.

/// How a loss combines its elements.
public enum Reduction: Sendable, Hashable {
  /// Their mean, a number.
  case mean
  /// Their sum, a number.
  case sum
  /// Not at all.
  case none

  func apply(_ x: Tensor) -> Tensor {
    switch self {
    case .mean: x.mean()
    case .sum: x.sum()
    case .none: x
    }
  }
}

/// (prediction − target)², for equal shapes. PyTorch's `mse_loss`.
public func meanSquaredError(_ prediction: Tensor, _ target: Tensor, reduction: Reduction = .mean)
  -> Tensor
{
  expectEqualShapes("meanSquaredError", prediction, target)
  return reduction.apply((prediction - target).squared())
}

/// |prediction − target|, for equal shapes; its slope at 0 is 0. PyTorch's `l1_loss`.
public func meanAbsoluteError(_ prediction: Tensor, _ target: Tensor, reduction: Reduction = .mean)
  -> Tensor
{
  expectEqualShapes("meanAbsoluteError", prediction, target)
  return reduction.apply((prediction - target).absoluteValue())
}

/// −t·ln σ(x) − (1 − t)·ln(1 − σ(x)) for logits x and targets t in 0…1, for equal shapes.
///
/// Computed as (1 − t)·x + ln(1 + e⁻ˣ), which overflows nowhere and is smooth everywhere. PyTorch's
/// `binary_cross_entropy_with_logits`.
public func binaryCrossEntropyWithLogits(
  _ logits: Tensor, _ target: Tensor, reduction: Reduction = .mean
)
  -> Tensor
{
  expectEqualShapes("binaryCrossEntropyWithLogits", logits, target)
  return reduction.apply((1 - target) * logits + (-logits).softplus())
}

/// −ln softmax(logits)[class] for logits `[…, classes]` and one class per position, row major.
///
/// Positions of the class `ignoring` count nothing: their loss is 0, and the mean is over the
/// others (not a number when there are none, as in PyTorch's `cross_entropy`). Unreduced, the
/// result is `[…]`.
public func crossEntropy(
  _ logits: Tensor, _ classes: [Int], ignoring: Int? = nil, reduction: Reduction = .mean
) -> Tensor {
  require(logits.rank >= 1, "crossEntropy: logits of shape \(logits.shape)")
  let classCount = logits.shape[logits.rank - 1]
  require(
    classes.count * classCount == logits.count,
    "crossEntropy: \(classes.count) classes for logits of shape \(logits.shape)")
  for target in classes where target != ignoring {
    require(
      target >= 0 && target < classCount, "crossEntropy: class \(target) of \(classCount) classes")
  }
  if reduction == .none {
    return CrossEntropy.losses(logits, classes, ignoring).reshaped(Shape(logits.shape.dropLast()))
  }
  let counted = ignoring.map { ignored in classes.count { $0 != ignored } } ?? classes.count
  return fused(
    CrossEntropy(
      classes: classes, ignoring: ignoring, scale: reduction == .mean ? 1 / Float(counted) : 1), [logits])
}

private func expectEqualShapes(_ operation: StaticString, _ x: Tensor, _ y: Tensor) {
  require(x.shape == y.shape, "\(operation): shapes \(x.shape) and \(y.shape)")
}
