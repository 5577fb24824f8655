public import SwiftDL
public import SwiftDLAudio

/// Scores separated tracks against their references (`swiftdl evaluate`).
///
/// References lie in `DIR/TRACK/STEM.ext` or `DIR/test/TRACK/STEM.ext`, estimates in
/// `DIR/TRACK/STEM.ext` or one level further down (`DIR/MODEL/TRACK`, `DIR/test/TRACK`). Files are
/// read while they are measured, and memory is that of `BSSEval` for any length of a track.
public struct SeparationEvaluation: Sendable {
  /// Estimates that need no model: a floor and a ceiling for any score.
  public enum Baseline: String, CaseIterable, Sendable {
    /// The mixture as the estimate of every source.
    case mixture
    /// The ideal ratio mask, which knows the references: `MaskedMixture.Mask.ratio`.
    case irm
    /// The ideal binary mask: `MaskedMixture.Mask.binary`.
    case ibm
  }

  /// The scores of a method on all tracks.
  public struct Method: Sendable, Equatable {
    public let name: String
    public let tracks: [TrackScores]

    public init(name: String, tracks: [TrackScores]) {
      self.name = name
      self.tracks = tracks
    }
  }

  public let references: String
  public let estimates: String?
  /// The sources to score together; nil chooses as museval does: all stems with an estimate
  /// together, and `vocals` with `accompaniment` on their own if both were estimated.
  public var targets: [SourceGroup]?
  /// Scored beside the estimates.
  public var baselines: [Baseline]
  /// Length of a window and distance between windows, in seconds; infinite is the whole track.
  public var window = 1.0
  public var hop = 1.0
  public var mode = BSSEval.Mode.v4
  /// Passed to `BSSEval`: 0 is museval. Nil is 0 too, unless parts of the references' spectra are
  /// empty (sound from lossy files, or resampled), where museval's ISR, SIR and SAR are rounding
  /// errors: then it is 1e-9, and a warning says so. SDR is the same either way.
  public var regularization: Double?

  public init(
    references: String, estimates: String?, targets: [SourceGroup]? = nil,
    baselines: [Baseline] = []
  ) {
    self.references = references
    self.estimates = estimates
    self.targets = targets
    self.baselines = baselines
  }

  /// The name of the estimates' method: their folder's.
  public var methodName: String {
    estimates?.split(separator: "/").last.map(String.init) ?? "estimates"
  }

  /// Scores all tracks.
  ///
  /// - Parameters:
  ///   - warn: told what was left out or made to fit, one line each.
  ///   - finished: told the scores of a track by a method as soon as they are known.
  /// - Throws: `FileError` for missing folders, references that do not line up, estimates at
  ///   another rate or with other channels, and if no track has an estimate.
  public func run(
    warn: (String) -> Void = { _ in },
    finished: (_ method: String, TrackScores) throws(FileError) -> Void = { _, _ in }
  ) throws(FileError) -> [Method] {
    let referenceFolders = try EvaluationFolders.tracks(in: references, preferred: "test")
    var estimateFolders: [String: String] = [:]
    if let estimates {
      for entry in try EvaluationFolders.tracks(in: estimates, preferred: "test") {
        estimateFolders[entry.name] = entry.folder
      }
    }
    var scores: [String: [TrackScores]] = [:]
    for (name, folder) in referenceFolders {
      var files: [String: String] = [:]
      if estimates != nil {
        guard let estimateFolder = estimateFolders.removeValue(forKey: name) else {
          warn("\(name): no estimates, left out")
          continue
        }
        files = try TrackFolder.audioFiles(in: estimateFolder)
      }
      for (method, result) in try scoreTrack(name, in: folder, estimates: files, warn: warn) {
        scores[method, default: []].append(result)
        try finished(method, result)
      }
    }
    for name in estimateFolders.keys.sorted() { warn("\(name): no references, left out") }
    guard !scores.isEmpty else {
      throw FileError(
        estimates ?? references, "none of its tracks could be scored",
        hint: "track folders must have the same names in references and estimates")
    }
    let order = (estimates == nil ? [] : [methodName]) + baselines.map(\.rawValue)
    return order.compactMap { name in scores[name].map { Method(name: name, tracks: $0) } }
  }

  /// The scores of one track by all methods.
  private func scoreTrack(
    _ name: String, in folder: String, estimates files: [String: String], warn: (String) -> Void
  ) throws(FileError) -> [(String, TrackScores)] {
    let song = CorpusLayout.song(name, folder, try TrackFolder.audioFiles(in: folder))
    let stems = TrackFolder.stemNames(of: song.stems.keys)
    let header = try TrackFolder.track(song, stems: stems)
    let track = EvaluationTrack(track: header, estimates: files)
    let passes = passes(stems: stems, files: files)
    var results: [(String, TrackScores)] = []
    if estimates != nil {
      if passes.isEmpty {
        warn("\(name): no estimate of \(stems.joined(separator: ", ")), left out")
        return []
      }
      let scored = Set(passes.flatMap { $0.groups.flatMap(\.stems) })
      let missing = stems.filter { !scored.contains($0) }
      if !missing.isEmpty {
        warn(
          "\(name): no estimate of \(missing.joined(separator: ", ")); "
            + "their interference is counted as artifacts")
      }
      let targets = try score(track, passes, warn) { pass, _ throws(FileError) in
        var streams: [FrameStream] = []
        for group in pass.groups { streams.append(try track.estimate(group, warn: warn)) }
        return streams
      }
      results.append((methodName, trackScores(track, targets)))
    }
    for baseline in baselines {
      // What is wrong with the references is said once.
      let isFirst = estimates == nil && baseline == baselines.first
      let targets = try score(track, passes, { if isFirst { warn($0) } }) {
        pass, references throws(FileError) in
        let mixture = try track.mixture()
        guard let mask = baseline.mask else { return references.map { _ in mixture } }
        return MaskedMixture(
          mixture, mask: mask, sources: references, others: try track.others(than: pass)
        ).estimates
      }
      results.append((baseline.rawValue, trackScores(track, targets)))
    }
    return results
  }

  private func passes(stems: [String], files: [String: String]) -> [EvaluationPass] {
    if let targets { return [EvaluationPass(groups: targets, kept: targets.map(\.name))] }
    return EvaluationPass.passes(
      stems: stems, estimates: estimates == nil ? stems : files.keys.sorted())
  }

  private func trackScores(_ track: EvaluationTrack, _ targets: [TargetScores]) -> TrackScores {
    // Files tell the length of the window that was there.
    let seconds = track.track.seconds
    return TrackScores(
      track: track.track.name, window: window.isFinite ? window : seconds,
      hop: hop.isFinite ? hop : seconds, targets: targets)
  }

  /// - Parameter estimates: of the sources of a pass, given streams of their references.
  private func score(
    _ track: EvaluationTrack, _ passes: [EvaluationPass], _ warn: (String) -> Void,
    estimates: (EvaluationPass, [FrameStream]) throws(FileError) -> [FrameStream]
  ) throws(FileError) -> [TargetScores] {
    var targets: [TargetScores] = []
    for pass in passes {
      func opened() throws(FileError) -> [FrameStream] {
        var streams: [FrameStream] = []
        for group in pass.groups { streams.append(try track.reference(group)) }
        return streams
      }
      let references = try opened()
      // Masks read references of their own: at other places, and at other times.
      let estimates = try estimates(pass, try opened())
      let scores = try BSSEval.scores(
        references: references, estimates: estimates, window: window, hop: hop, mode: mode,
        regularization: regularization)
      let energies = try EnergyScores.scores(
        references: references, estimates: estimates, mixture: try track.mixture(), window: window, hop: hop)
      if scores.isRegularized {
        warn(
          "\(track.track.name): parts of the references' spectra are empty (lossy or resampled "
            + "sound); ISR, SIR and SAR are computed with a regularization of 1e-9")
      }
      for (index, group) in pass.groups.enumerated() where pass.kept.contains(group.name) {
        let target = scores.targets[index]
        let windows = target.sdr.indices.map {
          SeparationMetrics(
            sdr: target.sdr[$0], isr: target.isr[$0], sir: target.sir[$0], sar: target.sar[$0])
        }
        targets.append(TargetScores(name: group.name, windows: windows, energies: energies[index]))
      }
    }
    return targets
  }
}

extension SeparationEvaluation.Baseline {
  var mask: MaskedMixture.Mask? {
    switch self {
    case .mixture: nil
    case .irm: .ratio
    case .ibm: .binary
    }
  }
}
