import Experiments
import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Separation of streams")
struct SeparationStreamTests {
  private func configuration(context: Bool, channels: Int = 1) -> WaveUNetConfiguration {
    var c = WaveUNetConfiguration.tiny
    c.context = context
    c.channels = channels
    c.sampleRate = 8000
    return c
  }

  private func signal(_ frames: Int, _ channels: Int, seed: UInt64 = 1) -> [Float] {
    var random = RandomStream(seed: seed)
    return random.uniform([frames * channels], in: -1..<1).scalars
  }

  /// The separated sources of a whole signal given in pieces of some size.
  private func separated(
    _ model: any SeparationNetwork, _ samples: [Float], channels: Int, rate: Int, tile: Int, piece: Int
  ) -> [[Float]] {
    let stream = SeparationStream(model, channels: channels, sampleRate: rate, tileFrames: tile)
    var results = stream.sources.map { _ in [Float]() }
    var start = 0
    while start < samples.count {
      let end = min(samples.count, start + piece * channels)
      for (index, part) in stream.process(Array(samples[start..<end])).enumerated() { results[index] += part }
      start = end
    }
    for (index, part) in stream.process([], isLast: true).enumerated() { results[index] += part }
    return results
  }

  /// One pass over the whole signal, padded as the network was trained: zeros around it with context, zeros
  /// behind it up to the total stride without.
  private func onePass(_ model: WaveUNet, _ samples: [Float]) -> Tensor {
    let c = model.configuration
    let x = Tensor([1, samples.count, 1], samples)
    let window = c.window(forOutputFrames: samples.count)
    let before = window.contextBefore
    let padded = x.padded(axis: 1, before: before, after: window.input - samples.count - before)
    return model(padded).sliced(axis: 1, 0..<samples.count)
  }

  @Test("tiles equal one pass over the whole to the bit", arguments: [false, true], [6, 24])
  func tiledEqualsWhole(context: Bool, filters: Int) {
    var configuration = configuration(context: context)
    configuration.filters = filters
    if filters == 24 { (configuration.downKernel, configuration.upKernel) = (15, 5) }
    let model = WaveUNet(configuration, random: RandomStream(seed: 3))
    for frames in [1, 7, 8, 100, 1001, 2048] {
      let samples = signal(frames, 1)
      let whole = onePass(model, samples)
      for (tile, piece) in [(1, 13), (64, 1000), (300, 7), (5000, 64)] {
        let parts = separated(model, samples, channels: 1, rate: 8000, tile: tile, piece: piece)
        for (index, part) in parts.enumerated() {
          let truth = whole.sliced(axis: 2, index..<index + 1).scalars
          #expect(part == truth, "\(frames) frames, tiles of \(tile), source \(index)")
        }
      }
    }
  }

  @Test("tiles of networks whose windows have mirrored edges equal one pass far from them")
  func tiledEqualsLong() {
    var c = ResamplingWaveUNetConfiguration.tiny
    c.sampleRate = 8000
    c.normalization = .none
    let model = ResamplingWaveUNet(c, random: RandomStream(seed: 7))
    let samples = signal(1500, 1)
    let margin = 64 * c.totalStride
    let window = c.window(forOutputFrames: 1500 + 2 * margin)
    let before = window.contextBefore + margin
    let long = model(Tensor([1, 1500, 1], samples).padded(axis: 1, before: before, after: window.input - 1500 - before))
    for tile in [1, 400, 5000] {
      let parts = separated(model, samples, channels: 1, rate: 8000, tile: tile, piece: 333)
      for (index, part) in parts.enumerated() {
        let truth = long.sliced(axis: 1, margin..<margin + 1500).sliced(axis: 2, index..<index + 1)
        #expect(part == truth.scalars, "tiles of \(tile), source \(index)")
      }
    }
  }

  @Test("tiles of spectrogram networks equal one long pass")
  func tiledSpectrograms() {
    var c = SpectrogramUNetConfiguration.tiny
    (c.levels, c.sources) = (1, ["vocals"])
    let model = SpectrogramUNet(c, random: RandomStream(seed: 8))
    let samples = signal(1500, 1)
    let margin = 40 * c.totalStride
    let window = c.window(forOutputFrames: 1500 + 2 * margin)
    let long = model(Tensor([1, 1500, 1], samples).padded(axis: 1, before: margin, after: window.input - 1500 - margin))
    for tile in [1, 900] {
      let parts = separated(model, samples, channels: 1, rate: 8000, tile: tile, piece: 333)
      expectClose(parts[0], long.sliced(axis: 1, margin..<margin + 1500).scalars, tolerance: 1e-5, "tiles of \(tile)")
    }
  }

  @Test("overlapping windows fade into each other")
  func overlap() {
    var c = ResamplingWaveUNetConfiguration.tiny
    c.sampleRate = 8000
    let model = ResamplingWaveUNet(c, random: RandomStream(seed: 7))
    let window = c.defaultWindow
    let frames = 2 * window.output + 77
    let samples = signal(frames, 1)
    let stream = SeparationStream(model, channels: 1, sampleRate: 8000, overlap: 0.25)
    let parts = zip(stream.process(samples), stream.process([], isLast: true)).map { $0 + $1 }
    let overlap = window.output / 4
    let hop = window.output - overlap
    let padded = Tensor([1, frames, 1], samples).padded(axis: 1, before: window.contextBefore, after: 2 * window.input)
    var expected = [Float](repeating: 0, count: frames)
    for start in stride(from: 0, to: frames, by: hop) {
      let own = model(padded.sliced(axis: 1, start..<start + window.input)).sliced(axis: 2, 0..<1).scalars
      for frame in start..<min(frames, start + window.output) {
        let share = start > 0 && frame < start + overlap ? (Float(frame - start) + 0.5) / Float(overlap) : 1
        expected[frame] = share * own[frame - start] + (1 - share) * expected[frame]
      }
    }
    #expect(parts[0].count == frames)
    expectClose(parts[0], expected, tolerance: 1e-5)
  }

  @Test("networks that normalise over a window get windows as in training, side by side")
  func normalizedTiles() {
    var c = ResamplingWaveUNetConfiguration.tiny
    c.sampleRate = 8000
    let model = ResamplingWaveUNet(c, random: RandomStream(seed: 7))
    let window = c.defaultWindow
    let samples = signal(window.output + 100, 1)
    let padded = Tensor([1, samples.count, 1], samples).padded(axis: 1, before: window.contextBefore, after: window.input)
    for tile in [1, 5000] {
      let parts = separated(model, samples, channels: 1, rate: 8000, tile: tile, piece: 500)
      for (number, kept) in [(0, window.output), (1, 100)] {
        let start = number * window.output
        let own = model(padded.sliced(axis: 1, start..<start + window.input)).sliced(axis: 1, 0..<kept)
        for (index, part) in parts.enumerated() {
          expectClose(
            Array(part[start..<start + kept]), own.sliced(axis: 2, index..<index + 1).scalars, tolerance: 1e-6)
        }
      }
    }
  }

  @Test("any length, rate and channel count comes back exactly as long and adds up to the mixture")
  func lengthsAndSums() {
    for width in [1, 2] {
      let model = WaveUNet(configuration(context: true, channels: width), random: RandomStream(seed: 4))
      for channels in [1, 2, 3, 6] {
        for rate in [4000, 8000, 11025, 44100] {
          for frames in [1, 2, 997] {
            let samples = signal(frames, channels)
            let parts = separated(model, samples, channels: channels, rate: rate, tile: 200, piece: 300)
            #expect(parts.map(\.count) == [samples.count, samples.count], "\(channels) channels at \(rate)")
            var sum = [Float](repeating: 0, count: samples.count)
            for part in parts { for index in sum.indices { sum[index] += part[index] } }
            expectClose(sum, samples, tolerance: 1e-6)
          }
        }
      }
    }
  }

  @Test("the size of the pieces does not matter", arguments: [8000, 12000])
  func pieces(rate: Int) {
    let model = WaveUNet(configuration(context: true, channels: 2), random: RandomStream(seed: 5))
    let samples = signal(3000, 2)
    let reference = separated(model, samples, channels: 2, rate: rate, tile: 128, piece: 3000)
    for piece in [1, 17, 640] {
      #expect(separated(model, samples, channels: 2, rate: rate, tile: 128, piece: piece) == reference)
    }
  }

  @Test("a mono network treats every channel on its own", arguments: [false, true])
  func channelsAreIndependent(context: Bool) {
    let model = WaveUNet(configuration(context: context), random: RandomStream(seed: 6))
    let left = signal(500, 1, seed: 1)
    let right = signal(500, 1, seed: 2)
    let both = zip(left, right).flatMap { [$0, $1] }
    let stereo = separated(model, both, channels: 2, rate: 8000, tile: 64, piece: 100)
    for (samples, channel) in [(left, 0), (right, 1)] {
      let mono = separated(model, samples, channels: 1, rate: 8000, tile: 64, piece: 100)
      for index in mono.indices {
        let own = stride(from: channel, to: both.count, by: 2).map { stereo[index][$0] }
        expectClose(own, mono[index], tolerance: 1e-6)
      }
    }
  }
}
