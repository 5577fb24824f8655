import SwiftDL

/// Excerpts of recordings that belong to nothing else: music whose stems nobody has, or one source alone.
///
/// Each is scaled by a factor of its own. Which excerpt is which depends on seed and number alone, so that a resumed run
/// hears what an uninterrupted one would.
struct RecordingPool: Sendable {
  let recordings: [MappedSamples]
  let window: ExcerptWindow
  private let sampler: ExcerptSampler

  /// - Parameters:
  ///   - recordings: at least one, none without frames, with as many channels as each other.
  ///   - gain: what an excerpt is multiplied by is drawn from here.
  init(_ recordings: [MappedSamples], window: ExcerptWindow, gain: ClosedRange<Double>, seed: UInt64) {
    self.recordings = recordings
    self.window = window
    sampler = ExcerptSampler(
      trackFrames: recordings.map(\.frames), sources: 1, window: window, seed: seed, options: .init(gain: gain))
  }

  /// Excerpts that fill the pool without overlap: more than these are partly the same.
  var excerpts: Int { recordings.reduce(0) { $0 + max(1, $1.frames / window.output) } }

  /// Batch `number` of so many excerpts: `[size, input frames, channels]`.
  func batch(_ number: Int, size: Int) -> Tensor {
    let channels = recordings[0].channels
    let samples = window.input * channels
    return Tensor(unsafe: [size, window.input, channels]) { memory in
      memory.update(repeating: 0)
      for item in 0..<size {
        let drawn = sampler.plan(epoch: 0, step: number, index: item).sources[0]
        let excerpt = UnsafeMutableBufferPointer(rebasing: memory[item * samples..<(item + 1) * samples])
        recordings[drawn.track].add(
          from: drawn.start - window.contextBefore, count: window.input, times: drawn.gain, to: excerpt)
      }
    }
  }
}
