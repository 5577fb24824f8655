import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

/// What PyTorch, NumPy and SciPy make of the same numbers.
@Suite("FactorGAN against PyTorch and SciPy") struct GoldenUpdateTests {
  private let golden: SafeTensorsFile

  init() throws {
    golden = try SafeTensorsFile(
      try #require(Bundle.module.path(forResource: "Fixtures/factor_gan.safetensors", ofType: nil)))
  }

  /// A network with the weights under a prefix, in our order of layers.
  private func filled<M: Module>(_ fresh: M, _ prefix: String) throws -> M {
    var model = fresh
    var failure: (any Error)?
    model.forEachField { _, path, tensor in
      do {
        let value = try golden.tensor(prefix + path)
        #expect(value.shape == tensor.shape, "\(prefix)\(path)")
        tensor = value
      } catch { failure = error }
    }
    if let failure { throw failure }
    return model
  }

  private func expectFields(_ model: some Module, _ prefix: String) throws {
    let expected = try filled(model, prefix)
    for (own, golden) in [(model.parameters, expected.parameters), (model.buffers, expected.buffers)] {
      for (path, tensor) in zip(own.paths, own.tensors) {
        expectClose(tensor, golden[path], tolerance: 2e-5, "\(prefix)\(path)")
      }
    }
  }

  private func gan() throws -> FactorGAN<DenseGenerator, DenseDiscriminator> {
    let parts = SampleParts(sizes: [6, 6])
    var gan = FactorGAN(
      generator: try filled(
        DenseGenerator(.init(inputChannels: 5, hiddenChannels: 8, outputChannels: 12)), "before/generator."),
      discriminator: FactorisedDiscriminator(parts: parts, factors: DensityFactorisation.factorGAN.factors(of: parts)) {
        DenseDiscriminator(.init(inputChannels: $0.channels(parts), hiddenChannels: 8, outputChannels: 1))
      }, optimizer: Adam(learningRate: 1e-2, beta1: 0.5))
    for (index, factor) in gan.discriminator.factors.enumerated() {
      gan.discriminator.networks[index] = try filled(gan.discriminator.networks[index], "before/\(factor.name).")
    }
    return gan
  }

  @Test("one update with all that goes before it") func update() throws {
    var gan = try gan()
    let parts = gan.discriminator.parts
    #expect(gan.discriminator.factors.map(\.name) == ["d1", "d2", "dP", "dQ"])
    for step in 0..<2 {
      for (index, factor) in gan.discriminator.factors.enumerated() {
        let name = "\(factor.name)/\(step)"
        let (real, fake) = (try golden.tensor("\(name)/real"), try golden.tensor("\(name)/fake"))
        // What the generator made, and how parts were shuffled, is ours too.
        if factor != .realDependency {
          let made = gan.generator(try golden.tensor("\(name)/noise"))
          expectClose(factor.seen(of: made, parts), factor == .generatedDependency ? real : fake, tolerance: 1e-5)
        }
        if factor == .realDependency || factor == .generatedDependency {
          let order = try golden.tensor("\(name)/order").scalars.map { Int($0) }
          expectIdentical(parts.shuffled(real, orders: [order]), fake)
        }
        var figures = FactorFigures()
        let loss = FactorGAN<DenseGenerator, DenseDiscriminator>.update(
          &gan.discriminator.networks[index], &gan.optimizers[index], real: real, fake: fake, figures: &figures)
        #expect(abs(loss - Double(try golden.tensor("\(name)/loss").scalar)) < 1e-5, "\(name)")
        #expect(abs(figures.loss - loss / 2) < 1e-6)
      }
    }
    let workers = FactorWorkers(pieces: 4)
    let inputs = GeneratorInputs(noise: try golden.tensor("generator/noise"))
    let (loss, logit) = gan.updateGenerator(inputs, random: RandomStream(seed: 0), workers)
    #expect(abs(loss - Double(try golden.tensor("generator/loss").scalar)) < 1e-5)
    #expect(abs(logit - Double(try golden.tensor("generator/logit").scalar)) < 1e-5)
    try expectFields(gan.generator, "after/generator.")
    for (index, factor) in gan.discriminator.factors.enumerated() {
      try expectFields(gan.discriminator.networks[index], "after/\(factor.name).")
    }
  }

  @Test("the classifier's features, classes and gradients") func classifier() throws {
    var configuration = DigitClassifierConfiguration()
    configuration.channels = [3, 4]
    configuration.features = 7
    let model = try filled(DigitClassifier(configuration), "classifier/weights/")
    let images = try golden.tensor("classifier/images")
    expectClose(model.features(images), try golden.tensor("classifier/features"), tolerance: 1e-5)
    expectClose(model(images), try golden.tensor("classifier/logits"), tolerance: 1e-5)
    let classes = try golden.tensor("classifier/classes").scalars.map { Int($0) }
    let gradients = valueAndGradients(of: model) { crossEntropy($0(images), classes) }.gradients
    for (path, gradient) in zip(gradients.paths, gradients.tensors) {
      expectClose(gradient, try golden.tensor("classifier/gradients/\(path)"), tolerance: 1e-5, path)
    }
  }

  @Test("the Fréchet distance", arguments: ["many", "few"]) func distance(name: String) throws {
    let a = FeatureStatistics(try golden.tensor("frechet/\(name)/a"))
    let b = FeatureStatistics(try golden.tensor("frechet/\(name)/b"))
    let expected = Double(try golden.tensor("frechet/\(name)/distance").scalar)
    // Of few vectors the root of a singular product is known to about the root of the rounding.
    let tolerance = name == "many" ? 1e-5 : 1e-4
    #expect(abs(a.frechetDistance(from: b) - expected) < tolerance * expected)
    #expect(abs(b.frechetDistance(from: a) - expected) < tolerance * expected)
    #expect(abs(a.frechetDistance(from: a)) < 1e-5 * expected)
  }

  @Test("the dependency error") func dependency() throws {
    func table(_ name: String) throws -> [[Double]] {
      let tensor = try golden.tensor("dependency/\(name)")
      return (0..<10).map { row in (0..<10).map { Double(tensor[row, $0]) } }
    }
    let error = ClassDependency.error(real: try table("real"), generated: try table("generated"))
    #expect(abs(error - Double(try golden.tensor("dependency/error").scalar)) < 1e-5)
    #expect(ClassDependency.error(real: try table("real"), generated: try table("real")) == 0)
  }
}
