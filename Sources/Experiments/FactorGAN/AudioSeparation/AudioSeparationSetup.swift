import SwiftDL
import SwiftDLModels

/// Accompaniment and a source, found in mixtures by a mask: adversarially alone, no loss compares estimate and truth.
///
/// An ordinary GAN sees mixtures of the songs known with their stems only, a FactorGAN those of all songs; its marginals
/// see every song's stems, its dependency of real parts the known songs'. Source: Stoller, Ewert, Dixon, ICLR 2020, section
/// 4.4.
struct AudioSeparationSetup: FactorGANSetup {
  let data: AudioSeparationData
  private let configuration: FactorGANConfiguration

  static func open(
    _ configuration: FactorGANConfiguration, cache: String, progress: (String, Int, Int) -> Bool
  ) throws -> AudioSeparationSetup? {
    guard !configuration.data.path.isEmpty else {
      throw ConfigurationError("data.path", "is not set", hint: "name a folder of songs with their stems")
    }
    let data = try AudioSeparationData(configuration, separator(configuration), cache: cache) { done, total in
      _ = progress("decoding", done, total)
    }
    return Interrupt.requested ? nil : AudioSeparationSetup(data: data, configuration: configuration)
  }

  private static func separator(
    _ configuration: FactorGANConfiguration, random: RandomStream = RandomStream(seed: 0)
  ) throws(ConfigurationError) -> GeneratorSeparator {
    var shape = GeneratorSeparatorConfiguration()
    shape.sources = ["accompaniment", configuration.data.source]
    shape.sampleRate = configuration.data.sampleRate
    shape.network.width = configuration.data.size
    (shape.network.features, shape.network.noise) = (configuration.generatorFeatures, configuration.noiseChannels)
    if let problem = shape.problem { throw ConfigurationError("data.source", problem) }
    return GeneratorSeparator(shape, random: random)
  }

  func generator(_ random: RandomStream) -> GeneratorSeparator {
    GeneratorSeparator(data.separator.configuration, random: random)
  }

  func discriminator(_ factor: DensityFactor, _ random: RandomStream) -> ConvDiscriminator {
    let shape = data.separator.configuration.network
    return ConvDiscriminator(
      .init(
        height: shape.height, width: shape.width, channels: factor.channels(data.parts),
        features: configuration.discriminatorFeatures),
      random: random)
  }
}
