public import SwiftDL

/// The shape of FactorGAN's convolutional networks of images: everything but their weights.
public struct ConvNetworkConfiguration: Codable, Sendable, Hashable {
  /// Rows and columns, powers of two from 8 on. A generator's are equal.
  public var height = 64
  public var width = 64
  /// Of all parts of a sample side by side.
  public var channels = 4
  /// Features of the level next to the image: they double from one to the next.
  public var features = 64
  /// Numbers of noise that a generator starts from.
  public var noise = 50

  public init(height: Int = 64, width: Int = 64, channels: Int = 4, features: Int, noise: Int = 50) {
    (self.height, self.width, self.channels, self.features, self.noise) = (height, width, channels, features, noise)
  }

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    for (name, value) in [("height", height), ("width", width)]
    where value < 8 || value > 1024 || value & (value - 1) != 0 {
      return "\(name) is \(value); powers of two from 8 to 1024 are possible"
    }
    for (name, value) in [("channels", channels), ("features", features), ("noise", noise)]
    where value < 1 || value > 512 {
      return "\(name) is \(value); 1 to 512 are possible"
    }
    return features << (halvings - 1) > 1 << 14 ? "features make layers of \(features << (halvings - 1)) features" : nil
  }

  /// Times the smaller side is halved until it is 4.
  var halvings: Int { min(height, width).trailingZeroBitCount - 2 }

  fileprivate var facts: NetworkFacts {
    NetworkFacts(
      window: WindowLengths(input: 1, output: 1), receptiveField: ReceptiveField(before: 0, after: 0))
  }

  /// Fresh layers from an image to one number.
  fileprivate func discriminatorLayers(_ random: inout RandomStream) -> (convolutions: [Conv2D], output: Dense) {
    let one = Padding(before: 1, after: 1)
    let convolutions = (0..<halvings).map { index in
      Conv2D(
        inputChannels: index == 0 ? channels : features << (index - 1), outputChannels: features << index,
        kernel: .init(4, 4), stride: .init(2, 2), padding: .explicit(vertical: one, horizontal: one),
        activation: .leakyReLU(slope: 0.01), initialization: .kaimingUniform, random: &random)
    }
    let rest = (height >> halvings) * (width >> halvings) * (features << (halvings - 1))
    let output = Dense(
      inputChannels: rest, outputChannels: 1, hasBias: false, initialization: .kaimingUniform, random: &random)
    return (convolutions, output)
  }
}

/// FactorGAN's generator of pairs of images: noise to pixels in 0 … 1, by transposed convolutions of 4 × 4.
///
/// Input `[batch, noise]`, output `[batch, height, width, channels]`; ReLU between, no normalisation. Source: Stoller,
/// Ewert, Dixon, ICLR 2020, appendix, and the authors' code.
public struct ConvGenerator: Module {
  public let configuration: ConvNetworkConfiguration
  public var layers: [TransposedConv2D]

  public init(_ configuration: ConvNetworkConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(Self.problem(with: configuration) == nil, "generator: \(Self.problem(with: configuration) ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    var inputs = c.noise
    layers = (0...c.halvings).map { index in
      let outputs = index == c.halvings ? c.channels : c.features << (c.halvings - 1 - index)
      defer { inputs = outputs }
      let cropping = Padding(before: index == 0 ? 0 : 1, after: index == 0 ? 0 : 1)
      return TransposedConv2D(
        inputChannels: inputs, outputChannels: outputs, kernel: .init(4, 4), stride: index == 0 ? .one : .init(2, 2),
        verticalCropping: cropping, horizontalCropping: cropping, activation: index == c.halvings ? .sigmoid : .relu,
        initialization: .kaimingUniform, random: &random)
    }
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { visit.modules("layers", &layers) }

  public func callAsFunction(_ noise: Tensor) -> Tensor {
    layers.reduce(noise.reshaped([noise.shape[0], 1, 1, configuration.noise])) { $1($0) }
  }
}

/// FactorGAN's discriminator of images: pixels to one logit, the logarithm of a ratio of densities.
///
/// Input `[batch, height, width, channels]`, output `[batch, 1]`. Convolutions of 4 × 4 halve the image until its smaller
/// side is 4, with LeakyReLU 0.01, then a sum without bias; every layer spectrally normalised.
public struct ConvDiscriminator: Module {
  public let configuration: ConvNetworkConfiguration
  public var convolutions: [SpectralNorm<Conv2D>]
  public var output: SpectralNorm<Dense>

  public init(_ configuration: ConvNetworkConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "discriminator: \(configuration.problem ?? "")")
    self.configuration = configuration
    var random = random
    let layers = configuration.discriminatorLayers(&random)
    convolutions = layers.convolutions.map { SpectralNorm($0, random: &random) }
    output = SpectralNorm(layers.output, random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.modules("convolutions", &convolutions)
    visit.module("output", &output)
  }

  public func callAsFunction(_ image: Tensor, _ context: Context) -> Tensor {
    let maps = convolutions.reduce(image) { $1($0, context) }
    return output(maps.reshaped([image.shape[0], -1]), context)
  }
}

/// A discriminator without spectral normalisation: what judges generated images, trained anew for it.
public struct ConvClassifier: Module {
  public var convolutions: [Conv2D]
  public var output: Dense

  public init(_ configuration: ConvNetworkConfiguration, random: RandomStream) {
    require(configuration.problem == nil, "classifier: \(configuration.problem ?? "")")
    var random = random
    (convolutions, output) = configuration.discriminatorLayers(&random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.modules("convolutions", &convolutions)
    visit.module("output", &output)
  }

  /// - Parameter image: `[batch, height, width, channels]`
  /// - Returns: `[batch, 1]`
  public func callAsFunction(_ image: Tensor) -> Tensor {
    output(convolutions.reduce(image) { $1($0) }.reshaped([image.shape[0], -1]))
  }
}

extension ConvGenerator: Network {
  public static let architecture = "conv-generator"
  /// Of pairs of an image of one channel and one of three.
  public static let presets: [(name: String, configuration: ConvNetworkConfiguration)] = [
    ("factor-gan-generator-conv", ConvNetworkConfiguration(features: 64))
  ]
  public static func problem(with configuration: ConvNetworkConfiguration) -> String? {
    configuration.problem
      ?? (configuration.height == configuration.width ? nil : "height and width of what is generated are equal")
  }
  public func problem(withInput shape: Shape) -> String? {
    shape.rank == 2 && shape[1] == configuration.noise
      ? nil : "has shape \(shape); [batch, \(configuration.noise)] is expected"
  }
  public var facts: NetworkFacts { configuration.facts }
}

extension ConvDiscriminator: Network {
  public static let architecture = "conv-discriminator"
  /// Of pairs of 64 × 64, of scenes with labels of 128 × 128, and of two spectrograms of 256 × 128.
  public static let presets: [(name: String, configuration: ConvNetworkConfiguration)] = [
    ("factor-gan-discriminator-conv", ConvNetworkConfiguration(features: 32)),
    ("factor-gan-discriminator-scenes", ConvNetworkConfiguration(height: 128, width: 128, channels: 6, features: 32)),
    ("factor-gan-discriminator-audio", ConvNetworkConfiguration(height: 256, width: 128, channels: 2, features: 32)),
  ]
  public static func problem(with configuration: ConvNetworkConfiguration) -> String? { configuration.problem }
  public func callAsFunction(_ image: Tensor) -> Tensor { self(image, .inference) }
  public func problem(withInput shape: Shape) -> String? {
    let c = configuration
    let expected: Shape = [c.height, c.width, c.channels]
    return shape.rank == 4 && Shape(shape.dropFirst()) == expected
      ? nil : "has shape \(shape); [batch, \(c.height), \(c.width), \(c.channels)] is expected"
  }
  public var facts: NetworkFacts { configuration.facts }
}
