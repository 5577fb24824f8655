/// The step size of every parameter that an inner loop changes, one number for each tensor, which can be learned
/// themselves.
///
/// A module, so that an optimiser updates it like any other. Source: Li, Zhou, Chen, Li, "Meta-SGD", 2017, with one rate
/// for a tensor in place of one for each of its elements, as Antoniou, Edwards, Storkey, "How to train your MAML", 2019.
public struct InnerRates: Module {
  /// A number by the path of each parameter that adapts. The others stay as they are.
  public private(set) var values = ParameterValues()

  /// The same rate for all parameters of a model, or for those that are said to adapt.
  public init(_ rate: Float, for model: some Module, where adapts: (String) -> Bool = { _ in true }) {
    for path in model.parameters.paths where adapts(path) { values.append(path, Tensor(rate)) }
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    for (index, path) in values.paths.enumerated() { visit.parameter(path, &values.tensors[index]) }
  }
}
