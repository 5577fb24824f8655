import Glibc
public import SwiftDL

/// Joint training beside each task alone, seed by seed and in the mean, beside the thesis' figures.
public struct JointTable: Sendable {
  /// One model. Figures that it has none of are nil; the chances are those of a difference as large between the joint model
  /// and the single one of the same seed by accident.
  public struct Row: Sendable {
    public let name: String
    public var area: Double?
    public var areaChance: Double?
    public var error: Double?
    public var errorChance: Double?
    public var silentRMS: Double?
    public var silentChance: Double?
    public var voiceSDR: Double?
    public var voiceChance: Double?
    public var musicSDR: Double?
    public var musicChance: Double?

    static let heads = [
      "model", "AU-ROC", "p", "MSE", "p", "non-vocal RMS", "p", "voice SDR", "p", "music SDR", "p",
    ]
    var cells: [String] {
      let numbers: [(Double?, Int)] = [
        (area, 4), (areaChance, 3), (error, 5), (errorChance, 3), (silentRMS, 4), (silentChance, 3), (voiceSDR, 2),
        (voiceChance, 3), (musicSDR, 2), (musicChance, 3),
      ]
      return [name]
        + numbers.enumerated().map { index, number in
          guard let value = number.0 else { return "–" }
          return index % 2 == 1 && value < 0.001 ? "<0.001" : value.text(decimals: number.1)
        }
    }

    var json: JSONObject {
      [
        "model": name, "auroc": area, "auroc_p": areaChance, "mse": error, "mse_p": errorChance,
        "nonvocal_rms": silentRMS, "nonvocal_rms_p": silentChance, "voice_sdr": voiceSDR, "voice_sdr_p": voiceChance,
        "music_sdr": musicSDR, "music_sdr_p": musicChance,
      ]
    }
  }

  /// Stoller's thesis, chapter on multi-task learning, and LVA/ICA 2018, table 1: DSD100 and Jamendo.
  static let published = [
    Row(name: "thesis, detection", area: 0.9239),
    Row(name: "thesis, separation", error: 0.01865, silentRMS: 0.0194, voiceSDR: 2.83, musicSDR: 6.71),
    Row(name: "thesis, joint", area: 0.9250, error: 0.01755, silentRMS: 0.0155, voiceSDR: 2.86, musicSDR: 6.69),
  ]

  public let rows: [Row]
  /// What the numbers are made of.
  public let facts: JSONObject

  init(_ runs: [JointReproduction.Judged], truth: [Bool]) {
    var rows: [Row] = []
    for run in runs {
      let scores = run.scores
      var row = Row(name: "seed \(run.seed), \(run.objective.rawValue)")
      row.area = scores.singing.isEmpty ? nil : RankedArea(scores: scores.singing, isPositive: truth)?.value
      row.error = JointScores.mean(scores.errors)
      row.silentRMS = JointScores.mean(scores.silentRMS)
      row.voiceSDR = JointScores.median(scores.voiceSDR)
      row.musicSDR = JointScores.median(scores.musicSDR)
      if run.objective == .joint {
        func other(_ objective: JointObjective) -> JointScores? {
          runs.first { $0.seed == run.seed && $0.objective == objective }?.scores
        }
        row.areaChance = other(.detection).flatMap {
          DeLongTest(scores.singing, $0.singing, isPositive: truth)?.probability
        }
        if let other = other(.separation) {
          row.errorChance = Self.chance(scores.errors, other.errors)
          row.silentChance = Self.chance(scores.silentRMS, other.silentRMS)
          row.voiceChance = Self.chance(scores.voiceSDR, other.voiceSDR)
          row.musicChance = Self.chance(scores.musicSDR, other.musicSDR)
        }
      }
      rows.append(row)
    }
    for objective in JointObjective.allCases {
      let own = zip(runs, rows).filter { $0.0.objective == objective }.map(\.1)
      guard own.count > 1 else { continue }
      func mean(_ figure: (Row) -> Double?) -> Double? { JointScores.mean(own.compactMap(figure)) }
      var row = Row(
        name: "mean of \(own.count), \(objective.rawValue)", area: mean(\.area), error: mean(\.error),
        silentRMS: mean(\.silentRMS), voiceSDR: mean(\.voiceSDR), musicSDR: mean(\.musicSDR))
      if objective == .joint { Self.addChancesByTrack(to: &row, runs, truth) }
      rows.append(row)
    }
    self.rows = rows
    let first = runs.first
    let judged = runs.first { $0.objective == .joint }?.scores
    var facts: JSONObject = [
      "seeds": Set(runs.map(\.seed)).count, "steps": first?.record.summary?["step"]?.integer, "frames": truth.count,
      "sung_frames": truth.count { $0 },
      "recordings": judged?.recordings.count, "songs": judged?.songs.count,
      "error_windows": judged?.errors.count, "silent_stretches": judged?.silentRMS.count,
      "sdr_windows": judged?.voiceSDR.count,
      "train_seconds": runs.map { $0.record.summary?["train_seconds"]?.number ?? 0 }.reduce(0, +),
      "batch_size": first?.record.setting("batchSize").flatMap { Int($0) },
    ]
    if let first { facts = facts.merging(first.record.travellingFacts) }
    self.facts = facts
  }

  /// Wilcoxon's, of the pairs both of which are defined.
  private static func chance(_ first: [Double?], _ second: [Double?]) -> Double? {
    let pairs = zip(first, second).compactMap { a, b in a.flatMap { a in b.map { (a, $0) } } }
    return pairs.isEmpty ? nil : SignedRankTest(pairs.map(\.0), pairs.map(\.1)).probability
  }

  /// What a track says is the mean of its differences over seeds: tracks are what is independent, neither their frames and
  /// windows nor models judged on the same track.
  private static func addChancesByTrack(
    to row: inout Row, _ runs: [JointReproduction.Judged], _ truth: [Bool]
  ) {
    func chance(_ objective: JointObjective, _ figures: (JointScores) -> [Double?]) -> Double? {
      let seeds = runs.filter { $0.objective == .joint }.compactMap { joint in
        runs.first { $0.seed == joint.seed && $0.objective == objective }.map { (figures(joint.scores), figures($0.scores)) }
      }
      return chanceByTrack(seeds)
    }
    row.areaChance = chance(.detection) { $0.areas(truth) }
    row.errorChance = chance(.separation, \.errorsOfSongs)
    row.silentChance = chance(.separation, \.silentRMSOfSongs)
    row.voiceChance = chance(.separation, \.voiceSDROfSongs)
    row.musicChance = chance(.separation, \.musicSDROfSongs)
  }

  /// Wilcoxon's test over tracks.
  ///
  /// - Parameter seeds: of each seed the figures of two models, track by track.
  package static func chanceByTrack(_ seeds: [(first: [Double?], second: [Double?])]) -> Double? {
    let tracks = seeds.map { min($0.first.count, $0.second.count) }.min() ?? 0
    let differences = (0..<tracks).compactMap { track in
      JointScores.mean(
        seeds.compactMap { seed in
          seed.first[track].flatMap { first in seed.second[track].map { first - $0 } }
        })
    }
    if differences.isEmpty { return nil }
    return SignedRankTest(differences, differences.map { _ in 0 }).probability
  }

  private var table: TextTable { TextTable(heads: Row.heads, rows: (rows + Self.published).map(\.cells)) }

  /// The table in columns.
  public var text: String { table.text }

  /// What so few tracks can show at the most.
  private var leastChances: String {
    guard let recordings = facts["recordings"]?.integer, let songs = facts["songs"]?.integer else { return "" }
    func least(_ tracks: Int) -> String { exp2(1 - Double(tracks)).text(decimals: 3) }
    return "So few can give no p below \(least(recordings)) and \(least(songs)), however clear a difference is."
  }

  /// The table as a Markdown page.
  public var markdown: String {
    func fact(_ name: String) -> String { facts[name]?.integer.map { "\($0)" } ?? "–" }
    let minutes = ((facts["train_seconds"]?.number ?? 0) / 60).text(decimals: 0)
    return """
      # Finding and separating singing, jointly and apart

      One network for both tasks against one for each, from the same seeds and batches, `swiftdl reproduce detect-separate`:
      seeds: \(fact("seeds")); \(fact("steps")) steps with \(fact("batch_size")) windows of each task, \(minutes) minutes of
      steps in all. The data are a stand-in for songs, `swiftdl data prepare voice`; the thesis' figures are of DSD100 and
      Jamendo, and of far longer training: only the direction of differences can be set beside ours.

      AU-ROC is over \(fact("frames")) frames of the detection set's test part, \(fact("sung_frames")) of them sung, p from
      DeLong's test, which takes frames to be independent, though neighbours are not: it finds differences too easily. MSE is
      that of ln(1 + magnitude) over \(fact("error_windows")) windows, SDR the median of BSS Eval v4 over
      \(fact("sdr_windows")) windows of 30 s every 15 s, non-vocal RMS the mean over \(fact("silent_stretches")) stretches of
      half a second or more without voice; p from Wilcoxon's signed-rank test on pairs of windows, which are taken to be
      independent too. A p is of the joint model against the single one of its seed. Each joint run gives two models, best on
      the validation parts by AU-ROC and by MSE.

      A p beside a mean is the one to believe: Wilcoxon's over whole recordings (\(fact("recordings"))) or songs
      (\(fact("songs"))), each with its difference averaged over seeds. \(leastChances)

      """ + "\n" + table.markdown
  }

  /// Writes the figures as JSON, replacing the file.
  public func write(to path: String) throws(FileError) {
    let object: JSONObject = [
      "paper": "Jointly detecting and separating singing voice, LVA/ICA 2018", "facts": facts,
      "results": (rows + Self.published).map(\.json),
    ]
    try AtomicFile.write(object.json.written(indentation: 2) + "\n", to: path)
  }
}
