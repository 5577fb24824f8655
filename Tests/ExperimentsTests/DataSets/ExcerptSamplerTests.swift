import Experiments
import Glibc
import Testing

@Suite struct ExcerptSamplerTests {
  static let frames = [1000, 50, 4000, 300]
  static let augmented = ExcerptSampler.Options(remix: true, gain: 0.7...1, swapsChannels: true)

  static func sampler(
    seed: UInt64 = 3, _ options: ExcerptSampler.Options = ExcerptSampler.Options(),
    output: Int = 100
  ) -> ExcerptSampler {
    ExcerptSampler(
      trackFrames: frames, sources: 3, window: ExcerptWindow(output: output), seed: seed,
      options: options)
  }

  @Test func resumedEqualsUninterrupted() {
    for options in [ExcerptSampler.Options(), Self.augmented] {
      let whole = (0..<20).map { Self.sampler(options).batch(epoch: 1, step: $0, size: 4) }
      let resumed = Self.sampler(options)
      #expect((13..<20).map { resumed.batch(epoch: 1, step: $0, size: 4) } == Array(whole[13...]))
      // The items of a batch do not depend on its size.
      #expect(resumed.batch(epoch: 1, step: 5, size: 9).prefix(4) == whole[5][...])
    }
  }

  @Test func everyCounterMatters() {
    let base = Self.sampler(Self.augmented).plan(epoch: 0, step: 0, index: 0)
    #expect(Self.sampler(seed: 4, Self.augmented).plan(epoch: 0, step: 0, index: 0) != base)
    #expect(Self.sampler(Self.augmented).plan(epoch: 1, step: 0, index: 0) != base)
    #expect(Self.sampler(Self.augmented).plan(epoch: 0, step: 1, index: 0) != base)
    #expect(Self.sampler(Self.augmented).plan(epoch: 0, step: 0, index: 1) != base)
    #expect(
      Self.sampler(Self.augmented).plan(epoch: 1, step: 2, index: 0)
        != Self.sampler(Self.augmented).plan(epoch: 2, step: 1, index: 0))
  }

  @Test func excerptsLieInsideTheirTracks() {
    for step in 0..<500 {
      for source in Self.sampler(Self.augmented).plan(epoch: 0, step: step, index: 0).sources {
        #expect(source.start >= 0 && source.start <= max(0, Self.frames[source.track] - 100))
        #expect((0.7...1).contains(source.gain))
      }
    }
  }

  /// Counts of 20,000 draws against their expectation, within six standard deviations.
  @Test(arguments: ExcerptSampler.Weighting.allCases) func weightingHolds(
    _ weighting: ExcerptSampler.Weighting
  ) {
    let sampler = Self.sampler(.init(weighting: weighting))
    var counts = [Int](repeating: 0, count: 4)
    let draws = 20_000
    for step in 0..<draws {
      counts[sampler.plan(epoch: 0, step: step, index: 0).sources[0].track] += 1
    }
    let total = Double(Self.frames.reduce(0, +))
    for (track, count) in counts.enumerated() {
      let share = weighting == .uniform ? 0.25 : Double(Self.frames[track]) / total
      let deviation = (Double(draws) * share * (1 - share)).squareRoot()
      #expect(count > 0 && abs(Double(count) - Double(draws) * share) < 6 * deviation)
    }
  }

  @Test func everyPositionIsReached() {
    let sampler = ExcerptSampler(
      trackFrames: [12], sources: 1, window: ExcerptWindow(output: 5), seed: 0)
    let starts = Set((0..<500).map { sampler.plan(epoch: 0, step: $0, index: 0).sources[0].start })
    #expect(starts == Set(0...7))
  }

  @Test func withoutRemixSourcesStayTogether() {
    let options = ExcerptSampler.Options(gain: 0.5...1.5, swapsChannels: true)
    let plans = (0..<200).map { Self.sampler(options).plan(epoch: 0, step: $0, index: 0) }
    for plan in plans {
      #expect(Set(plan.sources.map { [$0.track, $0.start] }).count == 1)
      #expect(Set(plan.sources.map(\.gain)).count == 3)
    }
    let swaps = plans.flatMap(\.sources).count { $0.swapsChannels }
    #expect((200...400).contains(swaps))
    let remixed = (0..<200).map { Self.sampler(Self.augmented).plan(epoch: 0, step: $0, index: 0) }
    #expect(remixed.contains { Set($0.sources.map(\.track)).count == 3 })
  }

  @Test func consecutiveWindowsCoverTheTracks() {
    let window = ExcerptWindow(output: 100, contextBefore: 7)
    let dropped = ConsecutiveWindows(trackFrames: Self.frames, sources: 2, window: window)
    #expect(dropped.count == 10 + 1 + 40 + 3)
    let kept = ConsecutiveWindows(
      trackFrames: [250, 100, 30], sources: 2, window: window, keepsRemainder: true)
    #expect(
      kept.map { [$0.sources[0].track, $0.sources[0].start] } == [
        [0, 0], [0, 100], [0, 200], [1, 0], [2, 0],
      ])
    #expect(kept.allSatisfy { $0.sources.count == 2 && $0.sources.allSatisfy { $0.gain == 1 } })
  }

  @Test func contextIsCentred() {
    let window = ExcerptWindow(input: 147_443, output: 16_389)
    #expect(
      window.contextBefore == 65_527 && window.contextAfter == 65_527 && window.input == 147_443)
  }

  @Test func filtersAndPolarityAreDrawnForEverySource() {
    let sampler = ExcerptSampler(
      trackFrames: [5000], sources: 2, window: ExcerptWindow(output: 100), seed: 3,
      options: .init(flipsPolarity: true, filterDecibels: 9))
    let plans = (0..<400).map { sampler.plan(epoch: 0, step: $0, index: 0) }
    let turned = plans.count { $0.sources[0].gain < 0 }
    #expect((140...260).contains(turned))
    #expect(plans.contains { ($0.sources[0].gain < 0) != ($0.sources[1].gain < 0) })
    let filters = plans.flatMap { $0.sources.compactMap(\.filter) }
    #expect(filters.count == 800)
    #expect(filters.allSatisfy { abs($0.decibels) <= 9 && $0.frequency > 0.002 && $0.frequency < 0.45 })
    #expect((filters.map(\.decibels).max() ?? 0) > 8 && (filters.map(\.decibels).min() ?? 0) < -8)
  }

  @Test(arguments: [-9.0, 6.0]) func peakingFilterActsAroundItsFrequency(decibels: Double) {
    let filter = PeakingFilter(frequency: 0.05, decibels: decibels)
    func gain(_ frequency: Double) -> Double {
      var samples = (0..<8000).flatMap { frame -> [Float] in
        let value = Float(sin(2 * Double.pi * frequency * Double(frame)))
        return [value, 0.5]
      }
      samples.withUnsafeMutableBufferPointer { filter.apply(to: $0, channels: 2) }
      let energy = stride(from: 8000, to: 16000, by: 2).reduce(0.0) { $0 + Double(samples[$1] * samples[$1]) }
      // The other channel holds a constant, which a peak leaves alone.
      #expect(abs(samples[15999] - 0.5) < 1e-4)
      return 10 * log10(energy / 2000)
    }
    #expect(abs(gain(0.05) - decibels) < 0.05)
    #expect(abs(gain(0.001)) < 0.1 && abs(gain(0.45)) < 0.3)
  }
}
