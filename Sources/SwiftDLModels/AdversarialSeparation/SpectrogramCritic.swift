public import SwiftDL

/// The shape of a critic of spectrograms: everything but its weights.
public struct SpectrogramCriticConfiguration: Codable, Sendable, Hashable {
  public var bins = 256
  public var frames = 64
  /// Features of the convolutions that halve both axes.
  public var halving = [32, 64, 128, 256]
  /// Features of those that halve the bins alone.
  public var halvingBins = [256, 256]
  /// Width of the hidden dense layer.
  public var hidden = 32
  /// Slope of LeakyReLU below zero.
  public var leakySlope: Float = 0.2

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if halving.isEmpty { return "halving must name at least one layer" }
    for (name, values) in [("halving", halving), ("halvingBins", halvingBins), ("hidden", [hidden])]
    where values.count > 12 || values.contains(where: { $0 < 1 || $0 > 1 << 14 }) {
      return "\(name) is \(values); up to 12 numbers from 1 to \(1 << 14) are possible"
    }
    for (name, value, times) in [("bins", bins, halving.count + halvingBins.count), ("frames", frames, halving.count)]
    where value < 1 || value > 1 << 14 || value % (1 << times) != 0 {
      return "\(name) is \(value); \(times) halvings need a multiple of \(1 << times)"
    }
    if !(leakySlope >= 0 && leakySlope < 1) { return "leakySlope is \(leakySlope); 0 ..< 1 is possible" }
    return nil
  }
}

/// The critic of adversarial semi-supervised separation: one number for a source's spectrogram, larger for real ones.
///
/// Input `[batch, 256, 64, 1]`, logarithms of one plus magnitudes; output `[batch, 1]`; 1,869,344 parameters. Convolutions
/// of 4 × 4 halve both axes, then ones of 4 × 2 the bins alone, with LeakyReLU 0.2 and zeros around; a dense layer follows,
/// and a sum without bias. Source: Stoller, Ewert, Dixon, "Adversarial semi-supervised audio source separation applied to
/// singing voice extraction", ICASSP 2018, and the authors' code.
public struct SpectrogramCritic: Module {
  public let configuration: SpectrogramCriticConfiguration
  public var convolutions: [Conv2D]
  public var hidden: Dense
  public var output: Dense

  /// Fresh weights: Glorot uniform kernels, zero biases.
  public init(_ configuration: SpectrogramCriticConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "critic: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    let leaky = Activation.leakyReLU(slope: c.leakySlope)
    let features = c.halving + c.halvingBins
    convolutions = features.indices.map { index in
      let halvesBoth = index < c.halving.count
      return Conv2D(
        inputChannels: index == 0 ? 1 : features[index - 1], outputChannels: features[index],
        kernel: .init(4, halvesBoth ? 4 : 2), stride: .init(2, halvesBoth ? 2 : 1), padding: .same, activation: leaky,
        random: &random)
    }
    let rest = (c.bins >> features.count) * (c.frames >> c.halving.count) * features[features.count - 1]
    hidden = Dense(inputChannels: rest, outputChannels: c.hidden, activation: leaky, random: &random)
    output = Dense(inputChannels: c.hidden, outputChannels: 1, hasBias: false, random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.modules("convolutions", &convolutions)
    visit.module("hidden", &hidden)
    visit.module("output", &output)
  }

  public func callAsFunction(_ spectrogram: Tensor) -> Tensor {
    let maps = convolutions.reduce(spectrogram) { $1($0) }
    return output(hidden(maps.reshaped([spectrogram.shape[0], -1])))
  }
}

extension SpectrogramCritic: Network {
  public static let architecture = "spectrogram-critic"
  public static let presets: [(name: String, configuration: SpectrogramCriticConfiguration)] = [
    ("wgan-critic", SpectrogramCriticConfiguration())
  ]
  public static func problem(with configuration: SpectrogramCriticConfiguration) -> String? { configuration.problem }

  public func problem(withInput shape: Shape) -> String? {
    let expected: Shape = [configuration.bins, configuration.frames, 1]
    return shape.rank == 4 && Shape(shape.dropFirst()) == expected
      ? nil : "has shape \(shape); [batch, \(configuration.bins), \(configuration.frames), 1] is expected"
  }

  /// Of whole spectrograms: each number depends on all frames.
  public var facts: NetworkFacts {
    NetworkFacts(
      window: WindowLengths(input: configuration.frames, output: 1),
      receptiveField: ReceptiveField(before: 0, after: configuration.frames - 1))
  }
}
