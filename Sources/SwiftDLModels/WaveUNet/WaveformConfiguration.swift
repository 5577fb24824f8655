public import SwiftDL

/// The shape of a network that separates waveforms window by window: what its facts and refusals are made of.
public protocol WaveformConfiguration {
  var channels: Int { get }
  /// Frames per second of the audio the network works on.
  var sampleRate: Int { get }
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

extension Network where Configuration: WaveformConfiguration {
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
