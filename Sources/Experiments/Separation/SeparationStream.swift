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

  private let plan: TilePlan
  private let toModel: StreamResampler
  private let fromModel: [StreamResampler]
  /// Model-rate input from `bufferStart` on, interleaved.
  private var buffer: [Float] = []
  private var bufferStart = 0
  private var modelFrames = 0
  private var tile = 0
  /// Input not yet answered, interleaved, and its frames in all.
  private var unanswered: [Float] = []
  private var inputFrames = 0
  private var answeredFrames = 0
  /// Estimates not yet returned, per predicted source.
  private var ready: [[Float]]
  /// What the last tile says of the beginning of the next one, per predicted source.
  private var tails: [[Float]]
  /// Probabilities of singing not yet taken, one every `activityHop` frames of the network.
  private var singing: [Float] = []

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
    plan = TilePlan(configuration, outputFrames: tileFrames, overlap: overlap)
    toModel = StreamResampler(from: sampleRate, to: configuration.sampleRate, channels: channels)
    let predicted = configuration.sources.count - (configuration.lastSourceIsRest ? 1 : 0)
    fromModel = (0..<predicted).map { _ in
      StreamResampler(from: configuration.sampleRate, to: sampleRate, channels: channels)
    }
    ready = Array(repeating: [], count: predicted)
    tails = ready
  }

  /// Names of the sources in the order `process` returns them.
  public var sources: [String] { model.configuration.sources }

  /// The probabilities of singing that have become known since the last call, in frames of which frame m is centred on
  /// m · `activitySeconds` of the network: the mean over channels, or pairs of them, that the network saw apart.
  public func takeActivity() -> [Float] {
    defer { singing = [] }
    return singing
  }

  /// Takes the next piece of the signal, interleaved, and returns what is known of every source: pieces of
  /// equal length, possibly empty. After the last piece the lengths add up to the signal's.
  public func process(_ samples: [Float], isLast: Bool = false) -> [[Float]] {
    inputFrames += samples.count / channels
    unanswered += samples
    let arrived = toModel.process(samples, isLast: isLast)
    buffer += arrived
    modelFrames += arrived.count / channels
    while tile * plan.hop < modelFrames, isLast || plan.inputEnd(ofTile: tile) <= modelFrames {
      let estimates = separate(tile)
      tile += 1
      let ends = isLast && tile * plan.hop >= modelFrames
      for (index, estimate) in estimates.enumerated() {
        ready[index] += fromModel[index].process(estimate, isLast: ends)
      }
      let drop = max(0, plan.inputStart(ofTile: tile) - bufferStart)
      buffer.removeFirst(min(drop * channels, buffer.count))
      bufferStart += drop
    }
    return answer(isLast: isLast)
  }

  /// The estimates of one tile, interleaved at the model's rate, per predicted source.
  private func separate(_ index: Int) -> [[Float]] {
    let configuration = model.configuration
    let (range, outputStart) = plan.tile(index, of: modelFrames)
    let kept = min(plan.hop + plan.overlap, modelFrames - index * plan.hop)
    let width = configuration.channels
    let groups = (channels + width - 1) / width
    var results = Array(
      repeating: [Float](repeating: 0, count: kept * channels), count: fromModel.count)
    var activity: [Float] = []
    for group in 0..<groups {
      let own = (group * width..<min(channels, group * width + width))
      let input = Tensor(unsafe: [1, range.count, width]) { memory in
        for (frame, position) in range.enumerated() {
          let offset = (position - bufferStart) * channels
          let exists = position >= bufferStart && position < modelFrames
          for channel in 0..<width {
            let source = own.lowerBound + min(channel, own.count - 1)
            memory[frame * width + channel] = exists ? buffer[offset + source] : 0
          }
        }
      }
      let output: Tensor
      if let model = model as? any ActivitySeparator {
        let both = model.outputs(input)
        output = both.sources
        // Frames that begin in the part of the tile that is kept.
        let frames = (kept + model.activityHop - 1) / model.activityHop
        let values = both.singing.scalars.prefix(frames).map { $0 / Float(groups) }
        activity = activity.isEmpty ? values : zip(activity, values).map { $0 + $1 }
      } else {
        output = model(input)
      }
      let stride = output.shape[2]
      output.withUnsafeBuffer { values in
        for source in results.indices {
          for frame in 0..<kept {
            let base = (outputStart + frame) * stride + source * width
            if own.count == width {
              for channel in 0..<width {
                results[source][frame * channels + own.lowerBound + channel] = values[base + channel]
              }
            } else {
              // A single channel was given to every input of the network: its estimate is their mean.
              let sum = (0..<width).reduce(Float(0)) { $0 + values[base + $1] }
              results[source][frame * channels + own.lowerBound] = sum / Float(width)
            }
          }
        }
      }
    }
    singing += activity
    return results.enumerated().map { joined($1, source: $0) }
  }

  /// A tile's estimate with the end of the one before faded out under its beginning, and its own end kept for the next.
  private func joined(_ estimate: [Float], source: Int) -> [Float] {
    var estimate = estimate
    let tail = tails[source]
    for frame in 0..<min(tail.count, estimate.count) / channels {
      let share = (Float(frame) + 0.5) * Float(channels) / Float(tail.count)
      for index in frame * channels..<(frame + 1) * channels {
        estimate[index] = share * estimate[index] + (1 - share) * tail[index]
      }
    }
    let own = min(plan.hop * channels, estimate.count)
    tails[source] = Array(estimate[own...])
    return Array(estimate[..<own])
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
