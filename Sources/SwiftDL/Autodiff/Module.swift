/// A model or a part of one: a value that can show its tensors by name.
///
/// Write one line per field in `visitFields`; gradients, optimiser state, checkpoints, averaging, counting
/// and adapted copies all follow.
public protocol Module: Sendable {
  mutating func visitFields(_ visit: inout FieldVisitor)
}

/// Walks the fields of a module, in the order the module names them.
public struct FieldVisitor {
  /// A learned tensor, or state that training updates without gradients.
  public enum Kind: Sendable { case parameter, buffer }

  private var path = ""
  private let body: (Kind, String, inout Tensor) -> Void

  init(_ body: @escaping (Kind, String, inout Tensor) -> Void) { self.body = body }

  public mutating func parameter(_ name: String, _ tensor: inout Tensor) {
    body(.parameter, path + name, &tensor)
  }
  public mutating func parameter(_ name: String, _ tensor: inout Tensor?) {
    // Taken out while it is shown: a second owner would force a copy of what is changed in place.
    guard var value = tensor.take() else { return }
    body(.parameter, path + name, &value)
    tensor = value
  }
  public mutating func buffer(_ name: String, _ tensor: inout Tensor) { body(.buffer, path + name, &tensor) }

  public mutating func module(_ name: String, _ module: inout some Module) {
    let outer = path
    path += name + "."
    module.visitFields(&self)
    path = outer
  }
  public mutating func module(_ name: String, _ optional: inout (some Module)?) {
    guard var value = optional.take() else { return }
    module(name, &value)
    optional = value
  }
  public mutating func modules(_ name: String, _ list: inout [some Module]) {
    for index in list.indices { module("\(name).\(index)", &list[index]) }
  }
}

extension Module {
  /// Calls `body` with every field, its kind and its path, such as `down.0.weight`.
  public mutating func forEachField(_ body: (FieldVisitor.Kind, String, inout Tensor) -> Void) {
    withoutActuallyEscaping(body) { body in
      var visitor = FieldVisitor(body)
      visitFields(&visitor)
    }
  }

  /// A copy with every parameter replaced.
  public func mapParameters(_ transform: (String, Tensor) -> Tensor) -> Self {
    var copy = self
    copy.forEachField { kind, path, tensor in
      if kind == .parameter { tensor = transform(path, tensor) }
    }
    return copy
  }

  /// Parameters by path, in visiting order.
  public var parameters: ParameterValues { fields(.parameter) }
  /// Buffers by path, in visiting order.
  public var buffers: ParameterValues { fields(.buffer) }

  private func fields(_ wanted: FieldVisitor.Kind) -> ParameterValues {
    var values = ParameterValues()
    var copy = self
    copy.forEachField { kind, path, tensor in
      if kind == wanted { values.append(path, tensor) }
    }
    return values
  }

  /// The number of learned numbers.
  public var parameterCount: Int { parameters.tensors.reduce(0) { $0 + $1.count } }

  /// The same values outside any differentiation.
  public var detached: Self { mapParameters { $1.detached } }
}

/// One tensor per parameter of a model, in the model's visiting order: gradients, optimiser moments, averages.
public struct ParameterValues: Sendable {
  public private(set) var paths: [String] = []
  public internal(set) var tensors: [Tensor] = []
  private var positions: [String: Int] = [:]

  public init() {}

  /// - Parameter tensors: one per path.
  public init(paths: [String], tensors: [Tensor]) {
    require(paths.count == tensors.count, "ParameterValues: \(paths.count) paths, \(tensors.count) tensors")
    for (path, tensor) in zip(paths, tensors) { append(path, tensor) }
  }

  public mutating func append(_ path: String, _ tensor: Tensor) {
    require(positions[path] == nil, "two fields of the model are called \(path)")
    positions[path] = paths.count
    paths.append(path)
    tensors.append(tensor)
  }

  /// The tensor of a path that exists.
  public subscript(path: String) -> Tensor {
    guard let position = positions[path] else { fatalError("no parameter is called \(path)") }
    return tensors[position]
  }

  public func contains(_ path: String) -> Bool { positions[path] != nil }

  /// Where a path stands in visiting order.
  func position(of path: String) -> Int? { positions[path] }

  /// The same paths with every tensor replaced.
  public func map(_ transform: (Tensor) -> Tensor) -> ParameterValues {
    var copy = self
    copy.tensors = tensors.map(transform)
    return copy
  }

  /// The Euclidean norm over all tensors.
  public var norm: Float {
    Float(tensors.reduce(0.0) { $0 + Double(Kernels.dot($1, $1)) }.squareRoot())
  }
}

/// A loss and its gradients at every parameter of a model.
///
/// - Parameters:
///   - differentiable: keeps the arithmetic recorded so that value and gradients can be differentiated again.
///   - loss: computes a number (or any tensor, whose elements are summed) from the model it is given.
public func valueAndGradients<M: Module>(
  of model: M, differentiable: Bool = false, _ loss: (M) throws -> Tensor
) rethrows -> (value: Tensor, gradients: ParameterValues) {
  let tracked = model.mapParameters { $1.tracked() }
  let points = tracked.parameters
  var value = try loss(tracked)
  var roots: [Node] = []
  if let node = value.node { roots.append(node) }
  if !differentiable { value = value.detached }
  let gradients = sweep(
    &roots, seed: .ones(value.shape), at: points.tensors, differentiable: differentiable)
  return (value, ParameterValues(paths: points.paths, tensors: gradients))
}
