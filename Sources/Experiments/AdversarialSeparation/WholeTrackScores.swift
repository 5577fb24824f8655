public import SwiftDL
import SwiftDLAudio
public import SwiftDLModels

/// How well a separator does on whole tracks, mono and at its own rate: SDR, SIR and SAR of `BSSEval.Mode.sources` over
/// each track at once, as the paper of adversarial separation has them.
///
/// A source that is silent throughout has no scores. Where parts of the references' spectra are empty, filters are
/// regularized, as in `swiftdl evaluate`.
public struct WholeTrackScores: Sendable, Equatable {
  /// The scores of one source of one track.
  public struct Score: Sendable, Equatable {
    public let track: String
    public let source: String
    public let sdr: Double
    public let sir: Double
    public let sar: Double

    public static let names = ["SDR", "SIR", "SAR"]

    /// The value under a name of `names`.
    public subscript(name: String) -> Double { name == "SDR" ? sdr : name == "SIR" ? sir : sar }
  }

  public let scores: [Score]

  public init(scores: [Score]) { self.scores = scores }

  /// Separates tracks and scores them.
  ///
  /// - Parameters:
  ///   - separator: nil for the mixture as the estimate of every source.
  ///   - progress: told tracks done; returning false stops, and nothing comes out.
  public init?(
    of separator: AdversarialSeparator?, on tracks: [Track], sources: [SourceGroup], sampleRate: Int, cache: PCMCache,
    progress: (Int) -> Bool = { _ in true }
  ) throws(FileError) {
    var scores: [Score] = []
    for (index, track) in tracks.enumerated() {
      let reader = try ExcerptReader(
        [track], groups: sources, sampleRate: sampleRate, channels: 1, cache: cache, mixture: .stored)
      let whole = ExcerptWindow(output: reader.trackFrames[0])
      let excerpt = reader.excerpt(ExcerptPlan(track: 0, start: 0, sources: reader.sourceCount), whole)
      var estimates = sources.map { _ in excerpt.mixture }
      if let separator {
        let stream = SeparationStream(separator, channels: 1, sampleRate: sampleRate, tileFrames: 1 << 16)
        estimates = stream.process(excerpt.mixture, isLast: true)
      }
      func sound(_ samples: [Float]) -> AudioBuffer { AudioBuffer(samples: samples, channels: 1, sampleRate: sampleRate) }
      let result = BSSEval.scores(
        references: excerpt.targets.map(sound), estimates: estimates.map(sound), window: .infinity, hop: .infinity,
        mode: .sources, regularization: nil)
      for (source, target) in zip(sources, result.targets) {
        guard let sdr = target.sdr.first, sdr.isFinite, let sir = target.sir.first, let sar = target.sar.first else {
          continue
        }
        scores.append(Score(track: track.name, source: source.name, sdr: sdr, sir: sir, sar: sar))
      }
      if !progress(index + 1) { return nil }
    }
    self.scores = scores
  }

  /// The mean over tracks of one source by one metric; nil where there is none.
  public func mean(_ metric: String, of source: String, on isWanted: (String) -> Bool) -> Double? {
    let values = scores.filter { $0.source == source && isWanted($0.track) }.map { $0[metric] }.filter(\.isFinite)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  // MARK: - In a run's folder

  public var json: JSONValue {
    .array(
      scores.map { score in
        let fields: JSONObject = [
          "track": score.track, "source": score.source, "sdr": score.sdr, "sir": score.sir, "sar": score.sar,
        ]
        return fields.json
      })
  }

  /// - Returns: nil for JSON that is something else.
  public init?(json: JSONValue) {
    guard let entries = json.array else { return nil }
    scores = entries.compactMap { entry in
      guard let fields = entry.object, let track = fields["track"]?.string, let source = fields["source"]?.string else {
        return nil
      }
      func value(_ name: String) -> Double { fields[name]?.number ?? .nan }
      return Score(track: track, source: source, sdr: value("sdr"), sir: value("sir"), sar: value("sar"))
    }
  }
}
