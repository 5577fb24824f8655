public import SwiftDL

/// The layers of a dense network.
public struct DenseNetworkConfiguration: Codable, Sendable, Hashable {
  public var inputChannels = 50
  /// Channels of the two hidden layers.
  public var hiddenChannels = 128
  public var outputChannels = 1568

  public init(inputChannels: Int, hiddenChannels: Int = 128, outputChannels: Int) {
    self.inputChannels = inputChannels
    self.hiddenChannels = hiddenChannels
    self.outputChannels = outputChannels
  }

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    for (name, channels) in [
      ("inputChannels", inputChannels), ("hiddenChannels", hiddenChannels), ("outputChannels", outputChannels),
    ] where channels < 1 || channels > 1 << 14 {
      return "\(name) is \(channels); 1 to \(1 << 14) are possible"
    }
    return nil
  }

  fileprivate var facts: NetworkFacts {
    NetworkFacts(
      window: WindowLengths(input: 1, output: 1), receptiveField: ReceptiveField(before: 0, after: 0))
  }

  fileprivate func problem(withInput shape: Shape) -> String? {
    shape.rank >= 2 && shape[shape.rank - 1] == inputChannels
      ? nil : "has shape \(shape); [batch, …, \(inputChannels)] is expected"
  }
}

/// FactorGAN's generator of paired digits: noise to pixels in 0…1.
///
/// Input `[batch, …, inputChannels]`, output `[batch, …, outputChannels]`; two hidden layers with ReLU.
/// Source: Stoller, Ewert, Dixon, "Training generative adversarial networks from incomplete observations
/// using factorised discriminators", ICLR 2020, appendix.
public struct DenseGenerator: Module {
  public let configuration: DenseNetworkConfiguration
  public var layers: [Dense]

  public init(_ configuration: DenseNetworkConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "generator: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    layers = [
      Dense(
        inputChannels: c.inputChannels, outputChannels: c.hiddenChannels, activation: .relu,
        initialization: .kaimingUniform, random: &random),
      Dense(
        inputChannels: c.hiddenChannels, outputChannels: c.hiddenChannels, activation: .relu,
        initialization: .kaimingUniform, random: &random),
      Dense(
        inputChannels: c.hiddenChannels, outputChannels: c.outputChannels, activation: .sigmoid,
        initialization: .kaimingUniform, random: &random),
    ]
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { visit.modules("layers", &layers) }

  public func callAsFunction(_ noise: Tensor) -> Tensor { layers.reduce(noise) { $1($0) } }
}

/// FactorGAN's discriminator of digits: pixels to one logit, the logarithm of a ratio of densities.
///
/// Input `[batch, …, inputChannels]`, output `[batch, …, outputChannels]`; two hidden layers with LeakyReLU
/// 0.01; every layer spectrally normalised. In training a pass moves the estimates of the largest singular
/// values, which the context keeps.
public struct DenseDiscriminator: Module {
  public let configuration: DenseNetworkConfiguration
  public var layers: [SpectralNorm<Dense>]

  public init(_ configuration: DenseNetworkConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "discriminator: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    func layer(_ input: Int, _ output: Int, _ activation: Activation) -> SpectralNorm<Dense> {
      let dense = Dense(
        inputChannels: input, outputChannels: output, activation: activation,
        initialization: .kaimingUniform, random: &random)
      return SpectralNorm(dense, random: &random)
    }
    let leaky = Activation.leakyReLU(slope: 0.01)
    layers = [
      layer(c.inputChannels, c.hiddenChannels, leaky), layer(c.hiddenChannels, c.hiddenChannels, leaky),
      layer(c.hiddenChannels, c.outputChannels, .none),
    ]
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { visit.modules("layers", &layers) }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    layers.reduce(x) { $1($0, context) }
  }
}

extension DenseGenerator: Network {
  public static let architecture = "dense-generator"
  public static let presets: [(name: String, configuration: DenseNetworkConfiguration)] = [
    ("factor-gan-generator-fc", DenseNetworkConfiguration(inputChannels: 50, outputChannels: 1568))
  ]
  public static func problem(with configuration: DenseNetworkConfiguration) -> String? { configuration.problem }
  public func problem(withInput shape: Shape) -> String? { configuration.problem(withInput: shape) }
  public var facts: NetworkFacts { configuration.facts }
}

extension DenseDiscriminator: Network {
  public static let architecture = "dense-discriminator"
  /// Of one digit (117,121 parameters), and of a pair (217,473).
  public static let presets: [(name: String, configuration: DenseNetworkConfiguration)] = [
    ("factor-gan-discriminator-fc", DenseNetworkConfiguration(inputChannels: 784, outputChannels: 1)),
    ("factor-gan-discriminator-fc-pair", DenseNetworkConfiguration(inputChannels: 1568, outputChannels: 1)),
  ]
  public static func problem(with configuration: DenseNetworkConfiguration) -> String? { configuration.problem }
  public func callAsFunction(_ input: Tensor) -> Tensor { self(input, .inference) }
  public func problem(withInput shape: Shape) -> String? { configuration.problem(withInput: shape) }
  public var facts: NetworkFacts { configuration.facts }
}
