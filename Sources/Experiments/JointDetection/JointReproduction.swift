import Foundation
import SwiftDL
import SwiftDLModels

/// Repeats the thesis' comparison: one network for detection and separation against one for each, over seeds.
///
/// Every run has a folder `RUNS/seed-N/OBJECTIVE`; a finished one is not repeated, an interrupted one goes on. What its best
/// models are worth on the test parts is kept beside them, in `test.json`.
public struct JointReproduction: Sendable {
  public var seeds = [1, 2, 3]
  /// As `data.separation` and `data.detection` of a run; both have parts for validation and for the test.
  public var separation: String
  public var detection: String
  public var runs: String
  /// Settings of every run that win over the defaults.
  public var overrides: [String] = []
  public let programVersion: String

  public init(separation: String, detection: String, runs: String, programVersion: String) {
    self.separation = separation
    self.detection = detection
    self.runs = runs
    self.programVersion = programVersion
  }

  private func folder(_ seed: Int, _ objective: JointObjective) -> String { "\(runs)/seed-\(seed)/\(objective.rawValue)" }
  private var cache: String { "\(runs)/cache" }

  // MARK: - Runs

  /// Trains what is not finished. Returns false when asked to stop before the end.
  public func train(style: ProgressMeter.Style, note: (String) -> Void) throws -> Bool {
    for seed in seeds {
      for objective in JointObjective.allCases {
        let folder = folder(seed, objective)
        let record = Folders.isDirectory("\(folder)/checkpoints") ? try RunRecord(folder) : nil
        // With settings of its own a run may be taken further than it was.
        if record?.summary != nil && overrides.isEmpty { continue }
        note("seed \(seed), \(objective.rawValue)")
        let settings = [
          "seed=\(seed)", "objective=\(objective.rawValue)", "data.separation=\(separation)", "data.detection=\(detection)",
          "data.cache=\(cache)",
        ]
        let recipe = JointRecipe(
          RunRequest(
            overrides: (record == nil ? settings : []) + overrides, folder: folder, resumes: record != nil,
            programVersion: programVersion))
        if case .interrupted = try recipe.train(style: style) { return false }
      }
    }
    return true
  }

  // MARK: - The test

  /// One run and what its best models are worth.
  struct Judged {
    let seed: Int
    let objective: JointObjective
    let record: RunRecord
    let scores: JointScores
  }

  /// Judges the best models of finished runs, those that were judged already from what is kept.
  func judged(note: (String) -> Void) throws -> (truth: [Bool], runs: [Judged]) {
    var (test, runs): (JointTest?, [Judged]) = (nil, [])
    for seed in seeds {
      for objective in JointObjective.allCases {
        let folder = folder(seed, objective)
        guard Folders.exists("\(folder)/config.yaml"), case let record = try RunRecord(folder), record.summary != nil
        else { continue }
        let configuration = try record.configuration(as: JointConfiguration.self)
        let chosen = try test ?? JointTest(configuration.model, separation: separation, detection: detection, cache: cache)
        test = chosen
        let scores = try scores(folder, objective, chosen) { note("seed \(seed), \(objective.rawValue): judged") }
        runs.append(Judged(seed: seed, objective: objective, record: record, scores: scores))
      }
    }
    return (test?.truth ?? [], runs)
  }

  private func scores(
    _ folder: String, _ objective: JointObjective, _ test: JointTest, judged: () -> Void
  ) throws -> JointScores {
    let detector = objective == .separation ? nil : try network("\(folder)/\(JointFiles.bestDetection)")
    let separator = objective == .detection ? nil : try network("\(folder)/\(JointFiles.bestSeparation)")
    let checksum = [detector, separator].map { $0.map { $0.parameters.checksum() } ?? "" }.joined(separator: " ")
    let path = "\(folder)/test.json"
    if let kept = try? JSONDecoder().decode(JointScores.self, from: Data(WholeFile.bytes(path))), kept.checksum == checksum {
      return kept
    }
    var scores = JointScores(checksum: checksum)
    if let detector { test.judgeDetection(detector, &scores) }
    if let separator { test.judgeSeparation(separator, &scores) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try AtomicFile.write(String(decoding: try encoder.encode(scores), as: UTF8.self) + "\n", to: path)
    judged()
    return scores
  }

  private func network(_ path: String) throws(FileError) -> VoiceSeparator {
    VoiceSeparator(try ModelFile.load(DetectSeparate.self, from: path))
  }

  /// The table of what is finished.
  public func table(note: (String) -> Void) throws -> JointTable {
    let (truth, runs) = try judged(note: note)
    return JointTable(runs, truth: truth)
  }
}
