public import SwiftDL

/// What one discriminator tells apart: a factor of the ratio between the densities of real and generated samples.
///
/// p(x)/q(x) = c_P(x)/c_Q(x) · Π p(xᵢ)/q(xᵢ), where c is a density over the product of its marginals. Source: Stoller,
/// Ewert, Dixon, "Training generative adversarial networks from incomplete observations using factorised
/// discriminators", ICLR 2020, section 2.
public enum DensityFactor: Sendable, Hashable {
  /// p(x)/q(x): whole real samples and whole generated ones, as in an ordinary GAN.
  case whole
  /// p(xᵢ)/q(xᵢ): real and generated instances of one part, for which no whole sample is needed.
  case marginal(part: Int)
  /// c_P(x): real samples, and the same with their parts shuffled. The one factor that needs whole real samples.
  case realDependency
  /// c_Q(x): generated samples, and the same with their parts shuffled.
  case generatedDependency

  /// The factor's name in files and charts: `d`, `d1`, `d2`, …, `dP`, `dQ`.
  public var name: String {
    switch self {
    case .whole: "d"
    case .marginal(let part): "d\(part + 1)"
    case .realDependency: "dP"
    case .generatedDependency: "dQ"
    }
  }

  /// With which sign its logit stands in the joint one.
  public var sign: Float { self == .generatedDependency ? -1 : 1 }

  /// What its discriminator sees of a sample.
  public func seen(of sample: Tensor, _ parts: SampleParts) -> Tensor {
    if case .marginal(let part) = self { return parts.part(part, of: sample) }
    return sample
  }

  /// Positions of the last axis that its discriminator sees.
  public func channels(_ parts: SampleParts) -> Int {
    if case .marginal(let part) = self { return parts.sizes[part] }
    return parts.channels
  }
}

/// How the ratio of densities is estimated.
public enum DensityFactorisation: String, Codable, Sendable, CaseIterable {
  /// By one discriminator of whole samples: the ordinary GAN.
  case gan
  /// By one discriminator for each part and two for the dependencies between them.
  case factorGAN = "factor-gan"
  /// The same without c_P: real parts are taken to be independent.
  case withoutRealDependency = "factor-gan-no-cp"

  /// The factors, in the order they are trained.
  ///
  /// - Parameter given: parts that the generator is given and does not make: they have no marginal.
  public func factors(of parts: SampleParts, given: Set<Int> = []) -> [DensityFactor] {
    if self == .gan { return [.whole] }
    let marginals = parts.sizes.indices.filter { !given.contains($0) }.map { DensityFactor.marginal(part: $0) }
    return marginals + (self == .factorGAN ? [.realDependency] : []) + [.generatedDependency]
  }
}

/// Discriminators that are trained apart and together estimate the logarithm of p(x)/q(x): the sum of the logits of the
/// factors, that of c_Q negative. Source: Stoller, Ewert, Dixon, ICLR 2020, section 2.
public struct FactorisedDiscriminator<D: Network>: Module {
  public let parts: SampleParts
  public let factors: [DensityFactor]
  /// One for each factor; takes what the factor sees, gives a logit `[batch, 1]`.
  public var networks: [D]

  /// - Parameter network: a fresh network for a factor.
  public init(parts: SampleParts, factors: [DensityFactor], network: (DensityFactor) -> D) {
    self.parts = parts
    self.factors = factors
    networks = factors.map(network)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    for (index, factor) in factors.enumerated() { visit.module(factor.name, &networks[index]) }
  }

  /// The signed logit of one factor for whole samples.
  public func term(_ index: Int, _ samples: Tensor, _ context: Context) -> Tensor {
    let logit = networks[index](factors[index].seen(of: samples, parts), context)
    return factors[index].sign == 1 ? logit : -logit
  }

  /// The joint logit `[batch, 1]` of whole samples.
  public func logit(_ samples: Tensor, _ context: Context) -> Tensor {
    let terms = networks.indices.map { term($0, samples, context) }
    return terms.dropFirst().reduce(terms[0]) { $0 + $1 }
  }
}

/// What a generator minimises, given the joint logit of its samples.
public enum GeneratorObjective: String, Codable, Sendable, CaseIterable {
  /// The cross-entropy of calling them real: the loss that does not saturate.
  case jsd
  /// Minus the mean logit: an estimate of the Kullback–Leibler divergence of q from p.
  case kl

  public func loss(_ logit: Tensor) -> Tensor {
    switch self {
    case .jsd: binaryCrossEntropyWithLogits(logit, .ones(logit.shape))
    case .kl: -logit.mean()
    }
  }
}

/// A discriminator's two passes of one step: logits of what it should call real and of what it should not.
public struct DiscriminatorLogits: Sendable {
  public let real: Tensor
  public let fake: Tensor

  private init(real: Tensor, fake: Tensor) { (self.real, self.fake) = (real, fake) }

  /// Runs `network` over both in one call: the real ones are the first pass, the others the second.
  ///
  /// - Parameter context: one whose `passes` are these two.
  public init(_ network: some Network, real: Tensor, fake: Tensor, _ context: Context) {
    let (first, second) = (real.shape[0], fake.shape[0])
    let logits = network(.concatenated([real, fake], axis: 0), context)
    self.init(real: logits.sliced(axis: 0, 0..<first), fake: logits.sliced(axis: 0, first..<first + second))
  }

  /// The same outside any differentiation.
  public var detached: DiscriminatorLogits { DiscriminatorLogits(real: real.detached, fake: fake.detached) }

  /// The sum of both cross-entropies, each a mean over its batch.
  public var loss: Tensor {
    binaryCrossEntropyWithLogits(real, .ones(real.shape)) + binaryCrossEntropyWithLogits(fake, .zeros(fake.shape))
  }
}
