import Glibc
public import SwiftDL

/// How well sources were separated: BSS Eval, version 4 unless another `Mode` is chosen.
///
/// An estimate is split into the true source, what delaying and filtering the source's own channels
/// explains, what filtering all sources explains, and the rest:
///
///     estimate = source + spatial distortion + interference + artifacts
///
///     SDR = |source|² / |estimate - source|²        ISR = |source|² / |spatial distortion|²
///     SIR = |source + spatial distortion|² / |interference|²
///     SAR = |source + spatial distortion + interference|² / |artifacts|²
///
/// all in dB, per window of time. The filters have 512 taps and are the least-squares best over the
/// whole track. Conventions are museval's (`bss_eval` without permutation): each window is filtered by itself with its tail of 511 frames; windows that would run
/// past the end are left out, and a track shorter than a window is one window; a window in which
/// any reference or any estimate is silent is NaN for every target. An infinite window is the whole
/// track.
///
/// SDR does not depend on the filters. ISR, SIR and SAR do, and where the references leave a part of
/// the spectrum empty (lossy files, resampled sound, in floats without a noise floor) the filters
/// may be anything there, grow huge, and sound at the windows' edges: museval's values then change
/// by several dB with the last bit of its input, and so do these. `Scores.referenceFloor` tells, and a
/// `regularization` of 1e-9, as if the references had a noise floor 90 dB below their mean level,
/// cures it; the default of 0 is museval, and nil regularizes where it is needed.
///
/// Memory does not depend on the length of the track (beyond the buffers given): for `n` sources of
/// `c` channels (512 n c)² · 4 bytes for the equations and about 4 MB · n c for blocks in flight;
/// measured for files of 4 stereo sources, 97 MB. The result has the same bits for any number of
/// threads.
///
/// E. Vincent, R. Gribonval, C. Févotte, "Performance measurement in blind audio source separation",
/// IEEE TASLP 14(4), 2006; F.-R. Stöter, A. Liutkus, N. Ito, "The 2018 Signal Separation Evaluation
/// Campaign", LVA/ICA 2018.
public enum BSSEval {
  /// Over what the filters are fitted, and what counts as distortion.
  public enum Mode: String, CaseIterable, Sendable {
    /// One set of filters for the whole track, image metrics: museval's default.
    case v4
    /// New filters for every window, image metrics: museval's `v3`; with an infinite window
    /// `bss_eval_images` of mir_eval.
    case v3
    /// New filters for every window, and the target filtered is as good as the target:
    ///
    ///     SDR = |source + spatial distortion|² / |interference + artifacts|²
    ///
    /// ISR is NaN; SIR and SAR are those of `v3`. With an infinite window `bss_eval_sources` of
    /// mir_eval, without permutation (E. Vincent et al., "The Signal Separation Evaluation Campaign
    /// (2007-2010)", Signal Processing 92, 2012).
    case sources
  }

  /// The scores of all targets, in the order of the references.
  public struct Scores: Sendable {
    public internal(set) var targets: [TargetScores]
    /// Length of a window and distance between windows, in seconds.
    public let window: Double
    public let hop: Double
    /// How empty the emptiest part of the references' spectra is, in dB relative to their mean level.
    ///
    /// The smallest eigenvalue of their correlation matrix over its mean diagonal, ridge included; the
    /// smallest of all windows where each has filters of its own. Below about -130 ISR, SIR and SAR are
    /// made of rounding errors. 0 where nothing was scored.
    public internal(set) var referenceFloor = 0.0
    /// Whether the filters were regularized because `referenceFloor` asked for it.
    public internal(set) var isRegularized = false

    /// How many windows were scored.
    public var windows: Int { targets.first?.sdr.count ?? 0 }
  }

  /// The scores of one target, one value per window, in dB: NaN where undefined, infinite where
  /// there is no error at all.
  public struct TargetScores: Sendable {
    public internal(set) var sdr: [Double] = []
    public internal(set) var isr: [Double] = []
    public internal(set) var sir: [Double] = []
    public internal(set) var sar: [Double] = []
  }

  /// Where a regularization is nil, references emptier than this, in dB, get `cure`.
  static let emptiest = -130.0
  static let cure = 1e-9

  /// Scores estimates that are in memory, `estimates[i]` against `references[i]`.
  ///
  /// All buffers must have the same number of frames, channels and frames per second.
  public static func scores(
    references: [AudioBuffer], estimates: [AudioBuffer], window: Double = 1, hop: Double = 1,
    mode: Mode = .v4, regularization: Double? = 0
  ) -> Scores {
    scores(
      references: references.map(BufferSource.init), estimates: estimates.map(BufferSource.init),
      window: window, hop: hop, mode: mode, regularization: regularization)
  }

  /// Scores files of any length, which are read twice, block by block, and never held whole.
  public static func scores(
    referencePaths: [String], estimatePaths: [String], window: Double = 1, hop: Double = 1,
    mode: Mode = .v4, regularization: Double? = 0
  ) throws(FileError) -> Scores {
    var streams: [FrameStream] = []
    for path in referencePaths + estimatePaths {
      let stream = try FrameStream(path)
      let first = streams.first ?? stream
      guard
        stream.frames == first.frames && stream.channels == first.channels
          && stream.sampleRate == first.sampleRate
      else {
        throw FileError(
          path,
          "holds \(stream.frames) frames of \(stream.channels) channels at \(stream.sampleRate) Hz,"
            + " but \(referencePaths[0]) \(first.frames) of \(first.channels) at "
            + "\(first.sampleRate)",
          hint: "sounds to compare must have the same length, channels and rate")
      }
      streams.append(stream)
    }
    return try scores(
      references: Array(streams.prefix(referencePaths.count)),
      estimates: Array(streams.dropFirst(referencePaths.count)), window: window, hop: hop, mode: mode,
      regularization: regularization)
  }

  /// Scores sounds wherever they are; each is read twice from front to back, block by block.
  package static func scores<Source: FrameSource>(
    references: [Source], estimates: [Source], window: Double, hop: Double, mode: Mode,
    regularization: Double?
  ) throws(Source.Failure) -> Scores {
    require(
      references.count == estimates.count,
      "BSSEval: \(references.count) references, \(estimates.count) estimates")
    require(
      regularization ?? 0 >= 0, "BSSEval: regularization \(regularization ?? 0); 0 or more is needed")
    var scores = Scores(
      targets: [TargetScores](repeating: TargetScores(), count: references.count), window: window,
      hop: hop)
    guard let first = references.first, first.frames > 0 else { return scores }
    for sound in references + estimates {
      require(
        sound.frames == first.frames && sound.channels == first.channels
          && sound.sampleRate == first.sampleRate,
        "BSSEval: \(sound.frames) frames of \(sound.channels) channels at \(sound.sampleRate) Hz"
          + " beside \(first.frames) of \(first.channels) at \(first.sampleRate)")
    }
    let windows = TimeWindows(
      seconds: window, every: hop, frames: first.frames, sampleRate: first.sampleRate
    ).ranges
    let fits =
      mode == .v4
      ? [(over: 0..<first.frames, windows: windows)] : windows.map { (over: $0, windows: [$0]) }
    for fit in fits {
      let correlations = try Correlations(
        references: references, estimates: estimates, over: fit.over)
      if correlations.anySilent {
        for _ in fit.windows { scores.append(nil, mode) }
        continue
      }
      var filters = DistortionFilters(correlations, regularization: regularization ?? 0)
      scores.referenceFloor = min(scores.referenceFloor, filters.referenceFloor)
      if regularization == nil && filters.referenceFloor < emptiest {
        filters = DistortionFilters(correlations, regularization: cure)
        scores.isRegularized = true
      }
      let scorer = WindowScorer(filters, windows: fit.windows)
      for energies in try scorer.energies(references: references, estimates: estimates) {
        scores.append(energies, mode)
      }
    }
    return scores
  }

  /// 10 log₁₀ of a ratio of energies; infinite where there is no error, NaN passes through.
  static func decibels(_ signal: Double, _ error: Double) -> Double {
    error == 0 ? .infinity : 10 * log10(signal / error)
  }
}

extension BSSEval.Scores {
  /// One more window; nil where everything is undefined.
  fileprivate mutating func append(_ energies: [WindowEnergies]?, _ mode: BSSEval.Mode) {
    for index in targets.indices {
      let energy = energies?[index] ?? .undefined
      switch mode {
      case .v4, .v3:
        targets[index].sdr.append(BSSEval.decibels(energy.source, energy.distortion))
        targets[index].isr.append(BSSEval.decibels(energy.source, energy.spatial))
      case .sources:
        targets[index].sdr.append(BSSEval.decibels(energy.own, energy.unexplained))
        targets[index].isr.append(.nan)
      }
      targets[index].sir.append(BSSEval.decibels(energy.own, energy.interference))
      targets[index].sar.append(BSSEval.decibels(energy.all, energy.artifacts))
    }
  }
}
