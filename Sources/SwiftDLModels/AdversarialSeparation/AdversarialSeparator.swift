public import SwiftDL

/// A separator of waveforms by an `AdversarialUNet`: the sources' magnitudes as the network estimates them, with the phase
/// of the mixture.
///
/// The spectrogram of the mixture, as logarithms of one plus magnitudes, stands in zeros below its lowest and above its
/// highest frequency, so that the network, which sees no edges, gives every frequency of the sources. What it gives beyond
/// them is left out. Source: Stoller, Ewert, Dixon, "Adversarial semi-supervised audio source separation applied to singing
/// voice extraction", ICASSP 2018, and the authors' code.
public struct AdversarialSeparator: Module {
  public let configuration: AdversarialSeparatorConfiguration
  public var network: AdversarialUNet
  private let frames: FourierFrames

  /// Fresh weights: Glorot uniform kernels, zero biases.
  public init(_ configuration: AdversarialSeparatorConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "adversarial separator: \(configuration.problem ?? "")")
    self.configuration = configuration
    network = AdversarialUNet(configuration.network, random: random)
    frames = FourierFrames(size: configuration.frameSize, hop: configuration.hop)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { visit.module("network", &network) }

  /// The spectrogram of a signal, as the network takes and gives it.
  ///
  /// - Parameter signal: `[batch, samples, 1]`
  /// - Returns: `[batch, bins, frames, 1]`, logarithms of one plus magnitudes.
  public func spectrogram(_ signal: Tensor) -> Tensor { logarithm(of: frames.forward(signal)) }

  private func logarithm(of spectrum: (real: Tensor, imaginary: Tensor)) -> Tensor {
    Self.magnitude(spectrum).log1p().permuted([0, 2, 1]).expanded(at: 3)
  }

  private static func magnitude(_ spectrum: (real: Tensor, imaginary: Tensor)) -> Tensor {
    (spectrum.real.squared() + spectrum.imaginary.squared()).flatSquareRoot()
  }

  /// A source's spectrogram with zeros for the frequencies that the network gives beyond it.
  public func extended(_ spectrogram: Tensor) -> Tensor {
    spectrogram.padded(axis: 1, before: 0, after: configuration.network.outputSize.bins - configuration.bins)
  }

  /// The estimated spectrograms of the sources.
  ///
  /// - Parameter mixture: `[batch, bins, frames, 1]`, a `spectrogram` with context.
  /// - Returns: `[batch, bins and some beyond, fewer frames, sources]`
  public func estimates(_ mixture: Tensor) -> Tensor {
    let (input, output) = (configuration.network.inputSize.bins, configuration.network.outputSize.bins)
    let below = (input - output) / 2
    return network(mixture.padded(axis: 1, before: below, after: input - below - configuration.bins))
  }

  /// The estimated sources of a window of audio.
  ///
  /// - Parameter mixture: `[batch, samples, 1]`; a length from `configuration.window(forOutputFrames:)`.
  /// - Returns: `[batch, fewer samples, sources]`
  public func callAsFunction(_ mixture: Tensor) -> Tensor {
    let problem = problem(withInput: mixture.shape)
    require(problem == nil, "adversarial separator: an input that \(problem ?? "")")
    let spectrum = frames.forward(mixture)
    let estimates = estimates(logarithm(of: spectrum)).sliced(axis: 1, 0..<configuration.bins).expm1()
    let kept = configuration.contextFrames..<configuration.contextFrames + estimates.shape[2]
    let (real, imaginary) = (spectrum.real.sliced(axis: 1, kept), spectrum.imaginary.sliced(axis: 1, kept))
    // Where the mixture is silent there is no phase, and nothing comes out.
    let size = Self.magnitude((real, imaginary)).clamped(to: 1e-12...Float.greatestFiniteMagnitude)
    let samples = configuration.samples(ofFrames: kept.count)
    let whole = configuration.fadedSamples..<samples - configuration.fadedSamples
    let sources = estimates.split(axis: 3, extents: Array(repeating: 1, count: configuration.sources.count)).map {
      estimate in
      let gain = estimate.reshaped(Shape(estimate.shape.dropLast())).permuted([0, 2, 1]) / size
      return frames.inverse(real: real * gain, imaginary: imaginary * gain).sliced(axis: 1, whole)
    }
    return .concatenated(sources, axis: 2)
  }
}

extension AdversarialSeparator: SeparationNetwork {
  public static let architecture = "adversarial-separator"
  public static var presets: [(name: String, configuration: AdversarialSeparatorConfiguration)] {
    AdversarialSeparatorConfiguration.presets
  }
}
