public import SwiftDL
public import SwiftDLModels

/// A separator, the critics of its sources, and Adam for each: everything that an update changes.
///
/// Source: Stoller, Ewert, Dixon, "Adversarial semi-supervised audio source separation applied to singing voice
/// extraction", ICASSP 2018, section 2, and the authors' code.
public struct AdversarialSeparation: Sendable {
  public var separator: AdversarialSeparator
  public var optimizer: Adam
  public var critics: [SourceCritic]
  /// How much slopes of a critic above one count.
  public let slopePenalty: Float
  /// How much both unpaired losses count: α and β.
  public let unpairedWeight: Float

  /// The critic of one source.
  public struct SourceCritic: Sendable {
    /// The source's place among the separator's.
    public let source: Int
    public var network: SpectrogramCritic
    public var optimizer: Adam

    fileprivate mutating func update(with gradients: ParameterValues) { optimizer.update(&network, with: gradients) }
  }

  /// - Parameters:
  ///   - sources: those that have a critic.
  ///   - critic: a fresh one for a source.
  public init(
    separator: AdversarialSeparator, optimizer: Adam, sources: [Int], criticOptimizer: Adam, slopePenalty: Float = 10,
    unpairedWeight: Float, critic: (Int) -> SpectrogramCritic
  ) {
    self.separator = separator
    self.optimizer = optimizer
    critics = sources.map { SourceCritic(source: $0, network: critic($0), optimizer: criticOptimizer) }
    self.slopePenalty = slopePenalty
    self.unpairedWeight = unpairedWeight
  }

  // MARK: - Critics

  /// What a critic is trained with: spectrograms of its size, and points between real and fake ones.
  public struct CriticBatch: Sendable {
    /// `[batch, bins, frames, 1]`, as are the others.
    public let real: Tensor
    public let fake: Tensor
    public let between: Tensor

    /// - Parameters:
    ///   - order: how real ones are shuffled before each is joined with a fake one.
    ///   - shares: `[batch, 1, 1, 1]`, how far each point lies towards the fake one.
    public init(real: Tensor, fake: Tensor, order: [Int], shares: Tensor) {
      (self.real, self.fake) = (real, fake)
      let batch = real.shape[0]
      let shuffled = real.reshaped([batch, -1]).gatheredRows(order).reshaped(real.shape)
      between = shuffled + shares * (fake - shuffled)
    }
  }

  /// The loss of a critic and what it consists of.
  struct CriticLoss {
    /// mean score of fakes − mean score of real ones + penalty · `excess`
    let total: Tensor
    /// How far the scores lie apart: the estimate of Wasserstein's distance, times the slope.
    let distance: Tensor
    /// mean max(‖slope‖ − 1, 0)² over the points between.
    let excess: Tensor
  }

  static func criticLoss(_ critic: SpectrogramCritic, _ batch: CriticBatch, slopePenalty: Float) -> CriticLoss {
    let count = batch.real.shape[0]
    let scores = critic(.concatenated([batch.real, batch.fake], axis: 0)).split(axis: 0, extents: [count, count])
    let distance = scores[0].mean() - scores[1].mean()
    let excess = excessOfSlopes(critic, at: batch.between)
    return CriticLoss(total: slopePenalty * excess - distance, distance: distance, excess: excess)
  }

  /// mean max(‖∂score/∂point‖ − 1, 0)²: by gradients that can be differentiated again, in the critic's weights.
  package static func excessOfSlopes(_ critic: SpectrogramCritic, at points: Tensor) -> Tensor {
    let points = points.detached.tracked()
    let slopes = gradients(of: critic(points).sum(), at: [points], differentiable: true)[0]
    let norms = slopes.squared().sum(axes: [1, 2, 3]).flatSquareRoot()
    return (norms - 1).relu().squared().mean()
  }

  /// One update of all critics, each on fakes of its source from the same mixtures.
  ///
  /// - Parameters:
  ///   - mixture: spectrograms `[batch, bins, frames, 1]` with context.
  ///   - batch: makes a critic's batch of its fakes.
  /// - Returns: the figures; when the loss of one is not a finite number nothing has changed in any.
  package mutating func updateCritics(
    _ mixture: Tensor, batch: (SourceCritic, _ fake: Tensor) -> CriticBatch
  ) -> [CriticFigures] {
    let estimates = separator.estimates(mixture)
    var figures: [CriticFigures] = []
    var updates: [ParameterValues] = []
    for critic in critics {
      let batch = batch(critic, Self.seen(by: critic.network, of: estimates, source: critic.source))
      var loss: CriticLoss?
      let (value, gradients) = valueAndGradients(of: critic.network) { network in
        let parts = Self.criticLoss(network, batch, slopePenalty: slopePenalty)
        loss = parts
        return parts.total
      }
      figures.append(
        CriticFigures(
          loss: gradients.norm.isFinite ? Double(value.scalar) : .nan, distance: Double(loss?.distance.scalar ?? .nan),
          excess: Double(loss?.excess.scalar ?? .nan), updates: 1))
      updates.append(gradients)
    }
    guard figures.allSatisfy(\.loss.isFinite) else { return figures }
    for index in critics.indices { critics[index].update(with: updates[index]) }
    return figures
  }

  /// The middle of a source's spectrogram, as large as its critic sees.
  package static func seen(by critic: SpectrogramCritic, of spectrograms: Tensor, source: Int = 0) -> Tensor {
    spectrograms.sliced(axis: 3, source..<source + 1)
      .centerCropped(axis: 1, to: critic.configuration.bins).centerCropped(axis: 2, to: critic.configuration.frames)
  }

  // MARK: - Separator

  /// Σ over sources of the mean squared error, in logarithms.
  package static func supervisedLoss(_ separator: AdversarialSeparator, _ mixture: Tensor, _ targets: Tensor) -> Tensor {
    Float(targets.shape[3]) * meanSquaredError(separator.estimates(mixture), targets)
  }

  /// The mean squared difference between the mixture's magnitudes and the sum of the sources'.
  package static func additivePenalty(_ estimates: Tensor, _ mixture: Tensor, _ separator: AdversarialSeparator) -> Tensor {
    let whole = separator.extended(mixture).centerCropped(axis: 2, to: estimates.shape[2]).expm1()
    return meanSquaredError(estimates.expm1().sum(axes: [3], keepingAxes: true), whole)
  }

  /// One update of the separator.
  ///
  /// - Parameters:
  ///   - paired: mixtures, and the spectrograms of their sources `[batch, bins and some beyond, frames, sources]`.
  ///   - unpaired: mixtures alone; nil where there are no critics.
  /// - Returns: the figures; when one is not a finite number nothing has changed.
  package mutating func updateSeparator(paired: (mixture: Tensor, targets: Tensor), unpaired: Tensor?) -> SeparatorFigures {
    var (value, gradients) = valueAndGradients(of: separator) {
      Self.supervisedLoss($0, paired.mixture, paired.targets)
    }
    var figures = SeparatorFigures()
    figures.supervised = Double(value.scalar)
    if let unpaired, !critics.isEmpty {
      var parts: (score: Tensor, additive: Tensor)?
      gradients +=
        valueAndGradients(of: separator) { separator in
          let estimates = separator.estimates(unpaired)
          let scores = critics.map { $0.network(Self.seen(by: $0.network, of: estimates, source: $0.source)).mean() }
          let score = scores.dropFirst().reduce(scores[0], +)
          let additive = Self.additivePenalty(estimates, unpaired, separator)
          parts = (score.detached, additive.detached)
          return unpairedWeight * (additive - score)
        }.gradients
      figures.score = Double(parts?.score.scalar ?? .nan)
      figures.additive = Double(parts?.additive.scalar ?? .nan)
    }
    figures.updates = 1
    guard figures.isFinite, gradients.norm.isFinite else {
      figures.supervised = .nan
      return figures
    }
    optimizer.update(&separator, with: gradients)
    return figures
  }
}

/// What updates of a critic looked like: sums over several of them.
public struct CriticFigures: Codable, Sendable, Equatable {
  public var loss = 0.0
  public var distance = 0.0
  public var excess = 0.0
  public var updates = 0

  static func += (sum: inout CriticFigures, term: CriticFigures) {
    sum.loss += term.loss
    sum.distance += term.distance
    sum.excess += term.excess
    sum.updates += term.updates
  }
}

/// What updates of a separator looked like: sums over several of them.
public struct SeparatorFigures: Codable, Sendable, Equatable {
  public var supervised = 0.0
  /// Of all critics together, for estimates from unpaired mixtures.
  public var score = 0.0
  public var additive = 0.0
  public var updates = 0

  var isFinite: Bool { supervised.isFinite && score.isFinite && additive.isFinite }

  static func += (sum: inout SeparatorFigures, term: SeparatorFigures) {
    sum.supervised += term.supervised
    sum.score += term.score
    sum.additive += term.additive
    sum.updates += term.updates
  }
}
