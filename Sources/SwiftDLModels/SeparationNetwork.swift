public import SwiftDL

/// A network that separates a mixture of sources in the waveform, window by window: `[batch, input frames, channels]`
/// to `[batch, output frames, sources · channels]`, the channels of the first source first.
public protocol SeparationNetwork: Network where Configuration: SeparationNetworkConfiguration {
  /// The network that estimates some of the sources alone, if that is less work; otherwise itself.
  func restricted(to sources: [String]) -> Self
  /// The network going through a signal piece by piece; nil where it can only answer windows.
  func stream() -> (any SourceStream)?
}

/// A separator that goes through a signal piece by piece, and answers each frame as it would with all of the signal.
public protocol SourceStream {
  /// Takes the next frames of the mixture, `[1, frames, channels]`, any number of them, and returns what has become known
  /// of the sources, `[1, frames, sources · channels]`; nil where that is nothing yet. The first frame answered is the
  /// mixture's frame number `contextBefore` of the network's windows; every frame is answered after a bounded number of
  /// others.
  mutating func callAsFunction(_ new: Tensor) -> Tensor?
}

extension SeparationNetwork {
  /// Of networks that have everything in common.
  public func restricted(to sources: [String]) -> Self { self }

  public func stream() -> (any SourceStream)? { nil }

  /// The single sources of an output, each `[batch, output frames, channels]`, by name.
  public func sources(of output: Tensor) -> [(name: String, signal: Tensor)] {
    let c = configuration
    let parts = output.split(axis: 2, extents: Array(repeating: c.channels, count: c.sources.count))
    return Array(zip(c.sources, parts))
  }
}

/// A separator whose sources can be compared by their magnitudes, frame by frame.
public protocol MagnitudeSeparator: SeparationNetwork {
  /// The estimated magnitudes of the sources of a mixture: `[batch, frames, sources · bins]`.
  func magnitudes(_ mixture: Tensor, _ context: Context) -> Tensor
  /// Those of sources as waveforms: `[batch, output frames, sources · channels]`.
  func magnitudes(ofSources sources: Tensor) -> Tensor
}

/// What stands around a window, and so how windows are joined.
public enum WindowEdges: Sendable, Hashable {
  /// Context: the input is longer than the output, and every output sees real input alone.
  case context
  /// Zeros inside the network, at the ends of the window: as at the ends of a signal, where windows have to end too.
  case padded
  /// Something else inside the network, on which so many output frames at the ends of the window depend.
  case blurred(before: Int, after: Int)
  /// Every output depends on the whole window, by a normalisation over it: windows have to be as long as in training,
  /// and do not join exactly.
  case normalized
}

/// The shape of a network that separates waveforms.
public protocol SeparationNetworkConfiguration: Codable, Sendable, Hashable {
  /// Names of the separated sources, in output order.
  var sources: [String] { get }
  /// Whether the last source is what the others leave of the mixture.
  var lastSourceIsRest: Bool { get }
  var channels: Int { get }
  /// Frames per second of the audio the network works on.
  var sampleRate: Int { get }
  var edges: WindowEdges { get }
  /// Frames between positions where windows may be cut without changing any value.
  var totalStride: Int { get }
  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  var problem: String? { get }
  /// The smallest window with at least `frames` output frames.
  func window(forOutputFrames frames: Int) -> WindowLengths
  /// Whether a window of this length passes through without remainders.
  func accepts(inputFrames: Int) -> Bool
  var defaultWindow: WindowLengths { get }
  var receptiveField: ReceptiveField { get }
  /// Multiply–adds of one window, forward.
  func multiplyAdds(_ window: WindowLengths) -> Int
}

extension Network where Configuration: SeparationNetworkConfiguration {
  public static func problem(with configuration: Configuration) -> String? { configuration.problem }

  public func problem(withInput shape: Shape) -> String? {
    let c = configuration
    guard shape.rank == 3, shape[2] == c.channels else {
      return "has shape \(shape); [batch, frames, \(c.channels)] is expected"
    }
    if shape[0] > 0 && c.accepts(inputFrames: shape[1]) { return nil }
    let context = c.defaultWindow.input - c.defaultWindow.output
    let near = c.window(forOutputFrames: max(1, shape[1] - context))
    return "has \(shape[1]) frames, which this network cannot take; \(near.input) would do"
  }

  public var facts: NetworkFacts {
    let window = configuration.defaultWindow
    let seconds = Double(window.output) / Double(configuration.sampleRate)
    return NetworkFacts(
      window: window, receptiveField: configuration.receptiveField, sampleRate: configuration.sampleRate,
      multiplyAddsPerSecond: Double(configuration.multiplyAdds(window)) / seconds)
  }
}
