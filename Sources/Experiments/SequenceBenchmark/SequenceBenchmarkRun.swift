import Foundation
import SwiftDL

/// A whole run of the suite: measures, and writes file, page and picture into a folder.
public struct SequenceBenchmarkRun {
  public var settings: SequenceBenchmarkSettings
  /// Facts about machine and program.
  public var environment: RunEnvironment
  public var peer: PyTorchPeer?
  public var compilesPeer = false
  public let folder: String

  public init(_ settings: SequenceBenchmarkSettings, folder: String, environment: RunEnvironment) {
    (self.settings, self.folder, self.environment) = (settings, folder, environment)
  }

  /// The peer that a Python with PyTorch makes; nil when there is none.
  public static func findPeer(python: String) -> PyTorchPeer? {
    let script = "Benchmarks/peers/sequence_bench.py"
    return Folders.exists(script) && Folders.exists(python) ? PyTorchPeer(python: python, script: script) : nil
  }

  /// Measures until the end, or until `goesOn` says no.
  ///
  /// - Returns: the summary, and the paths written.
  public func run(
    style: ProgressMeter.Style, goesOn: () -> Bool
  ) throws -> (summary: SequenceBenchmarkSummary, paths: [String]) {
    var benchmark = SequenceBenchmark(settings)
    benchmark.facts = environment.facts
    benchmark.peer = peer
    benchmark.compilesPeer = compilesPeer
    try Folders.create(folder)
    let results = "\(folder)/results.json"
    let progress = ProgressMeter(total: benchmark.count, label: "bench", unit: "benchmarks", style: style)
    let file = try benchmark.run(progress, goesOn: goesOn) { try $0.write(to: results) }
    progress.finish()
    let summary = SequenceBenchmarkSummary(file)
    guard !file.results.isEmpty else { return (summary, []) }
    return (summary, [results] + (try SequenceBenchmarkReport(summary).write(to: folder)))
  }
}
