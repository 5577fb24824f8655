public import SwiftDL

/// U7: a U-Net over the mixture's magnitude spectrogram for each source, whose mask makes the source's waveform with the
/// mixture's phase.
///
/// The logarithm of the magnitudes, without the highest bin, is halved along both axes by convolutions and doubled again
/// by transposed ones, joined by skip connections; a sigmoid makes the mask, one half where the highest bin was.
///
/// Source: Stoller, Ewert, Dixon, "Wave-U-Net", ISMIR 2018, section 5.2 and the authors' code, after Jansson et al.,
/// "Singing voice separation with deep U-Net convolutional networks", ISMIR 2017.
public struct SpectrogramUNet: Module {
  public let configuration: SpectrogramUNetConfiguration
  /// One for each source.
  public var networks: [MaskNetwork]
  private let frames: FourierFrames

  public struct DownBlock: Module {
    public var conv: Conv2D
    public var norm: BatchNorm

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("conv", &conv)
      visit.module("norm", &norm)
    }
  }

  public struct UpBlock: Module {
    public var conv: TransposedConv2D
    /// Absent in the last block, which makes the mask.
    public var norm: BatchNorm?

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("conv", &conv)
      visit.module("norm", &norm)
    }
  }

  /// From magnitudes to the mask of one source.
  public struct MaskNetwork: Module {
    public var down: [DownBlock]
    /// From the deepest level to the first.
    public var up: [UpBlock]
    private let leakySlope: Float
    private let dropout: Dropout

    init(_ c: SpectrogramUNetConfiguration, random: inout RandomStream) {
      // TensorFlow's, whose statistics move by a thousandth and whose scale the next convolution has.
      func norm(_ channels: Int) -> BatchNorm {
        BatchNorm(channels: channels, momentum: 0.001, epsilon: 0.001, hasScale: false)
      }
      let kernel = Conv2D.Pair(c.kernel, c.kernel)
      let (before, after) = ((c.kernel - 2) / 2, c.kernel - 2 - (c.kernel - 2) / 2)
      let cropping = Padding(before: before, after: after)
      let layers = c.layers
      down = layers.down.map { inputs, outputs in
        DownBlock(
          conv: Conv2D(
            inputChannels: inputs, outputChannels: outputs, kernel: kernel, stride: .init(2, 2), padding: .same,
            random: &random),
          norm: norm(outputs))
      }
      up = layers.up.enumerated().map { index, layer in
        UpBlock(
          conv: TransposedConv2D(
            inputChannels: layer.0, outputChannels: layer.1, kernel: kernel, stride: .init(2, 2),
            verticalCropping: cropping, horizontalCropping: cropping, random: &random),
          norm: index == c.levels - 1 ? nil : norm(layer.1))
      }
      leakySlope = c.leakySlope
      dropout = Dropout(probability: c.dropout)
    }

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.modules("down", &down)
      visit.modules("up", &up)
    }

    /// - Parameter magnitude: `[batch, frames, bins]`; returns as much.
    func callAsFunction(_ magnitude: Tensor, _ context: Context) -> Tensor {
      let bins = magnitude.shape[2] - 1
      var x = magnitude.sliced(axis: 2, 0..<bins).log1p().expanded(at: 3)
      var skips: [Tensor] = []
      for block in down {
        x = block.norm(block.conv(x), context).leakyReLU(slope: leakySlope)
        skips.append(x)
      }
      skips.removeLast()
      for (index, block) in up.enumerated() {
        x = block.conv(x)
        guard let norm = block.norm else { break }
        x = .concatenated([skips.removeLast(), norm(x, context).relu()], axis: 3)
        if index < 3 { x = dropout(x, context) }
      }
      let mask = x.sigmoid().reshaped([magnitude.shape[0], magnitude.shape[1], bins])
      let half = Tensor([magnitude.shape[0], magnitude.shape[1], 1], repeating: 0.5)
      return .concatenated([mask, half], axis: 2)
    }
  }

  /// Fresh weights: Glorot uniform kernels, zero biases.
  public init(_ configuration: SpectrogramUNetConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "spectrogram U-Net: \(configuration.problem ?? "")")
    self.configuration = configuration
    frames = FourierFrames(size: configuration.frameSize, hop: configuration.hop)
    var random = random
    networks = configuration.sources.map { _ in MaskNetwork(configuration, random: &random) }
  }

  private init(_ configuration: SpectrogramUNetConfiguration, networks: [MaskNetwork], _ frames: FourierFrames) {
    self.configuration = configuration
    self.networks = networks
    self.frames = frames
  }

  public func restricted(to sources: [String]) -> SpectrogramUNet {
    let kept = configuration.sources.indices.filter { sources.contains(configuration.sources[$0]) }
    var few = configuration
    few.sources = kept.map { configuration.sources[$0] }
    return SpectrogramUNet(few, networks: kept.map { networks[$0] }, frames)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { visit.modules("networks", &networks) }

  public func callAsFunction(_ mixture: Tensor) -> Tensor { self(mixture, .inference) }

  /// The estimated sources of a window of audio.
  ///
  /// - Parameter mixture: `[batch, samples, 1]`; a length from `configuration.window(forOutputFrames:)`.
  /// - Returns: `[batch, samples, sources]`
  public func callAsFunction(_ mixture: Tensor, _ context: Context) -> Tensor {
    let spectrum = spectrum(mixture)
    let sources = networks.map { network in
      let mask = network(spectrum.magnitude, context)
      return frames.inverse(real: spectrum.real * mask, imaginary: spectrum.imaginary * mask)
    }
    return .concatenated(sources, axis: 2)
  }

  private func spectrum(_ signal: Tensor) -> (real: Tensor, imaginary: Tensor, magnitude: Tensor) {
    require(
      problem(withInput: signal.shape) == nil,
      "spectrogram U-Net: an input that \(problem(withInput: signal.shape) ?? "")")
    let (real, imaginary) = frames.forward(signal)
    return (real, imaginary, (real.squared() + imaginary.squared()).flatSquareRoot())
  }
}

extension SpectrogramUNet: MagnitudeSeparator {
  public static let architecture = "spectrogram-u-net"
  public static var presets: [(name: String, configuration: SpectrogramUNetConfiguration)] {
    SpectrogramUNetConfiguration.presets
  }

  public func magnitudes(_ mixture: Tensor, _ context: Context) -> Tensor {
    let magnitude = spectrum(mixture).magnitude
    return .concatenated(networks.map { $0(magnitude, context) * magnitude }, axis: 2)
  }

  public func magnitudes(ofSources sources: Tensor) -> Tensor {
    let signals = sources.split(axis: 2, extents: Array(repeating: 1, count: configuration.sources.count))
    return .concatenated(signals.map { spectrum($0).magnitude }, axis: 2)
  }
}
