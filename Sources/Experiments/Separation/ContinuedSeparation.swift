import SwiftDL
import SwiftDLModels

/// Separation by networks that go on from piece to piece (`SourceStream`): nothing is computed twice.
final class ContinuedSeparation: NetworkSeparation {
  private var streams: [any SourceStream]
  private let groups: ChannelGroups
  private let predicted: Int
  private let pieceFrames: Int
  /// Samples not yet given to the network, interleaved.
  private var waiting: [Float] = []
  private var arrivedFrames = 0
  private var answeredFrames = 0
  /// Frames of silence before the signal, and between the end of the signal and that of its answer.
  private let context: Int

  /// - Parameters:
  ///   - streams: one for each group of channels.
  ///   - context: frames before the first one that is answered.
  ///   - pieceFrames: frames separated at a time; memory grows with them.
  init(_ streams: [any SourceStream], groups: ChannelGroups, predicted: Int, context: Int, pieceFrames: Int) {
    (self.streams, self.groups, self.predicted) = (streams, groups, predicted)
    (self.context, self.pieceFrames) = (context, pieceFrames)
    waiting = [Float](repeating: 0, count: context * groups.channels)
  }

  func process(_ samples: [Float], isLast: Bool) -> [[Float]] {
    waiting += samples
    arrivedFrames += samples.count / groups.channels
    var estimates = [[Float]](repeating: [], count: predicted)
    while waiting.count >= pieceFrames * groups.channels { separate(pieceFrames, into: &estimates) }
    guard isLast else { return estimates }
    // After the end there is silence, as much as it takes.
    while answeredFrames < arrivedFrames {
      let missing = pieceFrames * groups.channels - waiting.count
      waiting += [Float](repeating: 0, count: missing)
      separate(pieceFrames, into: &estimates)
    }
    return estimates
  }

  func takeActivity() -> [Float] { [] }

  private func separate(_ frames: Int, into estimates: inout [[Float]]) {
    let piece = Array(waiting.prefix(frames * groups.channels))
    waiting.removeFirst(piece.count)
    let outputs = streams.indices.compactMap { streams[$0](groups.input($0, 0..<frames, of: piece)) }
    guard let known = outputs.first?.shape[1] else { return }
    let kept = min(known, arrivedFrames - answeredFrames)
    var found = Array(repeating: [Float](repeating: 0, count: kept * groups.channels), count: predicted)
    for (group, output) in outputs.enumerated() { groups.spread(output, 0..<kept, ofGroup: group, into: &found) }
    answeredFrames += kept
    for source in estimates.indices { estimates[source] += found[source] }
  }
}
