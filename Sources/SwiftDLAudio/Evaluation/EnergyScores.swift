import Glibc
import SwiftDL

/// What is told of an estimate without filters and without the other sources, from energies alone.
///
/// With the samples s of the reference and ŝ of the estimate, all channels in one sum:
///
///     energy SDR = 10 log₁₀(Σ s² / Σ (s - ŝ)²)                              per window
///     nSDR       = 10 log₁₀((Σ s² + 1e-7) / (Σ (s - ŝ)² + 1e-7))            per track
///     SI-SDR     = 10 log₁₀(Σ (αs)² / Σ (αs - ŝ)²),  α = Σ s ŝ / Σ s²       per track
///     nSDRi, SI-SDRi = what the estimate is better by than the mixture      per track
///     L1         = 20 log₁₀(mean |s - ŝ| + 1e-6)                            per track
///     PES        = 10 log₁₀(Σ ŝ² + 1e-12)     per window in which the reference is silent
///     EPS        = 10 log₁₀(Σ s² + 1e-12)     per window in which the estimate is silent, the
///                                             reference is not
///
/// Silent means every sample is 0. Ratios cannot judge such windows and leave them out; PES and EPS are
/// their scores, and lower is better: the energy that should not have been there, and the energy that was
/// lost. -120 dB is nothing at all.
///
/// nSDR: Y. Mitsufuji et al., "Music Demixing Challenge 2021", Frontiers in Signal Processing 1, 2022.
/// SI-SDR: J. Le Roux et al., "SDR – half-baked or well done?", ICASSP 2019, equation 2.
/// PES and EPS: K. Schulze-Forster et al., "Weakly informed audio source separation", WASPAA 2019.
public struct EnergyScores: Sendable, Equatable {
  /// The plain ratio of energies in each window, in dB: NaN where the reference is silent, at most 100,
  /// which an estimate without error gets.
  ///
  /// Windows follow each other without overlap; what is left at the end is one too if it is at least half a
  /// window.
  public let energyRatios: [Double]
  /// The challenge's ratio over the whole track, in dB, which silence does not make undefined.
  public let challengeRatio: Double
  /// The ratio that does not mind a wrong volume, over the whole track, in dB: at most 100, NaN where
  /// reference or estimate is silent.
  public let scaleInvariantRatio: Double
  /// By how many dB `challengeRatio` is above the mixture's; nil where no mixture was given.
  public let challengeImprovement: Double?
  /// By how many dB `scaleInvariantRatio` is above the mixture's; nil where no mixture was given.
  public let scaleInvariantImprovement: Double?
  /// The mean absolute error in dB of full scale, at least -120; lower is better.
  public let absoluteError: Double
  /// PES, in dB: one value for each of BSS Eval's windows in which the reference is silent.
  public let predictedAtSilence: [Double]
  /// EPS, in dB: one value for each of BSS Eval's windows in which the estimate alone is silent.
  public let silenceAtSound: [Double]

  public init(
    energyRatios: [Double] = [], challengeRatio: Double = .nan, scaleInvariantRatio: Double = .nan,
    challengeImprovement: Double? = nil, scaleInvariantImprovement: Double? = nil, absoluteError: Double = .nan,
    predictedAtSilence: [Double] = [], silenceAtSound: [Double] = []
  ) {
    self.energyRatios = energyRatios
    self.challengeRatio = challengeRatio
    self.scaleInvariantRatio = scaleInvariantRatio
    self.challengeImprovement = challengeImprovement
    self.scaleInvariantImprovement = scaleInvariantImprovement
    self.absoluteError = absoluteError
    self.predictedAtSilence = predictedAtSilence
    self.silenceAtSound = silenceAtSound
  }

  /// The scores of a sound in memory.
  ///
  /// - Parameters:
  ///   - mixture: what the estimate was made from, for how much better than it the estimate is.
  ///   - window: length of a window in seconds; infinite is the whole track.
  ///   - hop: seconds from one of BSS Eval's windows to the next.
  public init(
    reference: AudioBuffer, estimate: AudioBuffer, mixture: AudioBuffer? = nil, window: Double = 1, hop: Double = 1
  ) {
    self =
      Self.scores(
        references: [BufferSource(reference)], estimates: [BufferSource(estimate)],
        mixture: mixture.map(BufferSource.init), window: window, hop: hop)[0]
  }

  /// The scores of sounds that are read once, side by side, from front to back.
  package static func scores<Source: FrameSource>(
    references: [Source], estimates: [Source], mixture: Source?, window: Double, hop: Double
  ) throws(Source.Failure) -> [EnergyScores] {
    guard let first = references.first else { return [] }
    let frames = first.frames
    let rate = first.sampleRate
    let judged = estimates + (mixture.map { [$0] } ?? [])
    for sound in references + judged {
      require(
        frames == sound.frames && first.channels == sound.channels,
        "EnergyScores: \(frames) frames of \(first.channels) channels beside \(sound.frames) of "
          + "\(sound.channels)")
    }
    let windows = TimeWindows(seconds: window, every: hop, frames: frames, sampleRate: rate).ranges
    let rows = Self.rows(
      TimeWindows(seconds: window, every: window, frames: frames, sampleRate: rate), frames)
    let sums = try EnergySums(references: references, estimates: estimates, cuts: windows + rows)
    let untouched = try mixture.map { mixture throws(Source.Failure) in
      try EnergySums(references: references, estimates: references.map { _ in mixture }, cuts: [])
    }
    return references.indices.map { index in
      EnergyScores(
        windows: windows.map { sums.over($0, of: index) }, rows: rows.map { sums.over($0, of: index) },
        whole: sums.over(0..<frames, of: index), mixture: untouched?.over(0..<frames, of: index),
        samples: frames * first.channels)
    }
  }

  private init(
    windows: [EnergySums.Sums], rows: [EnergySums.Sums], whole: EnergySums.Sums, mixture: EnergySums.Sums?, samples: Int
  ) {
    func decibels(_ energy: Double) -> Double { 10 * log10(energy + 1e-12) }
    self.init(
      energyRatios: rows.map(\.ratio),
      challengeRatio: whole.challengeRatio,
      scaleInvariantRatio: whole.scaleInvariantRatio,
      challengeImprovement: mixture.map { whole.challengeRatio - $0.challengeRatio },
      scaleInvariantImprovement: mixture.map { whole.scaleInvariantRatio - $0.scaleInvariantRatio },
      absoluteError: samples == 0 ? .nan : 20 * log10(whole.absoluteError / Double(samples) + 1e-6),
      predictedAtSilence: windows.filter { $0.reference == 0 }.map { decibels($0.estimate) },
      silenceAtSound: windows.filter { $0.estimate == 0 && $0.reference > 0 }.map { decibels($0.reference) })
  }

  /// Windows side by side, and what is left at the end if it is at least half of one.
  private static func rows(_ windows: TimeWindows, _ frames: Int) -> [Range<Int>] {
    guard let last = windows.ranges.last else { return [] }
    let left = last.upperBound..<frames
    return windows.ranges + (2 * left.count >= last.count ? [left] : [])
  }
}

/// Sums of products of references and estimates over stretches of time.
struct EnergySums {
  struct Sums {
    /// Σ s², Σ ŝ², Σ s ŝ, Σ (s - ŝ)², Σ |s - ŝ|.
    var reference = 0.0, estimate = 0.0, product = 0.0, error = 0.0, absoluteError = 0.0

    /// In dB; NaN where the reference is silent.
    var ratio: Double { reference == 0 ? .nan : Self.bounded(reference, error) }

    /// In dB, of silence too.
    var challengeRatio: Double { 10 * log10((reference + 1e-7) / (error + 1e-7)) }

    /// In dB; NaN where either is silent.
    var scaleInvariantRatio: Double {
      guard reference > 0 && estimate > 0 else { return .nan }
      let target = product * product / reference
      // What is left of the estimate when its share of the reference is taken away.
      return Self.bounded(target, max(0, estimate - target))
    }

    private static func bounded(_ signal: Double, _ error: Double) -> Double {
      min(BSSEval.decibels(signal, error), 100)
    }
  }

  private var starts: [Int] = []
  /// By stretch and source.
  private var sums: [[Sums]] = []

  /// Reads all sounds once; afterwards sums are known between any two of the cuts, and over the whole.
  init<Source: FrameSource>(
    references: [Source], estimates: [Source], cuts: [Range<Int>]
  ) throws(Source.Failure) {
    let frames = references.first?.frames ?? 0
    // Long stretches are read in blocks.
    let blocks = stride(from: 0, to: frames, by: 1 << 16)
    let places = Set(cuts.flatMap { [$0.lowerBound, $0.upperBound] } + blocks + [frames]).sorted()
    for (start, end) in zip(places, places.dropFirst()) {
      var stretch = [Sums](repeating: Sums(), count: references.count)
      for index in references.indices {
        // A source may hand out the same memory again: what is compared is copied.
        var samples: [Float] = []
        try references[index].withSamples(start..<end) { samples = Array($0) }
        try estimates[index].withSamples(start..<end) { estimate in
          samples.withUnsafeBufferPointer { stretch[index] = Self.sums($0, estimate) }
        }
      }
      starts.append(start)
      sums.append(stretch)
    }
  }

  /// The sums of a source over a range that begins and ends at cuts.
  func over(_ range: Range<Int>, of source: Int) -> Sums {
    var total = Sums()
    for (start, sum) in zip(starts, sums) where range.contains(start) {
      total.reference += sum[source].reference
      total.estimate += sum[source].estimate
      total.product += sum[source].product
      total.error += sum[source].error
      total.absoluteError += sum[source].absoluteError
    }
    return total
  }

  private static func sums(
    _ reference: UnsafeBufferPointer<Float>, _ estimate: UnsafeBufferPointer<Float>
  ) -> Sums {
    typealias Vector = SIMD8<Double>
    var total = (Vector.zero, Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    func add(_ s: Vector, _ e: Vector) {
      let error = s - e
      total.0 += s * s
      total.1 += e * e
      total.2 += s * e
      total.3 += error * error
      total.4 += error.replacing(with: -error, where: error .< 0)
    }
    let count = reference.count
    let whole = count / 8 * 8
    let s = UnsafeRawBufferPointer(reference)
    let e = UnsafeRawBufferPointer(estimate)
    for index in stride(from: 0, to: whole, by: 8) {
      add(
        Vector(s.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)),
        Vector(e.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)))
    }
    for index in whole..<count {
      var last = (Vector.zero, Vector.zero)
      last.0[0] = Double(reference[index])
      last.1[0] = Double(estimate[index])
      add(last.0, last.1)
    }
    return Sums(
      reference: total.0.sum(), estimate: total.1.sum(), product: total.2.sum(), error: total.3.sum(),
      absoluteError: total.4.sum())
  }
}
