import SwiftDL
import SwiftDLModels

/// Labels for the pixels of scenes, made by a U-Net.
///
/// The labels alone have a marginal, since scenes are given and the same in real and generated samples. An ordinary GAN
/// sees the scenes of known pairs only, a FactorGAN all of them. Source: Stoller, Ewert, Dixon, ICLR 2020, section 4.3.
struct SegmentationSetup: FactorGANSetup {
  let data: SegmentationData
  private let configuration: FactorGANConfiguration

  static func open(
    _ configuration: FactorGANConfiguration, cache: String, progress: (String, Int, Int) -> Bool
  ) throws -> SegmentationSetup? {
    let settings = configuration.data
    let palette = try LabelPalette.of(settings.path)
    let format = ImagePairs.Format(side: settings.size, palette: palette)
    guard let pairs = try KnownPairs.open(settings, format, cache: cache, progress: { progress("pictures", $0, $1) })
    else { return nil }
    return SegmentationSetup(data: SegmentationData(pairs, palette, configuration), configuration: configuration)
  }

  func generator(_ random: RandomStream) -> GeneratorUNet {
    var shape = GeneratorUNetConfiguration.image
    (shape.height, shape.width) = (configuration.data.size, configuration.data.size)
    (shape.features, shape.noise) = (configuration.generatorFeatures, configuration.noiseChannels)
    return GeneratorUNet(shape, random: random)
  }

  func discriminator(_ factor: DensityFactor, _ random: RandomStream) -> ConvDiscriminator {
    data.known.discriminator(factor, features: configuration.discriminatorFeatures, random)
  }
}

/// Scenes and their labels, few of them known together.
struct SegmentationData: FactorGANData {
  let given: Set<Int> = [0]
  let known: KnownPairs
  private let palette: LabelPalette
  /// Scenes that the generator is given.
  private let scenes: Int
  private let noiseChannels: Int

  init(_ known: KnownPairs, _ palette: LabelPalette, _ configuration: FactorGANConfiguration) {
    (self.known, self.palette) = (known, palette)
    scenes = configuration.factorisation == .gan ? known.known : known.pairs.train.count
    noiseChannels = configuration.noiseChannels
  }

  var parts: SampleParts { known.parts }
  private var test: PixelStore { known.pairs.test }
  func count(of factor: DensityFactor) -> Int { known.count(of: factor) }
  func real(_ indices: ArraySlice<Int>, for factor: DensityFactor) -> Tensor { known.real(indices, for: factor) }

  func inputs(_ count: Int, random: inout RandomStream) -> GeneratorInputs {
    let drawn = (0..<count).map { _ in random.integer(below: scenes) }
    return inputs(known.pairs.train, drawn, &random)
  }

  private func inputs(_ store: PixelStore, _ indices: some Collection<Int>, _ random: inout RandomStream) -> GeneratorInputs
  {
    GeneratorInputs(
      noise: random.uniform([indices.count, noiseChannels], in: -1..<1),
      condition: store.tensor(indices, channels: parts.range(0)))
  }

  /// Test scenes, always the same.
  func inputsToLookAt(random: inout RandomStream) -> GeneratorInputs {
    inputs(test, 0..<min(24, test.count), &random)
  }

  func picture(_ samples: Tensor) -> any PNGPicture { RGBImage(grid: samples, parts, columns: 6) }

  func scores(of generator: some SampleGenerator, random: RandomStream) -> JSONObject {
    var random = random
    var scores = LabelScores(palette)
    for start in stride(from: 0, to: test.count, by: 25) {
      let places = start..<min(start + 25, test.count)
      let made = generator.samples(inputs(test, places, &random), .inference)
      scores.add(parts.part(1, of: made), test.tensor(places, channels: parts.range(1)))
    }
    return scores.json
  }

  var summary: String {
    "\(known.pairs.name): labels of \(known.known) of \(known.pairs.train.count) scenes known, "
      + "\(palette.evaluated.count) classes, \(test.count) scenes to judge by"
  }
}
