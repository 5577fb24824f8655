/// A rule that changes a model's parameters against their gradients.
///
/// Optimisers are values: a copy is a snapshot. Parameters and moments that nobody else holds are
/// changed in place. Parameters without a gradient stay as they are, so a part of a model is frozen
/// by leaving it out.
public protocol Optimizer: Sendable {
  /// Everything that changes from update to update; with the model's parameters, all that a
  /// checkpoint needs.
  var state: OptimizerState { get set }
  /// Makes one update. `gradients` are those of `model`'s parameters, or of some of them.
  mutating func update(_ model: inout some Module, with gradients: ParameterValues)
}

extension Optimizer {
  /// The step size of the next update.
  public var learningRate: Float {
    get { state.learningRate }
    set { state.learningRate = newValue }
  }
}

/// What an optimiser remembers between updates.
public struct OptimizerState: Sendable {
  /// Updates made so far.
  public var step = 0
  /// The step size of the next update.
  public var learningRate: Float
  /// Moving averages (or, for SGD, decaying sums) of the gradients; empty where the rule has none.
  public var first = ParameterValues()
  /// Moving averages of the squared gradients; empty where the rule has none.
  public var second = ParameterValues()

  public init(learningRate: Float) { self.learningRate = learningRate }
}

extension ParameterValues {
  /// Where the tensor of a path stands; a path not seen before gets zeros.
  mutating func positionStartingAtZero(_ path: String, _ shape: Shape) -> Int {
    if let position = position(of: path) {
      precondition(
        tensors[position].shape == shape,
        "Optimizer: \(path) has shape \(shape), but was \(tensors[position].shape) before")
      return position
    }
    append(path, .zeros(shape))
    return tensors.count - 1
  }
}

extension Module {
  /// Calls `body` with every parameter that has a gradient.
  mutating func forEachParameter(
    with gradients: ParameterValues,
    _ body: (_ path: String, _ gradient: Tensor, _ parameter: inout Tensor) -> Void
  ) {
    var found = 0
    forEachField { kind, path, tensor in
      guard kind == .parameter, let position = gradients.position(of: path) else { return }
      found += 1
      let gradient = gradients.tensors[position]
      precondition(
        gradient.shape == tensor.shape,
        "Optimizer: a gradient of shape \(gradient.shape) for \(path) of shape \(tensor.shape)")
      body(path, gradient, &tensor)
    }
    precondition(
      found == gradients.paths.count,
      "Optimizer: \(gradients.paths.count) gradients, of which the model has only \(found)")
  }
}
