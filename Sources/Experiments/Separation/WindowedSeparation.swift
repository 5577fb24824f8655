import SwiftDL
import SwiftDLModels

/// Separation in windows whose pieces join (`TilePlan`): exactly, or where they cannot, by fading into each other.
final class WindowedSeparation: NetworkSeparation {
  private let model: any SeparationNetwork
  private let groups: ChannelGroups
  private let predicted: Int
  private let plan: TilePlan
  /// Input from `bufferStart` on, interleaved.
  private var buffer: [Float] = []
  private var bufferStart = 0
  private var frames = 0
  private var tile = 0
  /// What the last tile says of the beginning of the next one, per predicted source.
  private var tails: [[Float]]
  private var singing: [Float] = []

  init(_ model: any SeparationNetwork, groups: ChannelGroups, predicted: Int, plan: TilePlan) {
    (self.model, self.groups, self.predicted, self.plan) = (model, groups, predicted, plan)
    tails = Array(repeating: [], count: predicted)
  }

  func process(_ samples: [Float], isLast: Bool) -> [[Float]] {
    buffer += samples
    frames += samples.count / groups.channels
    var estimates = [[Float]](repeating: [], count: predicted)
    while tile * plan.hop < frames, isLast || plan.inputEnd(ofTile: tile) <= frames {
      for (source, estimate) in separate(tile).enumerated() { estimates[source] += estimate }
      tile += 1
      let drop = max(0, plan.inputStart(ofTile: tile) - bufferStart)
      buffer.removeFirst(min(drop * groups.channels, buffer.count))
      bufferStart += drop
    }
    return estimates
  }

  func takeActivity() -> [Float] {
    defer { singing = [] }
    return singing
  }

  /// The estimates of one tile, interleaved, per predicted source.
  private func separate(_ index: Int) -> [[Float]] {
    let (range, outputStart) = plan.tile(index, of: frames)
    let kept = min(plan.hop + plan.overlap, frames - index * plan.hop)
    var results = Array(repeating: [Float](repeating: 0, count: kept * groups.channels), count: predicted)
    var activity: [Float] = []
    for group in 0..<groups.count {
      let input = groups.input(group, range, of: buffer, from: bufferStart)
      let output: Tensor
      if let model = model as? any ActivitySeparator {
        let both = model.outputs(input)
        output = both.sources
        // Frames that begin in the part of the tile that is kept.
        let frames = (kept + model.activityHop - 1) / model.activityHop
        let values = both.singing.scalars.prefix(frames).map { $0 / Float(groups.count) }
        activity = activity.isEmpty ? values : zip(activity, values).map { $0 + $1 }
      } else {
        output = model(input)
      }
      groups.spread(output, outputStart..<outputStart + kept, ofGroup: group, into: &results)
    }
    singing += activity
    return results.enumerated().map { joined($1, source: $0) }
  }

  /// A tile's estimate with the end of the one before faded out under its beginning, and its own end kept for the next.
  private func joined(_ estimate: [Float], source: Int) -> [Float] {
    var estimate = estimate
    let (tail, channels) = (tails[source], groups.channels)
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
}
