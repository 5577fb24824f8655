import SwiftDL
import SwiftDLModels

/// Pairs of digits, made and judged by dense networks.
struct PairedDigitsSetup: FactorGANSetup {
  let data: PairedDigitsData
  private let configuration: FactorGANConfiguration

  static func open(
    _ configuration: FactorGANConfiguration, cache: String, progress: (String, Int, Int) -> Bool
  ) throws -> PairedDigitsSetup? {
    let settings = configuration.data
    let corpus = try DigitCorpus(settings.path)
    try PairedDigitsData.check(pairs: settings.pairs, of: corpus)
    let training = DigitClassifierTraining(corpus: corpus, seed: configuration.seed, folder: cache)
    guard let classifier = try training.classifier(report: { progress("classifier", $0, $1) }) else { return nil }
    let data = PairedDigitsData(
      corpus, pairs: settings.pairs, sameClass: settings.sameClass, noiseChannels: configuration.noiseChannels,
      classifier: classifier, random: RandomStream(seed: UInt64(configuration.seed)))
    return PairedDigitsSetup(data: data, configuration: configuration)
  }

  func generator(_ random: RandomStream) -> DenseGenerator {
    DenseGenerator(
      .init(
        inputChannels: configuration.noiseChannels, hiddenChannels: configuration.generatorFeatures,
        outputChannels: data.parts.channels),
      random: random)
  }

  func discriminator(_ factor: DensityFactor, _ random: RandomStream) -> DenseDiscriminator {
    DenseDiscriminator(
      .init(
        inputChannels: factor.channels(data.parts), hiddenChannels: configuration.discriminatorFeatures, outputChannels: 1),
      random: random)
  }
}
