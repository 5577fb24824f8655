import SwiftDL
import SwiftDLModels

/// Two pictures that belong together, such as outlines and photographs: made of noise by transposed convolutions.
///
/// Source: Stoller, Ewert, Dixon, ICLR 2020, section 4.2.
struct ImagePairsSetup: FactorGANSetup {
  let data: ImagePairsData
  private let configuration: FactorGANConfiguration

  static func open(
    _ configuration: FactorGANConfiguration, cache: String, progress: (String, Int, Int) -> Bool
  ) throws -> ImagePairsSetup? {
    let settings = configuration.data
    let format = ImagePairs.Format(side: settings.size, firstIsGrey: settings.firstIsGrey)
    guard let pairs = try ImagePairs.open(settings, format, cache: cache, progress: { progress("pictures", $0, $1) })
    else { return nil }
    return ImagePairsSetup(data: ImagePairsData(pairs, format, configuration), configuration: configuration)
  }

  func generator(_ random: RandomStream) -> ConvGenerator {
    ConvGenerator(
      .init(
        height: configuration.data.size, width: configuration.data.size, channels: data.parts.channels,
        features: configuration.generatorFeatures, noise: configuration.noiseChannels),
      random: random)
  }

  func discriminator(_ factor: DensityFactor, _ random: RandomStream) -> ConvDiscriminator {
    ConvDiscriminator(
      .init(
        height: configuration.data.size, width: configuration.data.size, channels: factor.channels(data.parts),
        features: configuration.discriminatorFeatures),
      random: random)
  }
}

/// Pairs of pictures, few of them known as pairs, all of them known as single pictures.
struct ImagePairsData: FactorGANData {
  let parts: SampleParts
  private let pairs: ImagePairs
  private let known: Int
  private let configuration: FactorGANConfiguration

  init(_ pairs: ImagePairs, _ format: ImagePairs.Format, _ configuration: FactorGANConfiguration) {
    self.pairs = pairs
    self.configuration = configuration
    parts = SampleParts(sizes: format.channels)
    known = configuration.data.pairs == 0 ? pairs.train.count : configuration.data.pairs
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
    GeneratorInputs(noise: random.uniform([count, configuration.noiseChannels], in: -1..<1))
  }

  func picture(_ samples: Tensor) -> any PNGPicture { RGBImage(grid: samples, parts, columns: 8) }

  /// None: what tells good pairs from others has to be trained first.
  func scores(of generator: some SampleGenerator, random: RandomStream) -> JSONObject { [:] }

  func finalScores(
    of generator: some SampleGenerator, random: RandomStream, shouldStop: () -> Bool
  ) throws -> JSONObject? {
    let size = configuration.data.size
    let judge = LeastSquaresJudge(
      .init(height: size, width: size, channels: parts.channels, features: configuration.judge.features),
      epochs: configuration.judge.epochs)
    var random = random
    // As many as there are test images, the same for all classifiers.
    var made: [Tensor] = []
    for start in stride(from: 0, to: pairs.test.count, by: 100) {
      made.append(generator.samples(inputs(min(100, pairs.test.count - start), random: &random), .inference))
    }
    let generated = Tensor.concatenated(made, axis: 0)
    let rows = generated.reshaped([generated.shape[0], -1])
    var losses: [Double] = []
    for number in 0..<configuration.judge.repeats {
      let loss = judge.loss(
        count: pairs.test.count, real: { pairs.test.tensor($0) },
        generated: { places in
          rows.gatheredRows(Array(places)).reshaped([places.count, size, size, parts.channels])
        }, random: random.stream("judge").stream(number), shouldStop: shouldStop)
      guard let loss else { return nil }
      losses.append(loss)
    }
    let mean = losses.reduce(0, +) / Double(losses.count)
    let variance = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, losses.count - 1))
    return ["ls": mean, "ls_deviation": variance.squareRoot()]
  }

  var summary: String {
    "\(pairs.name): \(known) of \(pairs.train.count) pairs known, \(pairs.test.count) to judge by"
  }
}

extension ImagePairs {
  /// The pairs that settings name; refuses more known ones than there are.
  static func open(
    _ settings: FactorGANDataSettings, _ format: Format, cache: String, progress: (Int, Int) -> Bool
  ) throws -> ImagePairs? {
    guard !settings.path.isEmpty else {
      throw ConfigurationError("data.path", "is not set", hint: "name a folder with train and val of pairs of pictures")
    }
    guard let pairs = try open(settings.path, format, cache: cache, progress: progress) else { return nil }
    guard settings.pairs <= pairs.train.count else {
      throw ConfigurationError(
        "data.pairs", "is \(settings.pairs), but \(settings.path) has \(pairs.train.count) pairs to train on",
        hint: "0 takes all of them")
    }
    return pairs
  }
}

extension RGBImage {
  /// Samples beside and below each other, the parts of each side by side.
  ///
  /// - Parameter samples: `[count, height, width, channels]` in 0 … 1; each part has three channels, or one of grey.
  init(grid samples: Tensor, _ parts: SampleParts, columns: Int) {
    let (height, width, channels) = (samples.shape[1], samples.shape[2], samples.shape[3])
    let pictures = samples.withUnsafeBuffer { values in
      (0..<samples.shape[0]).map { sample in
        let images = parts.sizes.indices.map { part in
          let range = parts.range(part)
          var bytes: [UInt8] = []
          bytes.reserveCapacity(3 * height * width)
          for pixel in 0..<height * width {
            let start = (sample * height * width + pixel) * channels + range.lowerBound
            for colour in 0..<3 {
              let value = values[start + (range.count == 3 ? colour : 0)]
              bytes.append(UInt8((min(max(value, 0), 1) * 255).rounded()))
            }
          }
          return RGBImage(width: width, height: height, bytes: bytes)
        }
        return images.dropFirst().reduce(images[0]) { $0.beside($1) }
      }
    }
    self.init(grid: pictures, columns: columns)
  }
}
