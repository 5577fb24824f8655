/// A moving average of a model's parameters, often a better model than the last one:
/// average = decay · average + (1 - decay) · parameter after every update.
public struct ExponentialMovingAverage: Sendable {
  /// How slowly the average forgets: it looks back over about 1 / (1 - decay) updates.
  public let decay: Float
  /// The averaged parameters: all that a checkpoint needs.
  public var values: ParameterValues

  /// Starts at the model's parameters.
  public init(of model: some Module, decay: Float) {
    precondition(
      (0..<1).contains(decay), "ExponentialMovingAverage: decay \(decay) is not in 0..<1")
    self.decay = decay
    values = model.parameters.map(\.detached)
  }

  /// Takes the model's present parameters into the average.
  public mutating func update(from model: some Module) {
    let parameters = model.parameters
    precondition(
      parameters.paths == values.paths,
      "ExponentialMovingAverage: the model has other parameters than the average")
    for (index, parameter) in parameters.tensors.enumerated() {
      Kernels.scale(&values.tensors[index], by: decay)
      Kernels.add(parameter, weight: 1 - decay, to: &values.tensors[index])
    }
  }

  /// The model with the averaged parameters; its buffers stay.
  public func applied<M: Module>(to model: M) -> M {
    model.mapParameters { path, _ in values[path] }
  }
}
