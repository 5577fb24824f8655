/// Gradient descent on a task, θₖ₊₁ = θₖ − α∇Lₖ(θₖ), as a function of where it begins that can itself be differentiated.
///
/// What is learned over many tasks is θ₀, by the gradient of the loss that is left after the descent: MAML (Finn, Abbeel,
/// Levine, "Model-agnostic meta-learning for fast adaptation of deep networks", ICML 2017). With rates for some of the
/// parameters alone it is ANIL (Raghu et al., ICLR 2020), with learned rates Meta-SGD.
public struct InnerLoop: Sendable {
  /// The loss of one step, of the model as it is then, in training mode. Steps count from 0.
  public typealias Loss<M> = (_ model: M, _ step: Int, _ context: Context) -> Tensor

  public let steps: Int
  public var rates: InnerRates
  /// Each step draws from a stream of its own, whether it is made for the first time or again.
  public let random: RandomStream

  public init(steps: Int, rates: InnerRates, random: RandomStream = RandomStream(seed: 0)) {
    require(steps >= 0, "InnerLoop: \(steps) steps")
    (self.steps, self.rates, self.random) = (steps, rates, random)
  }

  /// The model after the descent: values, in which nothing can be differentiated.
  public func adapted<M: Module>(_ model: M, _ loss: Loss<M>) -> M {
    (0..<steps).reduce(model.detached) { step($1, from: $0, loss).model }
  }

  /// The model after the descent, which still depends on the model and the rates it was given: MAML as it is written.
  /// The memory of all steps is held until it is let go.
  public func unrolled<M: Module>(_ model: M, _ loss: Loss<M>) -> M {
    (0..<steps).reduce(model) { model, step in
      let context = context(step)
      let marked = model.mapParameters { adapts($0) ? $1.tracked() : $1 }
      let slopes = slopes(of: loss(marked, step, context), marked, differentiable: true)
      return descended(model, slopes, context)
    }
  }

  // MARK: - One step

  private func adapts(_ path: String) -> Bool { rates.values.contains(path) }

  private func context(_ step: Int) -> Context { Context(training: true, random: random.stream(step)) }

  /// The gradient at what adapts.
  private func slopes(of loss: Tensor, _ marked: some Module, differentiable: Bool) -> ParameterValues {
    let parameters = marked.parameters
    let paths = rates.values.paths
    return ParameterValues(
      paths: paths,
      tensors: gradients(of: loss, at: paths.map { parameters[$0] }, differentiable: differentiable))
  }

  private func descended<M: Module>(_ model: M, _ slopes: ParameterValues, _ context: Context) -> M {
    var next = model.mapParameters { adapts($0) ? $1 - rates.values[$0] * slopes[$0] : $1 }
    context.applyUpdates(to: &next)
    return next
  }

  fileprivate func step<M: Module>(
    _ step: Int, from model: M, _ loss: Loss<M>
  ) -> (model: M, slopes: ParameterValues) {
    let context = context(step)
    let marked = model.mapParameters { adapts($0) ? $1.tracked() : $1 }
    let slopes = slopes(of: loss(marked, step, context), marked, differentiable: false)
    return (descended(model, slopes, context), slopes)
  }

  /// ∇²L·v, for a vector v over what adapts: the gradient of ⟨∇L, v⟩ at all parameters.
  fileprivate func curvature<M: Module>(
    of model: M, _ step: Int, along vector: ParameterValues, _ loss: Loss<M>
  ) -> ParameterValues {
    let marked = model.mapParameters { $1.tracked() }
    let slopes = slopes(of: loss(marked, step, context(step)), marked, differentiable: true)
    let form = slopes.paths.map { (slopes[$0] * vector[$0]).sum() }.reduce(Tensor(0), +)
    let points = marked.parameters
    return ParameterValues(paths: points.paths, tensors: gradients(of: form, at: points.tensors))
  }
}

/// What the tasks say about where a descent should begin.
public struct MetaGradient: Sendable {
  /// The loss after the descent.
  public let loss: Float
  /// At the model's parameters.
  public let parameters: ParameterValues
  /// At the rates.
  public let rates: ParameterValues

  public init(loss: Float, parameters: ParameterValues, rates: ParameterValues) {
    (self.loss, self.parameters, self.rates) = (loss, parameters, rates)
  }
}

extension InnerLoop {
  /// How much of the gradient through the descent is worked out.
  public enum Order: Sendable, Hashable {
    /// As if the steps were constants: first-order MAML.
    case first
    /// All of it, exactly. The graph of one step at a time is held: each is made again on the way back.
    case second
    /// All of it, by holding the graphs of all steps at once. Faster by one forward and one backward pass a step.
    case secondUnrolled
  }

  /// The gradient of the loss that is left after the descent, at where the descent began and at its rates.
  ///
  /// With λ the gradient at a step's end, the gradient at its beginning is λ − ∇²L·αλ, and that at the rates gains −⟨∇L, λ⟩.
  ///
  /// - Parameters:
  ///   - inner: the loss that is descended, of each step.
  ///   - outer: the loss that is left, in training mode too.
  public func gradient<M: Module>(
    at model: M, order: Order = .second, inner: Loss<M>, outer: (M, Context) -> Tensor
  ) -> MetaGradient {
    let last = context(steps)
    if order == .secondUnrolled { return unrolledGradient(at: model, inner: inner) { outer($0, last) } }
    var path: [(model: M, slopes: ParameterValues)] = []
    var end = model.detached
    for index in 0..<steps {
      let (next, slopes) = step(index, from: end, inner)
      path.append((end, slopes))
      end = next
    }
    var (loss, adjoint) = valueAndGradients(of: end) { outer($0, last) }
    var rateGradients = rates.values.map { Tensor.zeros($0.shape) }
    for (index, (model, slopes)) in path.enumerated().reversed() {
      rateGradients = ParameterValues(
        paths: slopes.paths,
        tensors: slopes.paths.map { rateGradients[$0] - (slopes[$0] * adjoint[$0]).sum() })
      if order == .first { continue }
      let step = ParameterValues(
        paths: slopes.paths, tensors: slopes.paths.map { rates.values[$0] * adjoint[$0] })
      let bent = curvature(of: model, index, along: step, inner)
      adjoint = ParameterValues(paths: adjoint.paths, tensors: adjoint.paths.map { adjoint[$0] - bent[$0] })
    }
    return MetaGradient(loss: loss.scalar, parameters: adjoint, rates: rateGradients)
  }

  private func unrolledGradient<M: Module>(
    at model: M, inner: Loss<M>, outer: (M) -> Tensor
  ) -> MetaGradient {
    let (start, marked) = (model.mapParameters { $1.tracked() }, rates.mapParameters { $1.tracked() })
    let loss = outer(InnerLoop(steps: steps, rates: marked, random: random).unrolled(start, inner))
    let (points, ratePoints) = (start.parameters, marked.parameters)
    let parts = gradients(of: loss, at: points.tensors + ratePoints.tensors)
    let count = points.tensors.count
    return MetaGradient(
      loss: loss.scalar, parameters: ParameterValues(paths: points.paths, tensors: Array(parts[..<count])),
      rates: ParameterValues(paths: ratePoints.paths, tensors: Array(parts[count...])))
  }
}
