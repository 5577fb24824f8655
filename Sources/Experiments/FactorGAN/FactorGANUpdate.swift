public import SwiftDL
public import SwiftDLModels

/// What a discriminator's updates looked like: sums over several of them.
public struct FactorFigures: Codable, Sendable, Equatable {
  /// Half the sum of both cross-entropies: ln 2 where nothing can be told apart.
  public var loss = 0.0
  /// The share of its samples that it is right about.
  public var accuracy = 0.0
  /// Mean logits of what it should call real, and of what it should not.
  public var realLogit = 0.0
  public var fakeLogit = 0.0
  public var updates = 0

  public init() {}

  mutating func add(_ logits: DiscriminatorLogits, loss: Double) {
    func mean(_ tensor: Tensor, _ value: (Float) -> Double) -> Double {
      tensor.withUnsafeBuffer { $0.reduce(0) { $0 + value($1) } / Double($0.count) }
    }
    self.loss += loss / 2
    accuracy += (mean(logits.real) { $0 > 0 ? 1 : 0 } + mean(logits.fake) { $0 < 0 ? 1 : 0 }) / 2
    realLogit += mean(logits.real) { Double($0) }
    fakeLogit += mean(logits.fake) { Double($0) }
    updates += 1
  }
}

/// A generator, its discriminators, and Adam for each: everything that an update changes.
///
/// Source: Stoller, Ewert, Dixon, ICLR 2020, algorithm 1, and the authors' code.
public struct FactorGAN<G: SampleGenerator, D: Network>: Sendable {
  public var generator: G
  public var discriminator: FactorisedDiscriminator<D>
  public var generatorOptimizer: Adam
  /// One for each factor.
  public var optimizers: [Adam]
  public let objective: GeneratorObjective

  public init(
    generator: G, discriminator: FactorisedDiscriminator<D>, objective: GeneratorObjective = .jsd, optimizer: Adam
  ) {
    self.generator = generator
    self.discriminator = discriminator
    self.objective = objective
    generatorOptimizer = optimizer
    optimizers = discriminator.factors.map { _ in optimizer }
  }

  /// One update of a discriminator, towards calling `real` real and `fake` not.
  ///
  /// - Parameters:
  ///   - real: instances of what the factor's discriminator sees, `[batch, …]`; likewise `fake`.
  ///   - figures: what the update's figures are added to.
  /// - Returns: the loss; when it is not a finite number, nothing has changed.
  package static func update(
    _ network: inout D, _ optimizer: inout Adam, real: Tensor, fake: Tensor, figures: inout FactorFigures
  ) -> Double {
    let context = Context(training: true, passes: [real.shape[0], fake.shape[0]])
    var seen: DiscriminatorLogits?
    let (value, gradients) = valueAndGradients(of: network) { network in
      let logits = DiscriminatorLogits(network, real: real, fake: fake, context)
      seen = logits.detached
      return logits.loss
    }
    let loss = Double(value.scalar)
    guard loss.isFinite else { return loss }
    optimizer.update(&network, with: gradients)
    context.applyUpdates(to: &network)
    if let seen { figures.add(seen, loss: loss) }
    return loss
  }

  /// Calls `body` with every factor's index, network and optimiser, side by side.
  mutating func eachFactor(_ workers: FactorWorkers, _ body: (Int, inout D, inout Adam) -> Void) {
    discriminator.networks.withUnsafeMutableBufferPointer { networks in
      optimizers.withUnsafeMutableBufferPointer { optimizers in
        nonisolated(unsafe) let (networks, optimizers) = (networks, optimizers)
        workers.run(networks.count) { body($0, &networks[$0], &optimizers[$0]) }
      }
    }
  }

  /// One update of the generator, whose samples shall be called real.
  ///
  /// - Returns: the loss and the mean joint logit; when the loss is not a finite number, nothing has changed.
  package mutating func updateGenerator(
    _ inputs: GeneratorInputs, random: RandomStream, _ workers: FactorWorkers
  ) -> (loss: Double, logit: Double) {
    let context = Context(training: true, random: random)
    let (discriminator, objective) = (discriminator, objective)
    let contexts = discriminator.factors.map { _ in Context(training: true) }
    var (loss, mean) = (Double.nan, Double.nan)
    let gradients = valueAndGradients(of: generator) { generator in
      let samples = generator.samples(inputs, context)
      // Each factor has the samples for itself: its gradient needs nothing of the others but the joint logit's slope.
      let points = discriminator.factors.map { _ in samples.detached.tracked() }
      let terms = workers.map(points.count) { discriminator.term($0, points[$0], contexts[$0]) }
      let joint = terms.dropFirst().reduce(terms[0].detached) { $0 + $1.detached }
      let logit = joint.tracked()
      let value = objective.loss(logit)
      loss = Double(value.scalar)
      mean = Double(joint.mean().scalar)
      let slope = SwiftDL.gradients(of: value, at: [logit])[0]
      let parts = workers.map(points.count) { SwiftDL.gradients(of: terms[$0], at: [points[$0]], seed: slope)[0] }
      let cotangent = parts.dropFirst().reduce(parts[0]) { $0 + $1 }
      return (samples * cotangent).sum()
    }.gradients
    guard loss.isFinite else { return (loss, mean) }
    generatorOptimizer.update(&generator, with: gradients)
    context.applyUpdates(to: &generator)
    for index in contexts.indices { contexts[index].applyUpdates(to: &self.discriminator.networks[index]) }
    return (loss, mean)
  }
}

extension FactorWorkers {
  /// What `body` makes of every index, in order.
  func map(_ count: Int, _ body: (Int) -> Tensor) -> [Tensor] {
    var results = [Tensor?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer
      run(count) { buffer[$0] = body($0) }
    }
    return results.compactMap(\.self)
  }
}
