public import SwiftDL

/// A network the program can make, name, save and run: a module with a configuration that rebuilds it.
public protocol Network: Module {
  associatedtype Configuration: Codable, Sendable, Hashable
  /// The word that stands for the kind of network in files, such as `wave-u-net`.
  static var architecture: String { get }
  /// Named configurations, in the order they are listed.
  static var presets: [(name: String, configuration: Configuration)] { get }
  /// What is impossible about a configuration, in one line.
  static func problem(with configuration: Configuration) -> String?

  /// Fresh weights. The configuration is one without a problem.
  init(_ configuration: Configuration, random: RandomStream)
  var configuration: Configuration { get }

  /// What is wrong with an input of this shape, in one line; `nil` when it passes.
  func problem(withInput shape: Shape) -> String?
  /// `[batch, frames, channels]` to `[batch, output frames, output channels]`.
  func callAsFunction(_ input: Tensor) -> Tensor
  /// The same with the mode and the randomness of a training step.
  func callAsFunction(_ input: Tensor, _ context: Context) -> Tensor
  /// The numbers people compare networks by.
  var facts: NetworkFacts { get }
}

extension Network {
  /// Of networks that are the same in training and inference.
  public func callAsFunction(_ input: Tensor, _ context: Context) -> Tensor { self(input) }
}

/// The numbers people compare networks by.
public struct NetworkFacts: Sendable, Hashable {
  /// Frames of the usual window.
  public var window: WindowLengths
  public var receptiveField: ReceptiveField
  /// Frames per second, of networks for audio.
  public var sampleRate: Int?
  /// Multiply–adds of the forward pass for one second of output.
  public var multiplyAddsPerSecond: Double?
  /// Whether every output depends on the whole window.
  public var waitsForWholeWindow: Bool

  public init(
    window: WindowLengths, receptiveField: ReceptiveField, sampleRate: Int? = nil,
    multiplyAddsPerSecond: Double? = nil, waitsForWholeWindow: Bool = false
  ) {
    self.window = window
    self.receptiveField = receptiveField
    self.sampleRate = sampleRate
    self.multiplyAddsPerSecond = multiplyAddsPerSecond
    self.waitsForWholeWindow = waitsForWholeWindow
  }

  /// Seconds between hearing a frame and knowing its output, window by window: the window's own length after
  /// the frame plus the context behind it.
  public var latency: Double? {
    let frames = waitsForWholeWindow ? window.input : window.output + window.contextAfter
    return sampleRate.map { Double(frames) / Double($0) }
  }
}

/// The kinds of networks: one line each.
public let networks: [any Network.Type] = [
  WaveUNet.self, ResamplingWaveUNet.self, SpectrogramUNet.self, MaskTCN.self, SeqUNet.self, SeqUNetResidual.self, TCN.self,
  WaveNet.self, DenseGenerator.self, DenseDiscriminator.self, DigitClassifier.self, AdversarialUNet.self,
  SpectrogramCritic.self, AdversarialSeparator.self, DetectSeparate.self, UniversalMIR.self, GeneratorUNet.self,
  ConvGenerator.self, ConvDiscriminator.self, GeneratorSeparator.self,
]
