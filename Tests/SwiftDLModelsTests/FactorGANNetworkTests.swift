import Foundation
import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("FactorGAN's networks of images and spectrograms") struct FactorGANNetworkTests {
  private func small(_ answer: GeneratorUNetConfiguration.Answer) -> GeneratorUNetConfiguration {
    var c = answer == .image ? GeneratorUNetConfiguration.image : .audio
    (c.features, c.noise) = (2, 5)
    (c.height, c.width) = answer == .image ? (16, 32) : (32, 16)
    c.outputChannels = answer == .image ? 2 : 1
    return c
  }

  @Test("parameter counts of the paper's models") func counts() {
    #expect(GeneratorUNet(.image).parameterCount == 3_361_155)
    #expect(GeneratorUNet(.audio).parameterCount == 3_367_041)
    #expect(ConvGenerator.presets.map { ConvGenerator($0.configuration).parameterCount } == [3_167_172])
    #expect(
      ConvDiscriminator.presets.map { ConvDiscriminator($0.configuration).parameterCount } == [
        694_752, 2_797_536, 2_803_680,
      ])
  }

  @Test("the U-Nets equal PyTorch's in training") func unets() throws {
    for answer in GeneratorUNetConfiguration.Answer.allCases {
      let network = GeneratorUNet(small(answer))
      try expectTwin(network, "generator-u-net-\(answer == .image ? "image" : "audio")") { $0($1, Context(training: true)) }
      expectEveryTensorVisited(in: network)
    }
  }

  @Test("generator and discriminator of images equal PyTorch's") func pairs() throws {
    let generator = ConvGenerator(.init(height: 16, width: 16, channels: 3, features: 4, noise: 5))
    try expectTwin(generator, "conv-generator") { $0($1) }
    let discriminator = ConvDiscriminator(.init(height: 32, width: 16, channels: 2, features: 3))
    try expectTwin(discriminator, "conv-discriminator") { $0($1, Context(training: true)) }
    expectEveryTensorVisited(in: generator)
    expectEveryTensorVisited(in: discriminator)
  }

  @Test("accompaniment and voice add up to the mixture's magnitudes, whatever the weights") func sums() {
    var random = RandomStream(seed: 3)
    let c = small(.sources)
    let mixture = random.uniform([2, c.height, c.width, 1], in: 0..<4)
    let sources = GeneratorUNet(c, random: random)(mixture, noise: random.uniform([2, c.noise], in: -1..<1), .inference)
    let magnitudes = sources.exp() - 1
    #expect(sources.scalars.allSatisfy { $0 >= 0 })
    expectClose(magnitudes.sum(axes: [3]), (mixture.exp() - 1).sum(axes: [3]), tolerance: 1e-5)
  }

  @Test("noise changes what is generated, and without it nothing is left to chance") func noise() {
    var random = RandomStream(seed: 4)
    let network = GeneratorUNet(small(.image), random: random)
    let scene = random.uniform([1, 16, 32, 3], in: 0..<1)
    let (one, two) = (random.uniform([1, 5], in: -1..<1), random.uniform([1, 5], in: -1..<1))
    #expect(network(scene, noise: one, .inference).scalars != network(scene, noise: two, .inference).scalars)
    #expect(network(scene).scalars == network(scene, noise: .zeros([1, 5]), .inference).scalars)
  }
}

@Suite("FactorGAN's separator") struct GeneratorSeparatorTests {
  private let configuration: GeneratorSeparatorConfiguration = {
    var c = GeneratorSeparatorConfiguration()
    (c.network.height, c.network.width, c.network.features, c.network.noise) = (32, 16, 2, 4)
    return c
  }()

  @Test("both sources add up to the mixture") func sums() {
    var random = RandomStream(seed: 5)
    let separator = GeneratorSeparator(configuration, random: random)
    let window = configuration.defaultWindow
    let mixture = random.uniform([2, window.input, 1], in: -1..<1)
    let sources = separator(mixture)
    #expect(sources.shape == [2, window.output, 2])
    let kept = mixture.sliced(axis: 1, window.contextBefore..<window.contextBefore + window.output)
    expectClose(sources.sum(axes: [2], keepingAxes: true), kept, tolerance: 1e-5)
  }

  @Test("spectrograms are logarithms of one plus magnitudes, low bins first") func spectrogram() {
    let separator = GeneratorSeparator(configuration)
    // A cosine on bin 3 at full scale reads a quarter of the frame's size.
    let samples = (0..<configuration.windowSamples).map { Float(cos(2 * Double.pi * 3 * Double($0) / 64)) }
    let image = separator.spectrogram(Tensor([1, samples.count, 1], samples))
    #expect(image.shape == [1, 32, 16, 1])
    let column = image.sliced(axis: 2, 4..<5).scalars
    #expect(abs(column[3] - log1p(16)) < 1e-4 && column[8] < 1e-3)
  }

  @Test("its samples are the network's, of whatever noise") func samples() {
    var random = RandomStream(seed: 6)
    let separator = GeneratorSeparator(configuration, random: random)
    let inputs = GeneratorInputs(
      noise: random.uniform([1, 4], in: -1..<1), condition: random.uniform([1, 32, 16, 1], in: 0..<3))
    let magnitudes = separator.samples(inputs, .inference).expm1().sum(axes: [3])
    expectClose(magnitudes, (inputs.condition ?? .zeros([1])).expm1().sum(axes: [3]), tolerance: 1e-4)
  }
}
