/// Normalises every channel over the batch: (x − mean) / √(variance + ε)·scale + shift.
///
/// Input and output `[…, channels]`; scale, shift and the running statistics `[channels]`. In
/// training the moments are those of the batch (population variance), and the running ones move
/// towards them by `momentum` through `Context.update`, the variance unbiased; at inference the
/// running ones are used. First values: scale 1, shift 0, mean 0, variance 1. PyTorch's
/// `BatchNorm1d` and `BatchNorm2d`.
public struct BatchNorm: Module {
  /// Absent where what follows scales anyway.
  public var scale: Tensor?
  public var shift: Tensor
  public var runningMean: Tensor
  public var runningVariance: Tensor
  public let momentum: Float
  public let epsilon: Float

  public init(channels: Int, momentum: Float = 0.1, epsilon: Float = 1e-5, hasScale: Bool = true) {
    scale = hasScale ? .ones([channels]) : nil
    shift = .zeros([channels])
    runningMean = .zeros([channels])
    runningVariance = .ones([channels])
    self.momentum = momentum
    self.epsilon = epsilon
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("scale", &scale)
    visit.parameter("shift", &shift)
    visit.buffer("runningMean", &runningMean)
    visit.buffer("runningVariance", &runningVariance)
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    let channels = shift.count
    require(
      x.rank >= 2 && x.shape[x.rank - 1] == channels,
      "BatchNorm: a tensor of shape \(x.shape) for \(channels) channels")
    guard context.isTraining else {
      let factor = scaled((runningVariance + epsilon).squareRoot().reciprocal())
      return normalized(x.reshaped([1, -1, channels]), factor, mean: runningMean).reshaped(x.shape)
    }
    require(context.passes.count <= 1, "BatchNorm: \(context.passes.count) passes in one call would share their statistics")
    let count = x.count / channels
    require(count > 1, "BatchNorm: one value per channel has no variance (shape \(x.shape))")
    let rows = x.reshaped([1, count, channels])
    let both = moments(rows)
    let (mean, variance) = (both.mean.reshaped([channels]), both.variance.reshaped([channels]))
    let unbiased = variance.detached * (Float(count) / Float(count - 1))
    move(runningMean, towards: mean.detached, context)
    move(runningVariance, towards: unbiased, context)
    let factor = scaled((variance + epsilon).squareRoot().reciprocal())
    return normalized(rows, factor, mean: mean).reshaped(x.shape)
  }

  private func normalized(_ rows: Tensor, _ factor: Tensor, mean: Tensor) -> Tensor {
    let shape: Shape = [1, 1, shift.count]
    return scaledSum(rows, factor.reshaped(shape), (shift - mean * factor).reshaped(shape))
  }

  private func scaled(_ factor: Tensor) -> Tensor { scale.map { $0 * factor } ?? factor }

  private func move(_ buffer: Tensor, towards value: Tensor, _ context: Context) {
    context.update(buffer, to: (1 - momentum) * context.latest(buffer) + momentum * value)
  }
}
