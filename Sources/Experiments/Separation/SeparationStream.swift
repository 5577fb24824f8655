import SwiftDL
import SwiftDLAudio
public import SwiftDLModels

/// Separates a signal that arrives in pieces, in memory that does not depend on its length.
///
/// Any sample rate and channel count: the signal is resampled to the network's rate and back; a stereo network
/// takes channels in pairs (a last single one is doubled, and the estimate averaged), a mono network one by
/// one. Where a network leaves the last source to be what the others leave, it is the signal itself minus the other sources, at the
/// signal's own rate, so that the sources always add up to it.
public final class SeparationStream {
  public let model: any SeparationNetwork
  public let channels: Int
  public let sampleRate: Int

  private let separation: any NetworkSeparation
  private let toModel: StreamResampler
  private let fromModel: [StreamResampler]
  /// Input not yet answered, interleaved, and its frames in all.
  private var unanswered: [Float] = []
  private var inputFrames = 0
  private var answeredFrames = 0
  /// Estimates not yet returned, per predicted source.
  private var ready: [[Float]]

  /// - Parameters:
  ///   - tileFrames: the least output frames of a window at the network's rate. Memory grows with it.
  ///   - overlap: the share of a window that the next one repeats and fades into, 0 to a half, of networks whose windows
  ///     do not join exactly.
  public init(
    _ model: any SeparationNetwork, channels: Int, sampleRate: Int, tileFrames: Int = 1 << 17, overlap: Double = 0
  ) {
    self.model = model
    self.channels = channels
    self.sampleRate = sampleRate
    let configuration = model.configuration
    toModel = StreamResampler(from: sampleRate, to: configuration.sampleRate, channels: channels)
    let predicted = configuration.sources.count - (configuration.lastSourceIsRest ? 1 : 0)
    fromModel = (0..<predicted).map { _ in
      StreamResampler(from: configuration.sampleRate, to: sampleRate, channels: channels)
    }
    ready = Array(repeating: [], count: predicted)
    let groups = ChannelGroups(channels: channels, width: configuration.channels)
    let streams = (0..<groups.count).compactMap { _ in model.stream() }
    if streams.isEmpty {
      separation = WindowedSeparation(
        model, groups: groups, predicted: predicted,
        plan: TilePlan(configuration, outputFrames: tileFrames, overlap: overlap))
    } else {
      separation = ContinuedSeparation(
        streams, groups: groups, predicted: predicted, context: configuration.defaultWindow.contextBefore,
        pieceFrames: max(tileFrames, configuration.totalStride))
    }
  }

  /// Names of the sources in the order `process` returns them.
  public var sources: [String] { model.configuration.sources }

  /// The probabilities of singing that have become known since the last call, in frames of which frame m is centred on
  /// m · `activitySeconds` of the network: the mean over channels, or pairs of them, that the network saw apart.
  public func takeActivity() -> [Float] { separation.takeActivity() }

  /// Takes the next piece of the signal, interleaved, and returns what is known of every source: pieces of
  /// equal length, possibly empty. After the last piece the lengths add up to the signal's.
  public func process(_ samples: [Float], isLast: Bool = false) -> [[Float]] {
    inputFrames += samples.count / channels
    unanswered += samples
    let estimates = separation.process(toModel.process(samples, isLast: isLast), isLast: isLast)
    for (index, estimate) in estimates.enumerated() {
      ready[index] += fromModel[index].process(estimate, isLast: isLast)
    }
    return answer(isLast: isLast)
  }

  /// Hands out the estimates that are complete.
  private func answer(isLast: Bool) -> [[Float]] {
    let pending = inputFrames - answeredFrames
    let available = ready.map { $0.count / channels }.min() ?? 0
    let frames = isLast ? pending : min(available, pending)
    var pieces = ready.indices.map { index in
      let piece = Array(ready[index].prefix(frames * channels))
      ready[index].removeFirst(piece.count)
      // Resampling there and back can fall short by a frame at the very end.
      return piece + [Float](repeating: 0, count: frames * channels - piece.count)
    }
    let mixture = Array(unanswered.prefix(frames * channels))
    unanswered.removeFirst(mixture.count)
    answeredFrames += frames
    if model.configuration.lastSourceIsRest {
      var rest = mixture
      for piece in pieces { for index in rest.indices { rest[index] -= piece[index] } }
      pieces.append(rest)
    }
    return pieces
  }
}

/// What separates a signal that comes in pieces, at the network's rate.
protocol NetworkSeparation: AnyObject {
  /// The next samples, interleaved, and what has become known of every predicted source: pieces of equal length, in all as
  /// long as the signal once its last piece has come.
  func process(_ samples: [Float], isLast: Bool) -> [[Float]]
  /// As `SeparationStream.takeActivity`.
  func takeActivity() -> [Float]
}
