public import SwiftDL

/// A separator that also tells when there is singing.
public protocol ActivitySeparator: SeparationNetwork {
  /// Samples from one frame of the activity to the next; a divisor of `totalStride`.
  var activityHop: Int { get }
  /// The sources of a window, as the network itself gives them, and the probability of singing in each frame.
  ///
  /// Frame m, of `[batch, frames]`, is centred on the output's sample m · `activityHop`.
  func outputs(_ mixture: Tensor) -> (sources: Tensor, singing: Tensor)
}

extension ActivitySeparator {
  /// Seconds from one frame of the activity to the next.
  public var activitySeconds: Double { Double(activityHop) / Double(configuration.sampleRate) }
}

/// `DetectSeparate` from waveform to waveform: the spectrogram, the mask and the mixture's phase, and the way back.
///
/// `[batch, input samples, 1]` to `[batch, output samples, 2]`, the voice and what it leaves of the mixture. The paper's ten
/// iterations of Griffin and Lim's algorithm after that are left out: windows would not join exactly.
public struct VoiceSeparator: Module {
  public var network: DetectSeparate
  private let transform: FourierFrames

  public init(_ network: DetectSeparate) {
    self.network = network
    transform = FourierFrames(size: network.configuration.frameSize, hop: network.configuration.hop)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) { network.visitFields(&visit) }

  /// A spectrogram, of which the network wants the logarithms of one plus magnitudes.
  private struct Spectrum {
    let real: Tensor
    let imaginary: Tensor
    /// `[batch, frames, bins]`
    var magnitudes: Tensor { (real.squared() + imaginary.squared()).flatSquareRoot() }
  }

  private func spectrum(_ signal: Tensor) -> Spectrum {
    let (real, imaginary) = transform.forward(signal)
    return Spectrum(real: real, imaginary: imaginary)
  }

  /// The magnitudes of a signal: `[batch, samples, 1]` to `[batch, frames, bins]`.
  public func magnitudes(_ signal: Tensor) -> Tensor { spectrum(signal).magnitudes }

  /// What the network makes of magnitudes, before the sigmoids.
  ///
  /// - Parameter magnitudes: `[batch, input frames, bins]`
  /// - Returns: for the mask `[batch, output frames, bins]`, for singing `[batch, output frames]`.
  public func logits(ofMagnitudes magnitudes: Tensor) -> (mask: Tensor, singing: Tensor) {
    let (bins, wide) = (configuration.bins, configuration.inputSize.bins)
    let before = (wide - configuration.outputSize.bins) / 2
    let image = magnitudes.log1p().permuted([0, 2, 1]).padded(axis: 1, before: before, after: wide - before - bins)
    let logits = network.logits(image.expanded(at: 3))
    let (batch, frames) = (logits.singing.shape[0], logits.singing.shape[1])
    let mask = logits.mask.sliced(axis: 1, 0..<bins).reshaped([batch, bins, frames]).permuted([0, 2, 1])
    return (mask, logits.singing)
  }

  /// The frames of the input that the output is of.
  public func inner(_ magnitudes: Tensor) -> Tensor {
    let margin = configuration.lost / 2
    return magnitudes.sliced(axis: 1, margin..<magnitudes.shape[1] - margin)
  }
}

extension VoiceSeparator: ActivitySeparator {
  public static var architecture: String { DetectSeparate.architecture }
  /// Its files and presets are those of the network.
  public static var presets: [(name: String, configuration: DetectSeparateConfiguration)] { [] }
  public var configuration: DetectSeparateConfiguration { network.configuration }

  public init(_ configuration: DetectSeparateConfiguration, random: RandomStream) {
    self.init(DetectSeparate(configuration, random: random))
  }

  public var activityHop: Int { configuration.hop }

  public func callAsFunction(_ mixture: Tensor) -> Tensor { outputs(mixture).sources }

  public func outputs(_ mixture: Tensor) -> (sources: Tensor, singing: Tensor) {
    let problem = problem(withInput: mixture.shape)
    require(problem == nil, "detect-separate: an input that \(problem ?? "")")
    let spectrum = spectrum(mixture)
    let logits = logits(ofMagnitudes: spectrum.magnitudes)
    let mask = logits.mask.sigmoid()
    let masked = transform.inverse(real: inner(spectrum.real) * mask, imaginary: inner(spectrum.imaginary) * mask)
    // The first and the last half of a frame are faded.
    let hop = configuration.hop
    let samples = masked.shape[1] - 2 * hop
    let voice = masked.sliced(axis: 1, hop..<hop + samples)
    let start = (mixture.shape[1] - samples) / 2
    let rest = mixture.sliced(axis: 1, start..<start + samples) - voice
    return (.concatenated([voice, rest], axis: 2), logits.singing.sigmoid())
  }
}
