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
    guard let pairs = try KnownPairs.open(settings, format, cache: cache, progress: { progress("pictures", $0, $1) })
    else { return nil }
    return ImagePairsSetup(data: ImagePairsData(pairs, configuration), configuration: configuration)
  }

  func generator(_ random: RandomStream) -> ConvGenerator {
    ConvGenerator(
      .init(
        height: configuration.data.size, width: configuration.data.size, channels: data.parts.channels,
        features: configuration.generatorFeatures, noise: configuration.noiseChannels),
      random: random)
  }

  func discriminator(_ factor: DensityFactor, _ random: RandomStream) -> ConvDiscriminator {
    data.known.discriminator(factor, features: configuration.discriminatorFeatures, random)
  }
}

/// Pairs of pictures, few of them known as pairs, all of them known as single pictures.
struct ImagePairsData: FactorGANData {
  let known: KnownPairs
  private let configuration: FactorGANConfiguration

  init(_ known: KnownPairs, _ configuration: FactorGANConfiguration) {
    (self.known, self.configuration) = (known, configuration)
  }

  var parts: SampleParts { known.parts }
  private var test: PixelStore { known.pairs.test }
  func count(of factor: DensityFactor) -> Int { known.count(of: factor) }
  func real(_ indices: ArraySlice<Int>, for factor: DensityFactor) -> Tensor { known.real(indices, for: factor) }

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
    for start in stride(from: 0, to: test.count, by: 100) {
      made.append(generator.samples(inputs(min(100, test.count - start), random: &random), .inference))
    }
    let generated = Tensor.concatenated(made, axis: 0)
    let rows = generated.reshaped([generated.shape[0], -1])
    var losses: [Double] = []
    for number in 0..<configuration.judge.repeats {
      let loss = judge.loss(
        count: test.count, real: { test.tensor($0) },
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
    "\(known.pairs.name): \(known.known) of \(known.pairs.train.count) pairs known, \(test.count) to judge by"
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
