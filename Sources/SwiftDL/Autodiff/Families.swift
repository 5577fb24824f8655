// The four families of operations. The rule for a gradient is written once per family; members only say
// what they compute. See Documentation/Conventions.md.

// MARK: - Trilinear forms

/// The three arguments of a trilinear form T(x, w, y).
enum Slot: Sendable { case x, w, y }

/// A trilinear form T(x, w, y), such as ⟨x ∗ w, y⟩. Solving for one slot is linear in the other two.
protocol TrilinearForm: Sendable {
  /// The gradient of T with respect to `slot`; `a` and `b` are the other two in the order x, w, y.
  func contract(solvingFor slot: Slot, _ a: Tensor, _ b: Tensor) -> Tensor
}

/// Solves a form for one slot, differentiably: the pullback solves it for the others.
func trilinear(_ form: some TrilinearForm, solvingFor slot: Slot, _ a: Tensor, _ b: Tensor) -> Tensor {
  let value = form.contract(solvingFor: slot, a.detached, b.detached)
  guard a.isTracked || b.isTracked else { return value }
  return record(Contraction(form: form, slot: slot), [a, b], value)
}

private struct Contraction<Form: TrilinearForm>: Primitive {
  let form: Form
  let slot: Slot

  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    let (a, b) = (inputs[0], inputs[1])
    switch slot {
    case .y:  // y from (x, w)
      return [
        wanted[0] ? trilinear(form, solvingFor: .x, b, g) : nil,
        wanted[1] ? trilinear(form, solvingFor: .w, a, g) : nil,
      ]
    case .x:  // x from (w, y)
      return [
        wanted[0] ? trilinear(form, solvingFor: .w, g, b) : nil,
        wanted[1] ? trilinear(form, solvingFor: .y, g, a) : nil,
      ]
    case .w:  // w from (x, y)
      return [
        wanted[0] ? trilinear(form, solvingFor: .x, g, b) : nil,
        wanted[1] ? trilinear(form, solvingFor: .y, a, g) : nil,
      ]
    }
  }

  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { inputs[1 - index].isTracked }
}

// MARK: - Linear maps

/// A linear map A with its adjoint Aᵀ.
protocol LinearMap: Sendable {
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor
}

/// Applies a linear map, or its adjoint, differentiably: the pullback is the other one.
///
/// - Parameter value: the result, when it is already known.
func linear(_ map: some LinearMap, _ x: Tensor, adjoint: Bool = false, value: Tensor? = nil) -> Tensor {
  let value = value ?? map.apply(x.detached, adjoint: adjoint)
  return x.isTracked ? record(Linear(map: map, adjoint: adjoint), [x], value) : value
}

private struct Linear<Map: LinearMap>: Primitive {
  let map: Map
  let adjoint: Bool

  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    [linear(map, g, adjoint: !adjoint)]
  }

  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { false }
}

// MARK: - Pointwise functions

/// A function of single elements and its slope as a tensor expression.
protocol PointwiseFunction: Sendable {
  func apply(_ x: Tensor) -> Tensor
  /// The derivative at `x`, where the function's value is `y`. `nil` where it is zero.
  func slope(_ x: Tensor, _ y: Tensor) -> Tensor?
  /// Whether `slope` reads `x`; otherwise it reads `y` alone, or neither.
  var slopeReadsInput: Bool { get }
  var slopeReadsOutput: Bool { get }
  /// cotangent × slope in one pass, when there is a kernel for it.
  func fusedPullback(_ cotangent: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor?
}

extension PointwiseFunction {
  var slopeReadsInput: Bool { true }
  var slopeReadsOutput: Bool { false }
  func fusedPullback(_ cotangent: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor? { nil }
}

/// Applies a pointwise function differentiably: the pullback multiplies by the slope.
func pointwise(_ function: some PointwiseFunction, _ x: Tensor) -> Tensor {
  let value = function.apply(x.detached)
  return x.isTracked ? record(Pointwise(function: function), [x], value) : value
}

private struct Pointwise<Function: PointwiseFunction>: Primitive {
  let function: Function

  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    let x = inputs[0]
    if !g.isTracked, !x.isTracked, let fused = function.fusedPullback(g, x, output) { return [fused] }
    return [function.slope(x, output).map { g * $0 }]
  }
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { function.slopeReadsInput }
  var keepsOutput: Bool { function.slopeReadsOutput }
}

// MARK: - Fused operations

/// Several operations in one kernel. It carries the composition it stands for; its own fast pullback serves
/// first-order gradients, and higher orders are differentiated through the definition.
protocol FusedOperation: Sendable {
  /// The composition, in public differentiable operations.
  func definition(_ inputs: [Tensor]) -> Tensor
  /// The same value in one kernel.
  func apply(_ inputs: [Tensor]) -> Tensor
  /// The same, with what the fused pullback wants to find again in place of the output; `nil` when it reads
  /// the output or nothing.
  func applyKeeping(_ inputs: [Tensor]) -> (value: Tensor, kept: Tensor?)
  /// The first-order pullback on plain values, added to `sums`: see `Primitive.accumulate`.
  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?])
  var keepsOutput: Bool { get }
}

extension FusedOperation {
  func applyKeeping(_ inputs: [Tensor]) -> (value: Tensor, kept: Tensor?) { (apply(inputs), nil) }
}

func fused(_ operation: some FusedOperation, _ inputs: [Tensor]) -> Tensor {
  guard inputs.contains(where: \.isTracked) else { return operation.apply(inputs) }
  let (value, kept) = operation.applyKeeping(inputs.map(\.detached))
  return record(Fused(operation: operation, kept: kept), inputs, value)
}

private struct Fused<Operation: FusedOperation>: Primitive {
  let operation: Operation
  let kept: Tensor?

  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    if !g.isTracked, !inputs.contains(where: \.isTracked) {
      var parts = [Tensor?](repeating: nil, count: inputs.count)
      operation.accumulate(g, inputs, kept ?? output, wanted, into: &parts)
      return parts
    }
    let points = inputs.indices.map { wanted[$0] ? inputs[$0].tracked() : inputs[$0] }
    let value = operation.definition(points)
    let wantedPoints = points.indices.filter { wanted[$0] }
    let parts = gradients(of: value, at: wantedPoints.map { points[$0] }, seed: g, differentiable: true)
    var result = [Tensor?](repeating: nil, count: inputs.count)
    for (index, part) in zip(wantedPoints, parts) { result[index] = part }
    return result
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    operation.accumulate(cotangent, inputs, kept ?? output, wanted, into: &sums)
  }

  // The definition reads every input, and whether it will be asked for is not known when recording.
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { true }
  var keepsOutput: Bool { operation.keepsOutput }
}
