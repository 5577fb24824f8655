import SwiftDL
import SwiftDLModels

/// Separates a signal in several ways and averages what comes out, source by source: networks make other errors at other
/// positions, of other forms of the signal and after other trainings, and these partly cancel. Time grows with the number
/// of ways.
///
/// Source: Défossez, "Music source separation in the waveform domain", 2019, section 5 ("shift trick").
final class EnsembleStream {
  /// A form of the signal that a network hears, and what is undone after it.
  private enum Form: CaseIterable {
    case asItIs
    /// The other polarity.
    case inverted
    /// Two channels in the other order.
    case swapped

    /// The form of interleaved samples, and the way back.
    func applied(to samples: [Float]) -> [Float] {
      switch self {
      case .asItIs: return samples
      case .inverted: return samples.map { -$0 }
      case .swapped:
        var swapped = samples
        for frame in stride(from: 0, to: samples.count - 1, by: 2) { swapped.swapAt(frame, frame + 1) }
        return swapped
      }
    }
  }

  /// One of the ways.
  private struct Way {
    let stream: SeparationStream
    let form: Form
    /// Samples of silence to come before the signal, and of the answer to leave out again.
    var toAdd: Int
    var toDrop: Int
    /// Estimates not yet averaged, of every source.
    var ready: [[Float]]
  }

  private var ways: [Way] = []
  /// The first network's sources: the order of what comes out.
  private let sources: [String]

  /// - Parameters:
  ///   - models: networks whose sources have the same names, in any order; at least one.
  ///   - shifts: how often each separates, each time a little later; 0 separates the signal once as it is.
  ///   - augmented: whether each also hears the other polarity and, of two channels, the other order.
  ///   - seed: of the shifts, which are up to half a second.
  init(
    _ models: [any SeparationNetwork], channels: Int, sampleRate: Int, tileFrames: Int, overlap: Double = 0, shifts: Int = 0,
    augmented: Bool = false, seed: UInt64 = 0
  ) {
    sources = models[0].configuration.sources
    let places = CounterHash(seed, text: "shifts")
    let forms = Form.allCases.filter { $0 == .asItIs || (augmented && ($0 == .inverted || channels == 2)) }
    for model in models {
      // A tile lasts as long for every network.
      let frames = tileFrames * model.configuration.sampleRate / models[0].configuration.sampleRate
      for form in forms {
        for shift in 0..<max(1, shifts) {
          let stream = SeparationStream(
            model, channels: channels, sampleRate: sampleRate, tileFrames: max(1, frames), overlap: overlap)
          let added = shifts == 0 ? 0 : places.with(UInt64(shift)).below(max(1, sampleRate / 2)) * channels
          ways.append(
            Way(stream: stream, form: form, toAdd: added, toDrop: added, ready: stream.sources.map { _ in [] }))
        }
      }
    }
  }

  /// The activity of the signal as it is, as `SeparationStream.takeActivity`: of one way that leaves it so.
  func takeActivity() -> [Float] { ways[0].stream.takeActivity() }

  /// The next piece of the signal, and what is known of every source of the first network: as `SeparationStream.process`.
  func process(_ samples: [Float], isLast: Bool = false) -> [[Float]] {
    for index in ways.indices { advance(&ways[index], samples, isLast: isLast) }
    if ways.count == 1 {
      defer { ways[0].ready = ways[0].ready.map { _ in [] } }
      return ways[0].ready
    }
    let count = ways.map { $0.ready.first?.count ?? 0 }.min() ?? 0
    return sources.indices.map { source in
      var sum = [Float](repeating: 0, count: count)
      for way in ways.indices {
        for sample in 0..<count { sum[sample] += ways[way].ready[source][sample] }
        ways[way].ready[source].removeFirst(count)
      }
      return sum.map { $0 / Float(ways.count) }
    }
  }

  private func advance(_ way: inout Way, _ samples: [Float], isLast: Bool) {
    let shifted = way.toAdd > 0 ? [Float](repeating: 0, count: way.toAdd) + samples : samples
    way.toAdd = 0
    var pieces = way.stream.process(way.form.applied(to: shifted), isLast: isLast)
    let dropped = min(way.toDrop, pieces.first?.count ?? 0)
    way.toDrop -= dropped
    for (source, name) in sources.enumerated() {
      guard let own = way.stream.sources.firstIndex(of: name) else { continue }
      if dropped > 0 { pieces[own].removeFirst(dropped) }
      way.ready[source] += way.form.applied(to: pieces[own])
    }
  }
}
