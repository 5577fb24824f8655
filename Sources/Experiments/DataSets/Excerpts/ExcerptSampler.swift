/// The random order of training: which excerpt stands at (epoch, step, index in the batch).
///
/// A pure function of the seed and these three counters. There is no state to save: training
/// resumed at any step sees the batches it would have seen.
public struct ExcerptSampler: Sendable {
  /// How a track is drawn.
  public enum Weighting: String, Sendable, CaseIterable {
    /// In proportion to its length: every second of music is as likely.
    case length
    /// Every track is as likely.
    case uniform
  }

  public struct Options: Sendable, Equatable {
    public var weighting: Weighting
    /// Every source comes from a track and position of its own.
    public var remix: Bool
    /// Every source is scaled by an independent factor, uniform in this range.
    public var gain: ClosedRange<Double>
    /// Left and right of every source change places half of the time, independently.
    public var swapsChannels: Bool
    /// Every source is turned upside down half of the time, independently.
    public var flipsPolarity: Bool
    /// Every source is raised or lowered around a frequency, independently, by at most so much; 0 never.
    public var filterDecibels: Double

    public init(
      weighting: Weighting = .length, remix: Bool = false, gain: ClosedRange<Double> = 1...1,
      swapsChannels: Bool = false, flipsPolarity: Bool = false, filterDecibels: Double = 0
    ) {
      self.weighting = weighting
      self.remix = remix
      self.gain = gain
      self.swapsChannels = swapsChannels
      self.flipsPolarity = flipsPolarity
      self.filterDecibels = filterDecibels
    }

    /// Wave-U-Net's: each source scaled by U[0.7, 1.0].
    public static let waveUNet = Options(gain: 0.7...1.0)
  }

  public let seed: UInt64
  public let options: Options
  private let trackFrames: [Int]
  private let sources: Int
  private let output: Int
  /// Frames up to and including each track.
  private let cumulative: [Int]

  /// - Parameters:
  ///   - trackFrames: the lengths of the tracks at the model's rate.
  ///   - sources: the number of sources in a plan (`ExcerptReader.sourceCount`).
  public init(
    trackFrames: [Int], sources: Int, window: ExcerptWindow, seed: UInt64,
    options: Options = Options()
  ) {
    precondition(
      !trackFrames.isEmpty && trackFrames.allSatisfy { $0 > 0 },
      "ExcerptSampler: needs at least one track, and none without frames, got \(trackFrames)")
    precondition(sources > 0, "ExcerptSampler: needs at least one source, got \(sources)")
    self.seed = seed
    self.options = options
    self.trackFrames = trackFrames
    self.sources = sources
    output = window.output
    var total = 0
    cumulative = trackFrames.map { frames in
      total += frames
      return total
    }
  }

  /// The excerpt at a place in the training.
  ///
  /// The output lies inside the track (a track shorter than the output is followed by silence); its
  /// context may reach beyond the ends.
  public func plan(epoch: Int, step: Int, index: Int) -> ExcerptPlan {
    let place = CounterHash(seed, UInt64(epoch), UInt64(step), UInt64(index))
    let shared = position(place.with(.max))
    return ExcerptPlan(
      sources: (0..<sources).map { source in
        let own = place.with(UInt64(source))
        var drawn = options.remix ? position(own) : shared
        let span = options.gain.upperBound - options.gain.lowerBound
        drawn.gain = Float(options.gain.lowerBound + span * own.with(2).unit)
        drawn.swapsChannels = options.swapsChannels && own.with(3).value & 1 == 1
        if options.flipsPolarity && own.with(4).value & 1 == 1 { drawn.gain = -drawn.gain }
        if options.filterDecibels > 0 {
          drawn.filter = PeakingFilter(
            octaves: own.with(5).unit, decibels: options.filterDecibels * (2 * own.with(6).unit - 1))
        }
        return drawn
      })
  }

  /// The excerpts of one step.
  public func batch(epoch: Int, step: Int, size: Int) -> [ExcerptPlan] {
    (0..<size).map { plan(epoch: epoch, step: step, index: $0) }
  }

  private func position(_ hash: CounterHash) -> ExcerptPlan.Source {
    let track =
      switch options.weighting {
      case .length: cumulative.upperBound(of: hash.with(0).below(cumulative[cumulative.count - 1]))
      case .uniform: hash.with(0).below(trackFrames.count)
      }
    return ExcerptPlan.Source(
      track: track, start: hash.with(1).below(max(1, trackFrames[track] - output + 1)))
  }
}
