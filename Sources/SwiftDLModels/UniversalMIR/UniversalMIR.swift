public import SwiftDL

/// One network for many tasks of music information retrieval: a Wave-U-Net on the waveform whose features a head reads once
/// a clip, once a frame, or with every sample.
///
/// Down blocks convolve, keep the result and drop every second frame; up blocks double the rate by interpolation, join what
/// was kept, and convolve; every convolution is normalised. Frames are read on the way up, at the level of their rate,
/// samples at its end, beside the sound itself, both as loud as 1; a clip's head reads the means of the frames and of the
/// bottleneck. So tasks share all weights but those of their heads.
///
/// Ours. Stoller's thesis, "Deep Learning for Music Information Retrieval in Limited Data Scenarios", learns the
/// initialisation of a “universal MIR model”, of which no more is public than the abstract; the blocks are those of Stoller,
/// Ewert, Dixon, "Wave-U-Net", ISMIR 2018.
public struct UniversalMIR: Module {
  public let configuration: UniversalMIRConfiguration
  public var trunk: Trunk
  public var head: Dense

  /// A convolution over time that keeps the length, normalised over the clip, with its activation.
  public struct Layer: Module {
    public var conv: Conv1D
    public var norm: GroupNorm
    private let slope: Float

    init(_ inputs: Int, _ outputs: Int, _ kernel: Int, groups: Int, slope: Float, _ random: inout RandomStream) {
      conv = Conv1D(
        inputChannels: inputs, outputChannels: outputs, kernelSize: kernel, padding: .same, random: &random)
      norm = GroupNorm(groups: groups, channels: outputs)
      self.slope = slope
    }

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("conv", &conv)
      visit.module("norm", &norm)
    }

    func callAsFunction(_ inputs: [ConvInput]) -> Tensor { norm(conv(inputs)).leakyReLU(slope: slope) }
  }

  /// What all tasks share.
  public struct Trunk: Module {
    public var down: [Layer]
    public var bottleneck: Layer
    /// From the deepest level to the first.
    public var up: [Layer]

    init(_ c: UniversalMIRConfiguration, _ random: inout RandomStream) {
      func layer(_ inputs: Int, _ level: Int, _ kernel: Int, _ random: inout RandomStream) -> Layer {
        Layer(inputs, c.channels(atLevel: level), kernel, groups: level, slope: c.leakySlope, &random)
      }
      down = []
      for level in 1...c.levels {
        down.append(layer(level == 1 ? c.channels : c.channels(atLevel: level - 1), level, c.downKernel, &random))
      }
      bottleneck = layer(c.channels(atLevel: c.levels), c.levels + 1, c.downKernel, &random)
      up = []
      for level in (1...c.levels).reversed() {
        up.append(layer(c.channels(atLevel: level) + c.channels(atLevel: level + 1), level, c.upKernel, &random))
      }
    }

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.modules("down", &down)
      visit.module("bottleneck", &bottleneck)
      visit.modules("up", &up)
    }

    /// The root of the mean square of every clip: `[batch, 1, 1]`.
    static func level(of sound: Tensor) -> Tensor {
      (sound.squared().mean(axes: [1, 2], keepingAxes: true) + 1e-8).squareRoot()
    }

    /// What a head reads: `[batch, outputs, channels]`.
    func features(_ sound: Tensor, for c: UniversalMIRConfiguration) -> Tensor {
      var thinned = ConvInput(sound)
      var kept: [Tensor] = []
      for layer in down {
        kept.append(layer([thinned]))
        thinned = .decimated(kept[kept.count - 1], by: 2)
      }
      let deepest = bottleneck([thinned])
      let wanted = c.head.rate == .sample ? c.levels : c.levels - c.frameLevel
      var x = deepest
      for layer in up.prefix(wanted) {
        x = layer([ConvInput(kept.removeLast()), .upsampled(x, edge: .replicate)])
      }
      switch c.head.rate {
      case .clip: return .concatenated([x, deepest].map { $0.mean(axes: [1], keepingAxes: true) }, axis: 2)
      case .frame: return x
      case .sample: return .concatenated([x, sound / Self.level(of: sound)], axis: 2)
      }
    }
  }

  /// Fresh weights: Glorot uniform kernels, zero biases.
  public init(_ configuration: UniversalMIRConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "universal network: \(configuration.problem ?? "")")
    self.configuration = configuration
    var random = random
    trunk = Trunk(configuration, &random)
    head = Self.head(configuration, random: random.stream("head"))
  }

  private init(_ configuration: UniversalMIRConfiguration, _ trunk: Trunk, _ head: Dense) {
    (self.configuration, self.trunk, self.head) = (configuration, trunk, head)
  }

  private static func head(_ c: UniversalMIRConfiguration, random: RandomStream) -> Dense {
    var random = random
    return Dense(inputChannels: c.headInputs, outputChannels: c.head.outputs, random: &random)
  }

  /// The same network with a fresh head for another task.
  public func with(head: UniversalHead, random: RandomStream) -> UniversalMIR {
    var changed = configuration
    changed.head = head
    require(changed.problem == nil, "universal network: \(changed.problem ?? "")")
    return UniversalMIR(changed, trunk, Self.head(changed, random: random))
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("trunk", &trunk)
    visit.module("head", &head)
  }

  /// What the head says about clips.
  ///
  /// - Parameter sound: `[batch, samples, channels]`, in -1 … 1; a multiple of `configuration.totalStride` samples.
  /// - Returns: `[batch, 1, outputs]`, `[batch, frames, outputs]` or `[batch, samples, outputs]`.
  public func callAsFunction(_ sound: Tensor) -> Tensor {
    let problem = problem(withInput: sound.shape)
    require(problem == nil, "universal network: an input that \(problem ?? "")")
    let said = head(trunk.features(sound, for: configuration))
    // Normalised features know no loudness: what sounds is said in units of the clip's.
    return configuration.head.rate == .sample ? said * Trunk.level(of: sound) : said
  }
}

extension UniversalMIR: Network {
  public static let architecture = "universal-mir"
  public static var presets: [(name: String, configuration: UniversalMIRConfiguration)] {
    UniversalMIRConfiguration.presets
  }
  public static func problem(with configuration: UniversalMIRConfiguration) -> String? { configuration.problem }

  public func problem(withInput shape: Shape) -> String? {
    let c = configuration
    guard shape.rank == 3, shape[2] == c.channels else {
      return "has shape \(shape); [batch, samples, \(c.channels)] is expected"
    }
    if shape[0] > 0, shape[1] > 0, shape[1] % c.totalStride == 0 { return nil }
    let near = (shape[1] + c.totalStride - 1) / c.totalStride * c.totalStride
    return "has \(shape[1]) samples, which this network cannot take; \(max(near, c.totalStride)) would do"
  }

  public var facts: NetworkFacts {
    let c = configuration
    // Normalisation over the clip lets every output see all of it.
    let seen = c.clipSamples - 1
    return NetworkFacts(
      window: WindowLengths(input: c.clipSamples, output: c.outputFrames(c.clipSamples)),
      receptiveField: ReceptiveField(before: seen, after: c.head.rate == .clip ? 0 : seen), sampleRate: c.sampleRate,
      multiplyAddsPerSecond: Double(c.multiplyAdds(c.clipSamples)) * Double(c.sampleRate) / Double(c.clipSamples),
      waitsForWholeWindow: true)
  }
}
