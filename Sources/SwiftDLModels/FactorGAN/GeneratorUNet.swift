public import SwiftDL

/// FactorGAN's generator of label images from scenes, and of sources from mixtures: a U-Net whose deepest level also sees
/// noise.
///
/// Five levels of two 3 × 3 convolutions with BatchNorm and ReLU, halved by maxima between; four back up by bilinear
/// interpolation, joined by skip connections; a 1 × 1 convolution and a sigmoid.
///
/// Input `[batch, height, width, inputChannels]`: images in 0 … 1, or logarithms of one plus magnitudes. Output an image in
/// 0 … 1, `[batch, height, width, outputChannels]`; or the logarithms of one plus the magnitudes of two sources,
/// `[batch, height, width, 2]`, accompaniment first, which add up to the mixture's magnitudes.
///
/// Source: Stoller, Ewert, Dixon, "Training generative adversarial networks from incomplete observations using factorised
/// discriminators", ICLR 2020, appendix, and the authors' code.
public struct GeneratorUNet: Module {
  public let configuration: GeneratorUNetConfiguration
  public var down: [Block]
  public var noise: Dense
  /// From the deepest level to the first.
  public var up: [Block]
  public var output: Conv2D

  /// Twice a convolution, a normalisation and ReLU.
  public struct Block: Module {
    public var convolutions: [Conv2D]
    public var norms: [BatchNorm]

    init(_ inputs: Int, _ outputs: Int, random: inout RandomStream) {
      convolutions = [inputs, outputs].map {
        Conv2D(
          inputChannels: $0, outputChannels: outputs, kernel: .init(3, 3), padding: .same,
          initialization: .kaimingUniform, random: &random)
      }
      norms = [BatchNorm(channels: outputs), BatchNorm(channels: outputs)]
    }

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.modules("convolutions", &convolutions)
      visit.modules("norms", &norms)
    }

    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
      zip(convolutions, norms).reduce(x) { $1.1($1.0($0), context).relu() }
    }
  }

  /// Fresh weights as PyTorch's: Kaiming uniform.
  public init(_ configuration: GeneratorUNetConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "generator: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    down = c.down.indices.map { Block($0 == 0 ? c.inputChannels : c.down[$0 - 1], c.down[$0], random: &random) }
    noise = Dense(
      inputChannels: c.noise, outputChannels: GeneratorUNetConfiguration.noiseMaps * (c.height / 16) * (c.width / 16),
      initialization: .kaimingUniform, random: &random)
    var below = c.down[4] + GeneratorUNetConfiguration.noiseMaps
    up = c.up.indices.map { index in
      defer { below = c.up[index] }
      return Block(below + c.down[3 - index], c.up[index], random: &random)
    }
    output = Conv2D(
      inputChannels: c.up[3], outputChannels: c.outputChannels, kernel: .init(1, 1), activation: .sigmoid,
      initialization: .kaimingUniform, random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.modules("down", &down)
    visit.module("noise", &noise)
    visit.modules("up", &up)
    visit.module("output", &output)
  }

  /// What is answered for scenes, or for mixtures.
  ///
  /// - Parameters:
  ///   - condition: the scenes, or the mixtures.
  ///   - noise: `[batch, configuration.noise]`, in -1 … 1.
  public func callAsFunction(_ condition: Tensor, noise: Tensor, _ context: Context) -> Tensor {
    let answer = mask(condition, noise: noise, context)
    guard configuration.answer == .sources else { return answer }
    let magnitudes = condition.exp() - 1
    let accompaniment = answer * magnitudes
    return .concatenated([accompaniment.log1p(), (magnitudes - accompaniment).log1p()], axis: 3)
  }

  /// What the last layer gives, 0 … 1: the image; or the share of the first source in every magnitude.
  func mask(_ condition: Tensor, noise seed: Tensor, _ context: Context) -> Tensor {
    let c = configuration
    var x = condition
    var skips: [Tensor] = []
    for (index, block) in down.enumerated() {
      if index > 0 { x = x.maxPooled(PoolGeometry(window: .init(2, 2))) }
      x = block(x, context)
      skips.append(x)
    }
    skips.removeLast()
    let maps = noise(seed).reshaped([condition.shape[0], c.height / 16, c.width / 16, GeneratorUNetConfiguration.noiseMaps])
    x = .concatenated([x, maps], axis: 3)
    for block in up { x = block(.concatenated([skips.removeLast(), AlignedDoubling.apply(x)], axis: 3), context) }
    return output(x)
  }
}

extension GeneratorUNet: Network {
  public static let architecture = "generator-u-net"
  public static let presets: [(name: String, configuration: GeneratorUNetConfiguration)] = [
    ("factor-gan-unet-image", .image), ("factor-gan-unet-audio", .audio),
  ]
  public static func problem(with configuration: GeneratorUNetConfiguration) -> String? { configuration.problem }

  /// With noise in its middle, zero: what the network answers does not change from call to call.
  public func callAsFunction(_ condition: Tensor) -> Tensor { self(condition, .inference) }

  public func callAsFunction(_ condition: Tensor, _ context: Context) -> Tensor {
    self(condition, noise: .zeros([condition.shape[0], configuration.noise]), context)
  }

  public func problem(withInput shape: Shape) -> String? {
    let c = configuration
    let expected: Shape = [c.height, c.width, c.inputChannels]
    return shape.rank == 4 && Shape(shape.dropFirst()) == expected
      ? nil : "has shape \(shape); [batch, \(c.height), \(c.width), \(c.inputChannels)] is expected"
  }

  public var facts: NetworkFacts {
    NetworkFacts(
      window: WindowLengths(input: configuration.width, output: configuration.width),
      receptiveField: ReceptiveField(before: configuration.width - 1, after: configuration.width - 1))
  }
}
