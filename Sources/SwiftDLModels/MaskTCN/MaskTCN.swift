public import SwiftDL

/// Masks over the mixture's spectrogram from a temporal convolutional network, whose frames are spectra: causal, or
/// looking so many frames ahead.
///
/// The logarithm of the magnitudes of all channels passes a convolution of kernel 1 and ReLU, and a `TCN` whose last
/// layer makes, after a sigmoid, one mask for every source but the last. A mask times the mixture's spectrum is the
/// source's; the last source is what the others leave of the mixture. Looking ahead is waiting: the mask of a frame is
/// what the causal network says so many frames later.
///
/// Ours: the masks of Stöter, Uhlich, Liutkus, Mitsufuji, "Open-Unmix", 2019, with the TCN of Bai, Kolter, Koltun, 2018, in
/// place of the recurrent layers, so that it runs live.
public struct MaskTCN: Module {
  public let configuration: MaskTCNConfiguration
  public var entrance: Conv1D
  public var network: TCN
  private let frames: FourierFrames

  /// Fresh weights, as PyTorch draws them.
  public init(_ configuration: MaskTCNConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "mask TCN: \(configuration.problem ?? "")")
    self.configuration = configuration
    frames = FourierFrames(size: configuration.frameSize, hop: configuration.hop)
    var random = random
    entrance = Conv1D(
      inputChannels: configuration.features, outputChannels: configuration.width, kernelSize: 1, activation: .relu,
      initialization: .kaimingUniform, random: &random)
    network = TCN(configuration.network, random: random.stream("network"))
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("entrance", &entrance)
    visit.module("network", &network)
  }

  public func callAsFunction(_ mixture: Tensor) -> Tensor { self(mixture, .inference) }

  /// The estimated sources of a window of audio.
  ///
  /// - Parameter mixture: `[batch, samples, channels]`; a length from `configuration.window(forOutputFrames:)`.
  /// - Returns: `[batch, samples, sources · channels]`
  public func callAsFunction(_ mixture: Tensor, _ context: Context) -> Tensor {
    let spectrum = Spectrum(of: mixture, frames, self)
    let count = configuration.channels
    let width = configuration.frameSize / 2 + 1
    let masks = masks(spectrum.magnitude, context)
      .split(axis: 2, extents: Array(repeating: width, count: (configuration.sources.count - 1) * count))
    var sources: [Tensor] = []
    var rest = mixture
    for source in 0..<configuration.sources.count - 1 {
      let estimate = Tensor.concatenated(
        (0..<count).map { channel in
          let (mask, part) = (masks[source * count + channel], spectrum.channels[channel])
          return frames.inverse(real: part.real * mask, imaginary: part.imaginary * mask)
        }, axis: 2)
      sources.append(estimate)
      rest = rest - estimate
    }
    return .concatenated(sources + [rest], axis: 2)
  }

  /// - Parameter magnitude: `[batch, frames, features]`
  /// - Returns: `[batch, frames, (sources − 1) · features]`, between 0 and 1.
  private func masks(_ magnitude: Tensor, _ context: Context) -> Tensor {
    let (batch, count, ahead) = (magnitude.shape[0], magnitude.shape[1], configuration.lookahead)
    var x = magnitude.log1p()
    // The future beyond the end is silence.
    if ahead > 0 { x = .concatenated([x, .zeros([batch, ahead, configuration.features])], axis: 1) }
    return network(entrance(x), context).sliced(axis: 1, ahead..<ahead + count).sigmoid()
  }

  /// A window of audio as frames of frequencies.
  private struct Spectrum {
    /// `[batch, frames, bins]` for each channel.
    let channels: [(real: Tensor, imaginary: Tensor)]
    /// `[batch, frames, features]`
    let magnitude: Tensor

    init(of signal: Tensor, _ frames: FourierFrames, _ network: MaskTCN) {
      let problem = network.problem(withInput: signal.shape)
      require(problem == nil, "mask TCN: an input that \(problem ?? "")")
      let transformed = signal.split(axis: 2, extents: Array(repeating: 1, count: signal.shape[2])).map(frames.forward)
      channels = transformed
      magnitude = .concatenated(
        transformed.map { ($0.real.squared() + $0.imaginary.squared()).flatSquareRoot() }, axis: 2)
    }
  }
}

extension MaskTCN: MagnitudeSeparator {
  public static let architecture = "mask-tcn"
  public static var presets: [(name: String, configuration: MaskTCNConfiguration)] { MaskTCNConfiguration.presets }

  public func magnitudes(_ mixture: Tensor, _ context: Context) -> Tensor {
    let magnitude = Spectrum(of: mixture, frames, self).magnitude
    let features = configuration.features
    let masks = masks(magnitude, context)
      .split(axis: 2, extents: Array(repeating: features, count: configuration.sources.count - 1))
    let rest = masks.reduce(Tensor(magnitude.shape, repeating: 1)) { $0 - $1 }
    return .concatenated((masks + [rest]).map { $0 * magnitude }, axis: 2)
  }

  public func magnitudes(ofSources sources: Tensor) -> Tensor {
    let signals = sources.split(
      axis: 2, extents: Array(repeating: configuration.channels, count: configuration.sources.count))
    return .concatenated(signals.map { Spectrum(of: $0, frames, self).magnitude }, axis: 2)
  }
}
