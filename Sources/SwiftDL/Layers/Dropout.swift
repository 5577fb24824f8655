/// Sets elements to zero at random during training and scales the others so that the mean stays:
/// PyTorch's `Dropout`.
///
/// Draws as many numbers from `Context.random` as it decides about; at inference the identity.
public struct Dropout: Module {
  /// The share of elements that vanish.
  public let probability: Float
  /// Axes along which one decision holds: `[1]` drops whole channels of a signal (PyTorch's
  /// `Dropout1d`).
  public let sharedAxes: [Int]

  public init(probability: Float, sharedAxes: [Int] = []) {
    require(probability >= 0 && probability < 1, "Dropout: probability \(probability)")
    self.probability = probability
    self.sharedAxes = sharedAxes
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {}

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    if !context.isTraining || probability == 0 { return x }
    if sharedAxes.isEmpty {
      return x.dropped(by: context.dropoutMask(probability, count: x.count))
    }
    var shape = x.shape
    for axis in sharedAxes { shape[axis < 0 ? axis + x.rank : axis] = 1 }
    let kept = 1 - probability
    return x * context.random.bernoulli(shape, probability: kept, value: 1 / kept)
  }
}
