import Glibc
public import SwiftDL

/// How well sources were separated: BSS Eval version 4, image metrics.
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
/// whole track. Conventions are museval's (`bss_eval` without permutation, one filter for all
/// windows): each window is filtered by itself with its tail of 511 frames; windows that would run
/// past the end are left out, and a track shorter than a window is one window; a window in which
/// any reference or any estimate is silent is NaN for every target.
///
/// SDR does not depend on the filters. ISR, SIR and SAR do, and where the references leave a part of
/// the spectrum empty (lossy files, resampled sound, in floats without a noise floor) the filters
/// may be anything there, grow huge, and sound at the windows' edges: museval's values then change
/// by several dB with the last bit of its input, and so do these. `Scores.referenceFloor` tells, and a
/// `regularization` of 1e-9, as if the references had a noise floor 90 dB below their mean level,
/// cures it; the default of 0 is museval.
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
  /// The scores of all targets, in the order of the references.
  public struct Scores: Sendable {
    public let targets: [TargetScores]
    /// Length of a window and distance between windows, in seconds.
    public let window: Double
    public let hop: Double
    /// How empty the emptiest part of the references' spectra is, in dB relative to their mean level.
    ///
    /// The smallest eigenvalue of their correlation matrix over its mean diagonal. Below about -130
    /// ISR, SIR and SAR are made of rounding errors. 0 where nothing was scored.
    public let referenceFloor: Double

    /// How many windows were scored.
    public var windows: Int { targets.first?.sdr.count ?? 0 }
  }

  /// The scores of one target, one value per window, in dB: NaN where undefined, infinite where
  /// there is no error at all.
  public struct TargetScores: Sendable {
    public internal(set) var sdr: [Double]
    public internal(set) var isr: [Double]
    public internal(set) var sir: [Double]
    public internal(set) var sar: [Double]
  }

  /// Scores estimates that are in memory, `estimates[i]` against `references[i]`.
  ///
  /// All buffers must have the same number of frames, channels and frames per second.
  public static func scores(
    references: [AudioBuffer], estimates: [AudioBuffer], window: Double = 1, hop: Double = 1,
    regularization: Double = 0
  ) -> Scores {
    precondition(
      references.count == estimates.count,
      "BSSEval: \(references.count) references, \(estimates.count) estimates")
    for buffer in references + estimates {
      precondition(
        buffer.frames == references[0].frames && buffer.channels == references[0].channels
          && buffer.sampleRate == references[0].sampleRate,
        "BSSEval: \(buffer.frames) frames of \(buffer.channels) channels at \(buffer.sampleRate) Hz"
          + " beside \(references[0].frames) of \(references[0].channels) at "
          + "\(references[0].sampleRate)")
    }
    return scores(
      references: references.map(BufferSource.init), estimates: estimates.map(BufferSource.init),
      window: window, hop: hop, regularization: regularization)
  }

  /// Scores files of any length, which are read twice, block by block, and never held whole.
  public static func scores(
    referencePaths: [String], estimatePaths: [String], window: Double = 1, hop: Double = 1,
    regularization: Double = 0
  ) throws(FileError) -> Scores {
    precondition(
      referencePaths.count == estimatePaths.count,
      "BSSEval: \(referencePaths.count) references, \(estimatePaths.count) estimates")
    var sources: [FileSource] = []
    for path in referencePaths + estimatePaths {
      let source = try FileSource(path)
      let first = sources.first ?? source
      guard
        source.frames == first.frames && source.channels == first.channels
          && source.sampleRate == first.sampleRate
      else {
        throw FileError(
          path,
          "holds \(source.frames) frames of \(source.channels) channels at \(source.sampleRate) Hz,"
            + " but \(referencePaths[0]) \(first.frames) of \(first.channels) at "
            + "\(first.sampleRate)",
          hint: "sounds to compare must have the same length, channels and rate")
      }
      sources.append(source)
    }
    return try scores(
      references: Array(sources.prefix(referencePaths.count)),
      estimates: Array(sources.dropFirst(referencePaths.count)), window: window, hop: hop,
      regularization: regularization)
  }

  static func scores<Source: FrameSource>(
    references: [Source], estimates: [Source], window: Double, hop: Double, regularization: Double
  ) throws(Source.Failure) -> Scores {
    precondition(
      window > 0 && hop > 0, "BSSEval: window \(window) s, hop \(hop) s; both must be positive")
    precondition(
      regularization >= 0, "BSSEval: regularization \(regularization); 0 or more is needed")
    let empty = TargetScores(sdr: [], isr: [], sir: [], sar: [])
    var targets = [TargetScores](repeating: empty, count: references.count)
    guard let first = references.first, first.frames > 0 else {
      return Scores(targets: targets, window: window, hop: hop, referenceFloor: 0)
    }
    let windowFrames = max(1, Int((window * Double(first.sampleRate)).rounded(.down)))
    let hopFrames = max(1, Int((hop * Double(first.sampleRate)).rounded(.down)))
    let windows =
      windowFrames < first.frames ? (first.frames - windowFrames + hopFrames) / hopFrames : 1

    let correlations = try Correlations(references: references, estimates: estimates)
    if correlations.anySilent {
      let undefined = [Double](repeating: .nan, count: windows)
      let target = TargetScores(sdr: undefined, isr: undefined, sir: undefined, sar: undefined)
      targets = [TargetScores](repeating: target, count: references.count)
      return Scores(targets: targets, window: window, hop: hop, referenceFloor: 0)
    }
    let filters = DistortionFilters(correlations, regularization: regularization)
    var scorer = WindowScorer(filters)
    for window in 0..<windows {
      let start = window * hopFrames
      scorer.plan(start..<min(start + windowFrames, first.frames))
    }
    for energies in try scorer.energies(references: references, estimates: estimates) {
      for (index, energy) in energies.enumerated() {
        targets[index].sdr.append(decibels(energy.source, energy.distortion))
        targets[index].isr.append(decibels(energy.source, energy.spatial))
        targets[index].sir.append(decibels(energy.own, energy.interference))
        targets[index].sar.append(decibels(energy.all, energy.artifacts))
      }
    }
    return Scores(
      targets: targets, window: window, hop: hop, referenceFloor: filters.referenceFloor)
  }

  /// 10 log₁₀ of a ratio of energies; infinite where there is no error, NaN passes through.
  static func decibels(_ signal: Double, _ error: Double) -> Double {
    error == 0 ? .infinity : 10 * log10(signal / error)
  }
}
