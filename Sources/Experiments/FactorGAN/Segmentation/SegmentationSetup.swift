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
    guard let pairs = try ImagePairs.open(settings, format, cache: cache, progress: { progress("pictures", $0, $1) })
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
    ConvDiscriminator(
      .init(
        height: configuration.data.size, width: configuration.data.size, channels: factor.channels(data.parts),
        features: configuration.discriminatorFeatures),
      random: random)
  }
}

/// Scenes and their labels, few of them known together.
struct SegmentationData: FactorGANData {
  let parts = SampleParts(sizes: [3, 3])
  let given: Set<Int> = [0]
  private let pairs: ImagePairs
  private let palette: LabelPalette
  private let known: Int
  /// Scenes that the generator is given.
  private let scenes: Int
  private let noiseChannels: Int

  init(_ pairs: ImagePairs, _ palette: LabelPalette, _ configuration: FactorGANConfiguration) {
    (self.pairs, self.palette) = (pairs, palette)
    known = configuration.data.pairs == 0 ? pairs.train.count : configuration.data.pairs
    scenes = configuration.factorisation == .gan ? known : pairs.train.count
    noiseChannels = configuration.noiseChannels
  }

  func count(of factor: DensityFactor) -> Int {
    if case .marginal = factor { return pairs.train.count }
    return known
  }

  func real(_ indices: ArraySlice<Int>, for factor: DensityFactor) -> Tensor {
    if case .marginal(let part) = factor { return pairs.train.tensor(indices, channels: parts.range(part)) }
    return pairs.train.tensor(indices)
  }

  func inputs(_ count: Int, random: inout RandomStream) -> GeneratorInputs {
    let drawn = (0..<count).map { _ in random.integer(below: scenes) }
    return inputs(pairs.train, drawn, &random)
  }

  private func inputs(_ store: PixelStore, _ indices: some Collection<Int>, _ random: inout RandomStream) -> GeneratorInputs {
    GeneratorInputs(
      noise: random.uniform([indices.count, noiseChannels], in: -1..<1),
      condition: store.tensor(indices, channels: parts.range(0)))
  }

  /// Test scenes, always the same.
  func inputsToLookAt(random: inout RandomStream) -> GeneratorInputs {
    inputs(pairs.test, 0..<min(24, pairs.test.count), &random)
  }

  func picture(_ samples: Tensor) -> any PNGPicture { RGBImage(grid: samples, parts, columns: 6) }

  func scores(of generator: some SampleGenerator, random: RandomStream) -> JSONObject {
    var random = random
    var scores = LabelScores(palette)
    for start in stride(from: 0, to: pairs.test.count, by: 25) {
      let places = start..<min(start + 25, pairs.test.count)
      let made = generator.samples(inputs(pairs.test, places, &random), .inference)
      scores.add(parts.part(1, of: made), pairs.test.tensor(places, channels: parts.range(1)))
    }
    return scores.json
  }

  var summary: String {
    "\(pairs.name): labels of \(known) of \(pairs.train.count) scenes known, \(palette.evaluated.count) classes, "
      + "\(pairs.test.count) scenes to judge by"
  }
}
