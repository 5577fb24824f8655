import Experiments
import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

/// What holds of the factors of a ratio of densities, whatever the networks.
@Suite("Factors of a ratio of densities") struct FactorisationTests {
  private let parts = SampleParts(sizes: [2, 3, 4])

  private func discriminator(
    _ factors: [DensityFactor], _ parts: SampleParts? = nil
  ) -> FactorisedDiscriminator<DenseDiscriminator> {
    let parts = parts ?? self.parts
    return FactorisedDiscriminator(parts: parts, factors: factors) { factor in
      DenseDiscriminator(
        .init(inputChannels: factor.channels(parts), hiddenChannels: 7, outputChannels: 1),
        random: RandomStream(seed: 1).stream(factor.name))
    }
  }

  @Test("three parts, or two of which one is given, have these factors") func factors() {
    let names = DensityFactorisation.allCases.map { $0.factors(of: parts).map(\.name) }
    #expect(names == [["d"], ["d1", "d2", "d3", "dP", "dQ"], ["d1", "d2", "d3", "dQ"]])
    let given = DensityFactorisation.factorGAN.factors(of: SampleParts(sizes: [3, 3]), given: [0])
    #expect(given.map(\.name) == ["d2", "dP", "dQ"])
    let one = discriminator(DensityFactorisation.factorGAN.factors(of: parts))
    #expect(one.networks.map(\.configuration.inputChannels) == [2, 3, 4, 9, 9])
  }

  @Test("the joint logit is the signed sum of the factors' logits") func logit() {
    var random = RandomStream(seed: 2)
    let samples = random.normal([5, 9])
    let d = discriminator(DensityFactorisation.factorGAN.factors(of: parts))
    let slices = [0..<2, 2..<5, 5..<9].map { samples.sliced(axis: 1, $0) }
    let seen = slices + [samples, samples]
    let logits = zip(d.networks, seen).map { $0($1) }
    expectClose(d.logit(samples, .inference), logits[0] + logits[1] + logits[2] + logits[3] - logits[4])
  }

  @Test("shuffling leaves the first part alone and permutes each other part by itself") func shuffling() {
    var random = RandomStream(seed: 3)
    let count = 40
    let samples = Tensor([count, 9], (0..<count * 9).map { Float($0) })
    let shuffled = parts.shuffled(samples, random: &random)
    expectIdentical(parts.part(0, of: shuffled), parts.part(0, of: samples))
    var orders: [[Int]] = []
    for part in 1...2 {
      let rows = parts.part(part, of: shuffled)
      let first = parts.range(part).lowerBound
      let order = (0..<count).map { (Int(rows[$0, 0]) - first) / 9 }
      #expect(order.sorted() == Array(0..<count) && order != Array(0..<count))
      expectIdentical(parts.part(part, of: samples).gatheredRows(order), rows)
      orders.append(order)
    }
    #expect(orders[0] != orders[1])
    // Images fall into parts along their channels.
    let images = samples.reshaped([count / 2, 2, 1, 9])
    let mixed = parts.shuffled(images, orders: [Array((0..<count / 2).reversed()), Array(0..<count / 2)])
    let last = images.sliced(axis: 0, count / 2 - 1..<count / 2)
    expectIdentical(mixed.sliced(axis: 3, 2..<5).sliced(axis: 0, 0..<1), last.sliced(axis: 3, 2..<5))
    expectIdentical(mixed.sliced(axis: 3, 5..<9), images.sliced(axis: 3, 5..<9))
  }

  @Test("factors trained apart and together make the same update") func apartAndTogether() {
    var random = RandomStream(seed: 4)
    let d = discriminator(DensityFactorisation.factorGAN.factors(of: parts))
    let real = random.normal([6, 9])
    let fake = parts.shuffled(random.uniform([4, 9]), random: &random)
    let context = { Context(training: true, passes: [6, 4]) }
    let together = valueAndGradients(of: d) { d in
      let losses = d.factors.indices.map { index in
        let factor = d.factors[index]
        return DiscriminatorLogits(
          d.networks[index], real: factor.seen(of: real, parts), fake: factor.seen(of: fake, parts), context()
        ).loss
      }
      return losses.dropFirst().reduce(losses[0]) { $0 + $1 }
    }.gradients
    var joint = d
    var adam = Adam(learningRate: 1e-2, beta1: 0.5)
    adam.update(&joint, with: together)
    for (index, factor) in d.factors.enumerated() {
      var network = d.networks[index]
      var adam = Adam(learningRate: 1e-2, beta1: 0.5)
      var figures = FactorFigures()
      _ = FactorGAN<DenseGenerator, DenseDiscriminator>.update(
        &network, &adam, real: factor.seen(of: real, parts), fake: factor.seen(of: fake, parts), figures: &figures)
      for (path, tensor) in zip(network.parameters.paths, network.parameters.tensors) {
        expectIdentical(tensor, joint.parameters["\(factor.name).\(path)"], "\(factor.name).\(path)")
      }
      #expect(network.buffers.tensors.map(\.scalars) != d.networks[index].buffers.tensors.map(\.scalars))
    }
  }

  @Test("the generator's gradient is that of the objective of the joint logit", arguments: GeneratorObjective.allCases)
  func generatorGradient(objective: GeneratorObjective) {
    var random = RandomStream(seed: 5)
    let generator = DenseGenerator(.init(inputChannels: 4, hiddenChannels: 6, outputChannels: 9), random: random)
    let d = discriminator(DensityFactorisation.factorGAN.factors(of: parts))
    let noise = random.uniform([5, 4], in: -1..<1)
    var plain = generator
    var adam = Adam(learningRate: 1e-2)
    let whole = valueAndGradients(of: generator) { objective.loss(d.logit($0(noise), Context(training: true))) }
    adam.update(&plain, with: whole.gradients)
    var gan = FactorGAN(generator: generator, discriminator: d, objective: objective, optimizer: Adam(learningRate: 1e-2))
    let (loss, _) = gan.updateGenerator(GeneratorInputs(noise: noise), random: random, FactorWorkers(pieces: 5))
    #expect(abs(loss - Double(whole.value.scalar)) < 1e-5)
    for (a, b) in zip(gan.generator.parameters.tensors, plain.parameters.tensors) { expectClose(a, b, tolerance: 1e-4) }
    #expect(gan.discriminator.buffers.tensors.map(\.scalars) != d.buffers.tensors.map(\.scalars))
  }

  /// Trains a factor on batches until it knows what can be known. Returns the mean size of its logits on fresh samples.
  private func trained(_ parts: SampleParts, _ batch: (inout RandomStream) -> Tensor) -> Float {
    var random = RandomStream(seed: 6)
    var d = discriminator([.realDependency], parts)
    var adam = Adam(learningRate: 5e-3, beta1: 0.5)
    var figures = FactorFigures()
    for _ in 0..<400 {
      let real = batch(&random)
      _ = FactorGAN<DenseGenerator, DenseDiscriminator>.update(
        &d.networks[0], &adam, real: real, fake: parts.shuffled(real, random: &random), figures: &figures)
    }
    return d.logit(batch(&random), .inference).absoluteValue().mean().scalar
  }

  @Test("of independent parts the dependency tends to nothing; of dependent ones it does not") func independence() {
    let parts = SampleParts(sizes: [1, 1])
    let independent = trained(parts) { $0.normal([64, 2]) }
    let dependent = trained(parts) { random in
      let x = random.normal([64, 1])
      return .concatenated([x, x + 0.1 * random.normal([64, 1])], axis: 1)
    }
    #expect(independent < 0.1, "\(independent)")
    #expect(dependent > 3 * independent && dependent > 0.1, "\(dependent)")
  }

  @Test("of equal distributions the joint logit tends to nothing") func equality() {
    let parts = SampleParts(sizes: [1, 1])
    func dependent(_ random: inout RandomStream) -> Tensor {
      let x = random.normal([64, 1])
      return .concatenated([x, x + 0.3 * random.normal([64, 1])], axis: 1)
    }
    var random = RandomStream(seed: 7)
    var d = discriminator(DensityFactorisation.factorGAN.factors(of: parts), parts)
    var adams = d.factors.map { _ in Adam(learningRate: 5e-3, beta1: 0.5) }
    var figures = FactorFigures()
    for _ in 0..<400 {
      for (index, factor) in d.factors.enumerated() {
        let real = dependent(&random)
        let fake: Tensor =
          if case .marginal = factor { dependent(&random) } else { parts.shuffled(real, random: &random) }
        _ = FactorGAN<DenseGenerator, DenseDiscriminator>.update(
          &d.networks[index], &adams[index], real: factor.seen(of: real, parts), fake: factor.seen(of: fake, parts),
          figures: &figures)
      }
    }
    let samples = dependent(&random)
    let joint = d.logit(samples, .inference).absoluteValue().mean().scalar
    let dependency = d.term(2, samples, .inference).absoluteValue().mean().scalar
    #expect(joint < 0.25 && dependency > 2 * joint, "\(joint), \(dependency)")
  }
}
