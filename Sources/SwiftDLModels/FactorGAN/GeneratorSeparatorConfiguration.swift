import SwiftDL

/// The shape of a separator by FactorGAN's generator: everything but its weights.
public struct GeneratorSeparatorConfiguration: Codable, Sendable, Hashable {
  /// Names of the separated sources, in output order: what the mask keeps, and what it leaves.
  public var sources = ["accompaniment", "vocals"]
  /// Frames per second of the audio the network works on, which is mono.
  public var sampleRate = 22050
  /// Over spectrograms of `height` bins and `width` frames.
  public var network = GeneratorUNetConfiguration.audio

  public init() {}

  /// Samples per frame of the spectrogram, whose highest bin the network does not see, and from one frame to the next.
  public var frameSize: Int { 2 * network.height }
  public var hop: Int { network.height }

  /// Samples that the frames of a window cover, the faded ends included.
  public var windowSamples: Int { (network.width - 1) * hop + frameSize }

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if sources.count != 2 || sources[0] == sources[1] { return "sources names \(sources); two different ones are needed" }
    if !(1000...768_000).contains(sampleRate) { return "sampleRate is \(sampleRate); 1000 to 768000 are possible" }
    if network.answer != .sources { return "network.answer is \(network.answer.rawValue); sources is needed" }
    return network.problem.map { "network: \($0)" }
  }
}

extension GeneratorSeparatorConfiguration: SeparationNetworkConfiguration {
  public var channels: Int { 1 }
  public var lastSourceIsRest: Bool { false }
  /// The interpolation on the way up takes its places from the ends of the window, so every output depends on them.
  public var edges: WindowEdges { .normalized }
  public var totalStride: Int { hop }

  /// Samples at either end of a window that no other frame completes.
  var fadedSamples: Int { frameSize - hop }

  public var defaultWindow: WindowLengths {
    WindowLengths(input: windowSamples, output: windowSamples - 2 * fadedSamples)
  }
  /// The one there is: longer signals take several.
  public func window(forOutputFrames frames: Int) -> WindowLengths { defaultWindow }
  public func accepts(inputFrames: Int) -> Bool { inputFrames == windowSamples }
  public var receptiveField: ReceptiveField { ReceptiveField(before: windowSamples - 1, after: windowSamples - 1) }

  /// Multiply–adds of one window, forward, transforms included.
  public func multiplyAdds(_ window: WindowLengths) -> Int {
    network.multiplyAdds + 3 * network.width * frameSize * (frameSize + 2)
  }

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: GeneratorSeparatorConfiguration)] = [
    ("factor-gan-separator", GeneratorSeparatorConfiguration())
  ]
}
