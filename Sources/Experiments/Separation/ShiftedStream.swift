import SwiftDL
import SwiftDLModels

/// Separates a signal several times, each time a little later, and averages what comes out: networks are not quite the
/// same at every position, and their errors at different ones partly cancel. Time grows with the number of shifts.
///
/// Source: Défossez, "Music source separation in the waveform domain", 2019, section 5 ("shift trick").
final class ShiftedStream {
  private let streams: [SeparationStream]
  private let channels: Int
  /// Samples of each stream's output that stand for the silence before the signal.
  private var toDrop: [Int]
  private var toAdd: [Int]
  /// Estimates not yet averaged: [stream][source].
  private var ready: [[[Float]]]

  /// - Parameters:
  ///   - shifts: how often; 0 separates the signal as it is.
  ///   - seed: of the shifts, which are up to half a second.
  init(
    _ model: any SeparationNetwork, channels: Int, sampleRate: Int, tileFrames: Int, overlap: Double = 0, shifts: Int = 0,
    seed: UInt64 = 0
  ) {
    streams = (0..<max(1, shifts)).map { _ in
      SeparationStream(model, channels: channels, sampleRate: sampleRate, tileFrames: tileFrames, overlap: overlap)
    }
    self.channels = channels
    let places = CounterHash(seed, text: "shifts")
    toAdd = streams.indices.map { shifts == 0 ? 0 : places.with(UInt64($0)).below(max(1, sampleRate / 2)) * channels }
    toDrop = toAdd
    ready = streams.map { $0.sources.map { _ in [] } }
  }

  /// The activity of the signal as it is, as `SeparationStream.takeActivity`: of one that is not shifted.
  func takeActivity() -> [Float] { streams[0].takeActivity() }

  /// The next piece of the signal, and what is known of every source: as `SeparationStream.process`.
  func process(_ samples: [Float], isLast: Bool = false) -> [[Float]] {
    for (index, stream) in streams.enumerated() {
      let shifted = toAdd[index] > 0 ? [Float](repeating: 0, count: toAdd[index]) + samples : samples
      toAdd[index] = 0
      var pieces = stream.process(shifted, isLast: isLast)
      let dropped = min(toDrop[index], pieces.first?.count ?? 0)
      if dropped > 0 { for source in pieces.indices { pieces[source].removeFirst(dropped) } }
      toDrop[index] -= dropped
      for source in pieces.indices { ready[index][source] += pieces[source] }
    }
    if streams.count == 1 {
      defer { ready[0] = ready[0].map { _ in [] } }
      return ready[0]
    }
    let count = ready.map { $0.first?.count ?? 0 }.min() ?? 0
    return ready[0].indices.map { source in
      var sum = [Float](repeating: 0, count: count)
      for index in ready.indices {
        for sample in 0..<count { sum[sample] += ready[index][source][sample] }
        ready[index][source].removeFirst(count)
      }
      return sum.map { $0 / Float(streams.count) }
    }
  }
}
