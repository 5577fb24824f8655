import SwiftDL
import SwiftDLModels

/// Repeats the paper's experiment with what packages hold: base, V and VA on few recorded songs with stems, and on pools of
/// rendered songs, judged on songs of both kinds that nobody has heard.
///
/// Every run has a folder `RUNS/VARIANT/seed-N`; a finished one is not repeated, an interrupted one goes on, and the scores
/// of a run are kept in it.
public struct AdversarialReproduction: Sendable {
  public var variants = AdversarialVariant.allCases
  public var seeds = [1, 2, 3]
  /// Recorded songs known with their stems.
  public var pairedSongs = 3
  /// What `swiftdl data prepare guitar` made.
  public var data: String
  public var runs: String
  /// Settings that win over `settings`, such as a number of updates.
  public var overrides: [String] = []
  public let programVersion: String

  public init(data: String, runs: String, programVersion: String) {
    self.data = data
    self.runs = runs
    self.programVersion = programVersion
  }

  /// A form of the experiment that one core does in hours: a network of a quarter of the features, critics of a
  /// quarter, small batches, larger rates, and few updates.
  public static let settings = [
    "model.sources=[guitar,rest]", "lead=guitar", "model.features=4", "critic.halving=[8,16,32,64]",
    "critic.halvingBins=[64,64]", "batchSize=8", "optimizer.rate=1e-3", "optimizer.criticRate=2e-4", "updatesPerEpoch=50",
    "maximumUpdates=3000", "patience=100", "validationWindows=48", "updatesPerLine=10",
  ]

  private func folder(_ variant: AdversarialVariant, _ seed: Int) -> String { "\(runs)/\(variant.rawValue)/seed-\(seed)" }
  private func scoresFile(_ run: String) -> String { "\(run)/scores.json" }
  private var list: String { "\(runs)/songs.yaml" }
  private var cache: String { "\(runs)/cache" }

  /// Trains and judges what is not finished, seed by seed. Returns false when asked to stop before the end.
  public func train(style: ProgressMeter.Style, note: (String) -> Void) throws -> Bool {
    let domains = try GuitarDomains(data, pairedSongs: pairedSongs)
    try Folders.create(runs)
    try domains.write(to: list)
    for seed in seeds {
      for variant in variants {
        let run = folder(variant, seed)
        let record = Folders.isDirectory("\(run)/checkpoints") ? try RunRecord(run) : nil
        // With settings of its own a run may be taken further than it was.
        if record?.summary == nil || !overrides.isEmpty {
          note("\(variant.rawValue), seed \(seed)")
          let own = [
            "data.path=\(list)", "data.cache=\(cache)", "variant=\(variant.rawValue)", "seed=\(seed)",
          ]
          let recipe = AdversarialRecipe(
            RunRequest(
              overrides: (record == nil ? Self.settings + own : []) + overrides, folder: run, resumes: record != nil,
              programVersion: programVersion))
          if case .interrupted = try recipe.train(style: style) { return false }
        }
        let step = try RunRecord(run).summary?["step"]?.integer
        if try kept(run)?.step == step { continue }
        let separator = try ModelFile.load(AdversarialSeparator.self, from: run)
        guard let scores = try judge(separator, domains, label: "\(variant.rawValue), seed \(seed)", style) else {
          return false
        }
        try keep(scores, step: step ?? 0, of: run)
      }
    }
    if Folders.exists(scoresFile(runs)) { return true }
    guard let scores = try judge(nil, domains, label: "mixture", style) else { return false }
    try keep(scores, step: 0, of: runs)
    return true
  }

  private func judge(
    _ separator: AdversarialSeparator?, _ domains: GuitarDomains, label: String, _ style: ProgressMeter.Style
  ) throws -> WholeTrackScores? {
    let bar = ProgressMeter(total: domains.test.count, label: "scores of \(label)", unit: "songs", style: style)
    defer { bar.finish() }
    let configuration = separator?.configuration ?? AdversarialSeparatorConfiguration()
    return try WholeTrackScores(
      of: separator, on: domains.test, sources: GuitarDomains.sources.map { SourceGroup(stem: $0) },
      sampleRate: configuration.sampleRate, cache: try PCMCache(folder: cache)
    ) { done in
      bar.update(done)
      return !Interrupt.requested
    }
  }

  private func keep(_ scores: WholeTrackScores, step: Int, of run: String) throws(FileError) {
    let object: JSONObject = ["step": step, "scores": scores.json]
    try AtomicFile.write(object.json.written(indentation: 2) + "\n", to: scoresFile(run))
  }

  private func kept(_ run: String) throws(FileError) -> (step: Int, scores: WholeTrackScores)? {
    guard let object = try RunRecord.object(scoresFile(run)), let step = object["step"]?.integer,
      let scores = object["scores"].flatMap(WholeTrackScores.init(json:))
    else { return nil }
    return (step, scores)
  }

  /// What has been judged so far.
  public func results() throws -> AdversarialResults {
    var runs: [AdversarialResults.Run] = []
    for variant in variants {
      for seed in seeds {
        let folder = folder(variant, seed)
        guard let (_, scores) = try kept(folder) else { continue }
        runs.append(.init(variant: variant, seed: seed, record: try RunRecord(folder), scores: scores))
      }
    }
    return AdversarialResults(runs: runs, mixture: try kept(self.runs)?.scores)
  }
}
