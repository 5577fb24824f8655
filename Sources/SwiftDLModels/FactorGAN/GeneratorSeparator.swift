public import SwiftDL

/// A separator of waveforms by FactorGAN's generator: a mask over the magnitudes of the mixture keeps the first source, what
/// it leaves is the second, both with the mixture's phase.
///
/// Source: Stoller, Ewert, Dixon, "Training generative adversarial networks from incomplete observations using factorised
/// discriminators", ICLR 2020, section 4.4, and the authors' code, which gives what comes out to ten rounds of Griffin and
/// Lim's algorithm over a whole track; here that is left to whoever has the whole track.
public struct GeneratorSeparator: Module {
  public let configuration: GeneratorSeparatorConfiguration
  public var network: GeneratorUNet
  private let frames: FourierFrames

  /// Fresh weights as PyTorch's: Kaiming uniform.
  public init(_ configuration: GeneratorSeparatorConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "separator: \(configuration.problem ?? "")")
    self.configuration = configuration
    network = GeneratorUNet(configuration.network, random: random)
    frames = FourierFrames(size: configuration.frameSize, hop: configuration.hop)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { visit.module("network", &network) }

  /// The spectrogram of a window, as the network takes and gives it: logarithms of one plus magnitudes, without the highest
  /// bin.
  ///
  /// - Parameter signal: `[batch, samples, 1]`
  /// - Returns: `[batch, bins, frames, 1]`
  public func spectrogram(_ signal: Tensor) -> Tensor {
    let (real, imaginary) = frames.forward(signal)
    return image((real.squared() + imaginary.squared()).flatSquareRoot())
  }

  private func image(_ magnitudes: Tensor) -> Tensor {
    magnitudes.sliced(axis: 2, 0..<configuration.network.height).log1p().permuted([0, 2, 1]).expanded(at: 3)
  }

  /// The estimated sources of a window of audio, with noise of zero.
  ///
  /// - Parameter mixture: `[batch, samples, 1]`
  /// - Returns: `[batch, fewer samples, sources]`
  public func callAsFunction(_ mixture: Tensor) -> Tensor {
    let problem = problem(withInput: mixture.shape)
    require(problem == nil, "separator: an input that \(problem ?? "")")
    let (real, imaginary) = frames.forward(mixture)
    let size = (real.squared() + imaginary.squared()).flatSquareRoot()
    let noise = Tensor.zeros([mixture.shape[0], configuration.network.noise])
    let mask = network.mask(image(size), noise: noise, .inference)
    let shape = mask.shape
    let lower = mask.reshaped([shape[0], shape[1], shape[2]]).permuted([0, 2, 1])
    // Both sources share the highest bin.
    let share = Tensor.concatenated([lower, Tensor([shape[0], shape[2], 1], repeating: 0.5)], axis: 2)
    let whole = configuration.fadedSamples..<configuration.windowSamples - configuration.fadedSamples
    let kept = frames.inverse(real: real * share, imaginary: imaginary * share).sliced(axis: 1, whole)
    return .concatenated([kept, mixture.sliced(axis: 1, whole) - kept], axis: 2)
  }
}

extension GeneratorSeparator: SeparationNetwork {
  public static let architecture = "generator-separator"
  public static var presets: [(name: String, configuration: GeneratorSeparatorConfiguration)] {
    GeneratorSeparatorConfiguration.presets
  }
}

extension GeneratorSeparator: SampleGenerator {
  public func samples(_ inputs: GeneratorInputs, _ context: Context) -> Tensor { network.samples(inputs, context) }
}
