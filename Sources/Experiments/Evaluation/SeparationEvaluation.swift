public import SwiftDL
import SwiftDLAudio

/// Scores separated tracks against their references (`swiftdl evaluate`).
///
/// References lie in `DIR/TRACK/STEM.ext` or `DIR/test/TRACK/STEM.ext`, estimates in
/// `DIR/TRACK/STEM.ext` or one level further down (`DIR/MODEL/TRACK`, `DIR/test/TRACK`). One track
/// is in memory at a time: with K sources of N frames in C channels at most (3K + 1)·N·C·4 bytes of
/// sound (a stereo minute of four sources at 44,100 Hz: 275 MB) and what `BSSEval` needs.
public struct SeparationEvaluation: Sendable {
  /// Estimates that need no model: a floor and a ceiling for any score.
  public enum Baseline: String, CaseIterable, Sendable {
    /// The mixture as the estimate of every source.
    case mixture
  }

  /// The scores of a method on all tracks.
  public struct Method: Sendable, Equatable {
    public let name: String
    public let tracks: [TrackScores]
  }

  public let references: String
  public let estimates: String?
  /// The sources to score together; nil chooses as museval does: all stems with an estimate
  /// together, and `vocals` with `accompaniment` on their own if both were estimated.
  public var targets: [SourceGroup]?
  /// Scored beside the estimates.
  public var baselines: [Baseline]
  /// Length of a window and distance between windows, in seconds.
  public var window = 1.0
  public var hop = 1.0

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
    let references = try TrackFolder.audioFiles(in: folder)
    let stems = TrackFolder.stemNames(of: references)
    let header = try TrackFolder.track(named: name, in: folder, files: references, stems: stems)
    let track = try EvaluationTrack(header, estimates: files)
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
      let targets = try score(track, passes) { group throws(FileError) in
        try track.estimate(group, warn: warn)
      }
      results.append((methodName, trackScores(name, targets)))
    }
    for baseline in baselines {
      let mixture = try track.mixture()
      let targets: [TargetScores]
      switch baseline {
      case .mixture:
        targets = try score(track, passes) { _ in mixture }
      }
      results.append((baseline.rawValue, trackScores(name, targets)))
    }
    return results
  }

  private func passes(stems: [String], files: [String: String]) -> [EvaluationPass] {
    if let targets { return [EvaluationPass(groups: targets, kept: targets.map(\.name))] }
    return EvaluationPass.passes(
      stems: stems, estimates: estimates == nil ? stems : files.keys.sorted())
  }

  private func trackScores(_ name: String, _ targets: [TargetScores]) -> TrackScores {
    TrackScores(track: name, window: window, hop: hop, targets: targets)
  }

  private func score(
    _ track: EvaluationTrack, _ passes: [EvaluationPass],
    estimate: (SourceGroup) throws(FileError) -> AudioBuffer
  ) throws(FileError) -> [TargetScores] {
    var targets: [TargetScores] = []
    for pass in passes {
      var references: [AudioBuffer] = []
      var estimates: [AudioBuffer] = []
      for group in pass.groups {
        references.append(try track.reference(group))
        estimates.append(try estimate(group))
      }
      let scores = BSSEval.scores(
        references: references, estimates: estimates, window: window, hop: hop)
      for (index, group) in pass.groups.enumerated() where pass.kept.contains(group.name) {
        let target = scores.targets[index]
        let windows = target.sdr.indices.map {
          SeparationMetrics(
            sdr: target.sdr[$0], isr: target.isr[$0], sir: target.sir[$0], sar: target.sar[$0])
        }
        targets.append(
          TargetScores(
            name: group.name, windows: windows,
            wholeTrackSDR: Decibels.signalToDistortion(
              references[index].samples, estimates[index].samples)))
      }
    }
    return targets
  }
}
