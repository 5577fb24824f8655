public import SwiftDL

/// The layers of a classifier of small grey images.
public struct DigitClassifierConfiguration: Codable, Sendable, Hashable {
  /// Pixels along either side of an image.
  public var side = 28
  /// Channels of the two convolutions.
  public var channels = [10, 20]
  /// Features that distances between sets of images are measured by.
  public var features = 50
  public var classes = 10

  public init() {}

  /// Side of the image after the convolutions and the pooling behind each.
  fileprivate var pooledSide: Int { ((side - 4) / 2 - 4) / 2 }

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if channels.count != 2 || channels.contains(where: { $0 < 1 || $0 > 4096 }) {
      return "channels are \(channels); two numbers from 1 to 4096 are needed"
    }
    if side < 16 || side > 256 || (side - 4) % 4 != 0 { return "side is \(side); 16, 20, 24, … 256 are possible" }
    for (name, value) in [("features", features), ("classes", classes)] where value < 1 || value > 4096 {
      return "\(name) is \(value); 1 to 4096 are possible"
    }
    return nil
  }
}

/// A small network that tells digits apart and whose features FactorGAN's generators of digits are judged by.
///
/// Input `[batch, 28, 28, 1]`, output logits `[batch, 10]`. Two convolutions of 5 × 5, each with average pooling and
/// LeakyReLU 0.01, a dense layer of 50 features with LeakyReLU and, in training, dropout 0.5, and the output layer.
/// Source: the code of Stoller, Ewert, Dixon, ICLR 2020 (MNIST classifier).
public struct DigitClassifier: Module {
  public let configuration: DigitClassifierConfiguration
  public var convolutions: [Conv2D]
  public var hidden: Dense
  public var output: Dense

  public init(_ configuration: DigitClassifierConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "digit classifier: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    convolutions = zip([1, c.channels[0]], c.channels).map { input, output in
      Conv2D(
        inputChannels: input, outputChannels: output, kernel: .init(5, 5), initialization: .kaimingUniform,
        random: &random)
    }
    hidden = Dense(
      inputChannels: c.pooledSide * c.pooledSide * c.channels[1], outputChannels: c.features,
      activation: .leakyReLU(slope: 0.01), initialization: .kaimingUniform, random: &random)
    output = Dense(
      inputChannels: c.features, outputChannels: c.classes, initialization: .kaimingUniform, random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.modules("convolutions", &convolutions)
    visit.module("hidden", &hidden)
    visit.module("output", &output)
  }

  /// The features `[batch, 50]` of images `[batch, 28, 28, 1]`.
  public func features(_ images: Tensor) -> Tensor {
    let half = PoolGeometry(window: .init(2, 2))
    let maps = convolutions.reduce(images) { $1($0).averagePooled(half).leakyReLU() }
    return hidden(maps.reshaped([images.shape[0], -1]))
  }

  public func callAsFunction(_ images: Tensor, _ context: Context) -> Tensor {
    let features = features(images)
    return output(features.dropped(by: context.dropoutMask(0.5, count: features.count)))
  }
}

extension DigitClassifier: Network {
  public static let architecture = "digit-classifier"
  public static let presets: [(name: String, configuration: DigitClassifierConfiguration)] = [
    ("factor-gan-digit-classifier", DigitClassifierConfiguration())
  ]
  public static func problem(with configuration: DigitClassifierConfiguration) -> String? { configuration.problem }
  public func callAsFunction(_ images: Tensor) -> Tensor { self(images, .inference) }

  public func problem(withInput shape: Shape) -> String? {
    let side = configuration.side
    return shape.rank == 4 && shape[1] == side && shape[2] == side && shape[3] == 1
      ? nil : "has shape \(shape); [batch, \(side), \(side), 1] is expected"
  }

  public var facts: NetworkFacts {
    NetworkFacts(
      window: WindowLengths(input: 1, output: 1), receptiveField: ReceptiveField(before: 0, after: 0))
  }
}
