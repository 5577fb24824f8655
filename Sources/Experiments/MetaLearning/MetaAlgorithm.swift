package import SwiftDL

/// How an initialisation is learned from many tasks.
public enum MetaAlgorithm: String, Codable, Sendable, CaseIterable {
  /// The gradient of the loss after the inner steps, exactly (Finn, Abbeel, Levine, ICML 2017).
  case maml
  /// The same as if the inner steps were constants.
  case firstOrder = "first-order-maml"
  /// MAML whose inner steps move the head alone (Raghu et al., ICLR 2020).
  case anil
  /// Towards where the inner steps lead (Nichol, Achiam, Schulman, 2018).
  case reptile
  /// No inner steps: all tasks at once, as multi-task learning does.
  case joint

  /// Whether inner rates can be learned.
  var learnsRates: Bool { self != .reptile && self != .joint }

  /// Inner rates of what the algorithm adapts of a model, whose head is called `head`.
  package func rates(_ rate: Float, for model: some Module) -> InnerRates {
    InnerRates(rate, for: model) { path in self != .anil || path.hasPrefix("head.") }
  }

  /// What one task says about where its descent should begin. Reptile knows no other examples to be judged by: its steps
  /// take turns on both.
  ///
  /// - Parameter holdsAllSteps: keeps the graphs of all inner steps at once, which is faster, where there are such.
  package func gradient<M: Module>(
    at model: M, _ loop: InnerLoop, holdsAllSteps: Bool, inner: InnerLoop.Loss<M>, outer: (M, Context) -> Tensor
  ) -> MetaGradient {
    switch self {
    case .maml, .anil:
      return loop.gradient(at: model, order: holdsAllSteps ? .secondUnrolled : .second, inner: inner, outer: outer)
    case .firstOrder: return loop.gradient(at: model, order: .first, inner: inner, outer: outer)
    case .joint:
      let context = Context(training: true, random: loop.random)
      let (loss, gradients) = valueAndGradients(of: model) { (inner($0, 0, context) + outer($0, context)) / 2 }
      return MetaGradient(
        loss: loss.scalar, parameters: gradients, rates: loop.rates.values.map { .zeros($0.shape) })
    case .reptile:
      let end = loop.adapted(model) { $1 % 2 == 0 ? inner($0, $1, $2) : outer($0, $2) }
      let displacement = model.parameters.paths.map { path in model.parameters[path].detached - end.parameters[path] }
      return MetaGradient(
        loss: outer(end, Context(training: true, random: loop.random.stream(loop.steps))).scalar,
        parameters: ParameterValues(paths: model.parameters.paths, tensors: displacement),
        rates: loop.rates.values.map { .zeros($0.shape) })
    }
  }
}
