import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Updates of adversarial separation") struct AdversarialUpdateTests {
  /// The published critic with fewer features and of a smaller picture.
  private func smallCritic(scale: Float = 1) -> SpectrogramCritic {
    var configuration = SpectrogramCriticConfiguration()
    (configuration.bins, configuration.frames, configuration.hidden) = (64, 16, 8)
    (configuration.halving, configuration.halvingBins) = ([4, 6, 8, 10], [10, 10])
    let critic = SpectrogramCritic(configuration, random: RandomStream(seed: 4))
    return critic.mapParameters { path, value in path == "output.weight" ? scale * value : value }
  }

  @Test("the slopes of the gradient penalty are its differences, in every weight")
  func penalty() {
    var random = RandomStream(seed: 1)
    let points = random.uniform([2, 64, 16, 1])
    let tracked = points.tracked()
    let slope = SwiftDL.gradients(of: smallCritic()(tracked).sum(), at: [tracked])[0].norm().scalar / Float(2).squareRoot()
    let critic = smallCritic(scale: 3 / slope)
    func value(_ critic: SpectrogramCritic) -> Double {
      Double(AdversarialSeparation.excessOfSlopes(critic, at: points).scalar)
    }
    #expect(value(critic) > 1)
    let gradients = valueAndGradients(of: critic) { AdversarialSeparation.excessOfSlopes($0, at: points) }.gradients
    var compared = 0
    for (path, gradient) in zip(gradients.paths, gradients.tensors) where path.hasSuffix("weight") {
      let size = critic.parameters[path].norm().scalar / Float(gradient.count).squareRoot()
      for _ in 0..<6 {
        let direction = random.normal(gradient.shape)
        let exact = Double((direction * gradient).sum().scalar)
        func difference(_ step: Float) -> Double {
          func moved(_ step: Float) -> SpectrogramCritic {
            critic.mapParameters { $0 == path ? $1 + step * direction : $1 }
          }
          return (value(moved(step)) - value(moved(-step))) / Double(2 * step)
        }
        // Where a unit of LeakyReLU changes its side on the way, a difference says nothing; then two of them differ.
        let (near, far) = (difference(1e-3 * size), difference(2e-3 * size))
        guard abs(near - far) < 0.005 * abs(near) else { continue }
        compared += 1
        #expect(abs(exact - near) < 0.02 * abs(near), "\(path): \(exact) and \(near)")
      }
    }
    // Of 8 weights, 6 directions each.
    #expect(compared >= 8, "\(compared)")
  }

  @Test("slopes below one are free")
  func oneSided() {
    var random = RandomStream(seed: 1)
    #expect(AdversarialSeparation.excessOfSlopes(smallCritic(scale: 1e-3), at: random.uniform([2, 64, 16, 1])).scalar == 0)
  }

  @Test("sources that add up to the mixture cost nothing, and others do")
  func additivePenalty() {
    let separator = AdversarialSeparator(.tiny)
    let c = separator.configuration.network
    var random = RandomStream(seed: 2)
    let bins = separator.configuration.bins
    let mixture = random.uniform([2, bins, c.inputSize.frames, 1], in: 0..<2)
    let kept = separator.extended(mixture).centerCropped(axis: 2, to: c.outputSize.frames)
    let share = random.uniform(kept.shape)
    func penalty(_ share: Tensor, _ other: Tensor) -> Float {
      let parts = [share, other].map { ($0 * kept.expm1()).log1p() }
      return AdversarialSeparation.additivePenalty(.concatenated(parts, axis: 3), mixture, separator).scalar
    }
    #expect(penalty(share, 1 - share) < 1e-11)
    #expect(penalty(share, 1.1 - share) > 1e-3)
  }

  // MARK: - PyTorch

  private func golden() throws -> SafeTensorsFile {
    try SafeTensorsFile(
      try #require(Bundle.module.path(forResource: "Fixtures/adversarial_update.safetensors", ofType: nil)))
  }

  private func filled<M: Module>(_ fresh: M, _ prefix: String, _ golden: SafeTensorsFile) throws -> M {
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

  private func expectFields(_ model: some Module, _ prefix: String, _ golden: SafeTensorsFile) throws {
    let expected = try filled(model, prefix, golden).parameters
    for (path, tensor) in zip(model.parameters.paths, model.parameters.tensors) {
      expectClose(tensor, expected[path], tolerance: 1e-4, "\(prefix)\(path)")
    }
  }

  @Test("one update of both critics and one of the separator are PyTorch's")
  func update() throws {
    let golden = try golden()
    var critic = SpectrogramCriticConfiguration()
    (critic.bins, critic.frames, critic.hidden) = (16, 8, 6)
    (critic.halving, critic.halvingBins) = ([3, 4], [5])
    let separator = try filled(AdversarialSeparator(.tiny), "before/separator/", golden)
    var networks = AdversarialSeparation(
      separator: separator, optimizer: Adam(learningRate: 1e-3), sources: [0, 1], criticOptimizer: Adam(learningRate: 1e-3),
      unpairedWeight: 0.05
    ) { _ in SpectrogramCritic(critic) }
    for index in 0..<2 {
      networks.critics[index].network = try filled(networks.critics[index].network, "before/critic\(index)/", golden)
    }
    let mixture = try golden.tensor("critics/mixture")
    expectClose(separator.spectrogram(try golden.tensor("critics/wave").expanded(at: 2)), mixture, tolerance: 1e-5)
    expectClose(separator.estimates(mixture), try golden.tensor("critics/estimates"), tolerance: 1e-5)
    var failure: (any Error)?
    let figures = networks.updateCritics(mixture) { critic, fake in
      do {
        return .init(
          real: try golden.tensor("critic\(critic.source)/real"), fake: fake,
          order: try golden.tensor("critic\(critic.source)/order").scalars.map { Int($0) },
          shares: try golden.tensor("critic\(critic.source)/share"))
      } catch {
        failure = error
        return .init(real: fake, fake: fake, order: [0, 1, 2], shares: .zeros([3, 1, 1, 1]))
      }
    }
    if let failure { throw failure }
    for index in 0..<2 {
      func told(_ name: String) throws -> Double { Double(try golden.tensor("critic\(index)/\(name)").scalar) }
      #expect(abs(figures[index].loss - (try told("loss"))) < 1e-4 * max(1, abs(try told("loss"))))
      #expect(abs(figures[index].distance - (try told("distance"))) < 1e-4)
      #expect(abs(figures[index].excess - (try told("excess"))) < 1e-4)
      try expectFields(networks.critics[index].network, "after/critic\(index)/", golden)
    }
    let own = networks.updateSeparator(
      paired: (try golden.tensor("separator/paired"), try golden.tensor("separator/targets")),
      unpaired: try golden.tensor("separator/alone"))
    for (name, value) in [("supervised", own.supervised), ("score", own.score), ("additive", own.additive)] {
      #expect(abs(value - Double(try golden.tensor("separator/\(name)").scalar)) < 1e-4, "\(name)")
    }
    try expectFields(networks.separator, "after/separator/", golden)
  }
}
