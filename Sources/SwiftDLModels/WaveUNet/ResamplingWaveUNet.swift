public import SwiftDL

/// Wave-U-Net as its author wrote it later: few levels, a large stride between them, fixed resampling filters,
/// normalised convolutions without padding, and a network of its own for each source.
///
/// Down blocks convolve, keep the result as a skip connection, convolve to the next level's features and resample;
/// up blocks resample, convolve, join the middle of the skip connection and convolve. The output is linear: whoever
/// writes it as audio clips it.
///
/// Source: Wave-U-Net-Pytorch, the improved version of Stoller, Ewert, Dixon, "Wave-U-Net", ISMIR 2018.
public struct ResamplingWaveUNet: Module {
  public let configuration: ResamplingWaveUNetConfiguration
  /// One for each source, or one for all.
  public var networks: [Single]

  /// A convolution without padding, normalised, with its activation.
  public struct Layer: Module {
    public var conv: Conv1D
    public var norm: GroupNorm?

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("conv", &conv)
      visit.module("norm", &norm)
    }

    func callAsFunction(_ inputs: Tensor...) -> Tensor {
      let y = conv(inputs)
      return norm.map { $0(y).relu() } ?? y.leakyReLU(slope: 0.01)
    }
  }

  public struct DownBlock: Module {
    /// To the skip connection.
    public var skip: Layer
    /// To the next level.
    public var next: Layer

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("skip", &skip)
      visit.module("next", &next)
    }
  }

  public struct UpBlock: Module {
    /// Of what was resampled.
    public var before: Layer
    /// Of that and the skip connection.
    public var joined: Layer

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("before", &before)
      visit.module("joined", &joined)
    }
  }

  /// One network, for one source or for all.
  public struct Single: Module {
    public var down: [DownBlock]
    public var bottleneck: Layer
    /// From the deepest level to the first.
    public var up: [UpBlock]
    public var output: Conv1D
    /// Of each level, from the first.
    private let resamplers: [SincResampler]

    init(_ c: ResamplingWaveUNetConfiguration, random: inout RandomStream) {
      func conv(_ inputs: Int, _ outputs: Int, _ kernel: Int, _ random: inout RandomStream) -> Conv1D {
        Conv1D(
          inputChannels: inputs, outputChannels: outputs, kernelSize: kernel, initialization: .kaimingUniform,
          random: &random)
      }
      func layer(_ inputs: Int, _ outputs: Int, _ random: inout RandomStream) -> Layer {
        Layer(
          conv: conv(inputs, outputs, c.kernel, &random),
          norm: c.normalization == .group
            ? GroupNorm(groups: outputs / ResamplingWaveUNetConfiguration.channelsPerGroup, channels: outputs) : nil)
      }
      down = []
      up = []
      for level in 0..<c.levels - 1 {
        let (narrow, wide) = (c.features(atLevel: level), c.features(atLevel: level + 1))
        down.append(
          DownBlock(
            skip: layer(level == 0 ? c.channels : narrow, narrow, &random), next: layer(narrow, wide, &random)))
        up.insert(
          UpBlock(before: layer(wide, narrow, &random), joined: layer(2 * narrow, narrow, &random)), at: 0)
      }
      let deepest = c.features(atLevel: c.levels - 1)
      bottleneck = layer(deepest, deepest, &random)
      output = conv(c.features, c.outputsPerNetwork, 1, &random)
      resamplers = (1..<c.levels).map { SincResampler(channels: c.features(atLevel: $0), factor: c.stride) }
    }

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.modules("down", &down)
      visit.module("bottleneck", &bottleneck)
      visit.modules("up", &up)
      visit.module("output", &output)
    }

    func callAsFunction(_ mixture: Tensor) -> Tensor {
      var x = mixture
      var skips: [Tensor] = []
      for (block, resampler) in zip(down, resamplers) {
        let skip = block.skip(x)
        skips.append(skip)
        x = resampler.down(block.next(skip))
      }
      x = bottleneck(x)
      for (block, resampler) in zip(up, resamplers.reversed()) {
        x = block.joined(skips.removeLast(), block.before(resampler.up(x)))
      }
      return output(x)
    }
  }

  /// Fresh weights, as PyTorch draws them.
  public init(_ configuration: ResamplingWaveUNetConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "Wave-U-Net: \(configuration.problem ?? "")")
    self.configuration = configuration
    var random = random
    networks = (0..<configuration.networkCount).map { _ in Single(configuration, random: &random) }
  }

  private init(_ configuration: ResamplingWaveUNetConfiguration, networks: [Single]) {
    self.configuration = configuration
    self.networks = networks
  }

  public func restricted(to sources: [String]) -> ResamplingWaveUNet {
    if configuration.isShared { return self }
    let kept = configuration.sources.indices.filter { sources.contains(configuration.sources[$0]) }
    var few = configuration
    few.sources = kept.map { configuration.sources[$0] }
    return ResamplingWaveUNet(few, networks: kept.map { networks[$0] })
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { visit.modules("networks", &networks) }

  /// The estimated sources of a window of audio.
  ///
  /// - Parameter mixture: `[batch, input frames, channels]`, in -1 ... 1; a length from
  ///   `configuration.window(forOutputFrames:)`.
  /// - Returns: `[batch, output frames, sources · channels]`, the channels of the first source first.
  public func callAsFunction(_ mixture: Tensor) -> Tensor {
    require(
      problem(withInput: mixture.shape) == nil, "Wave-U-Net: an input that \(problem(withInput: mixture.shape) ?? "")")
    let outputs = networks.map { $0(mixture) }
    return outputs.count == 1 ? outputs[0] : .concatenated(outputs, axis: 2)
  }
}

extension ResamplingWaveUNet: SeparationNetwork {
  public static let architecture = "wave-u-net-resampling"
  public static var presets: [(name: String, configuration: ResamplingWaveUNetConfiguration)] {
    ResamplingWaveUNetConfiguration.presets
  }
}
