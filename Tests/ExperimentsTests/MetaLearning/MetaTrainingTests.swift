import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Training of initialisations", .serialized) struct MetaTrainingTests {
  private static let kinds: [(String, MIRTaskKind)] = [
    ("onsets", .onsets), ("classes", .classes), ("source", .source), ("chords", .chords), ("notes", .notes),
  ]

  private func recipe(
    _ folder: TemporaryFolder, run: String, resumes: Bool = false, _ settings: [String] = []
  ) throws -> MetaRecipe {
    let tasks = "\(folder.path)/tasks"
    if !Folders.exists(tasks) {
      for (name, kind) in Self.kinds { try TaskFolders(tasks).write(name, kind: kind) }
    }
    let fixed = [
      "tasks.path=\(tasks)", "tasks.heldOut=notes", "preset=universal-mir-tiny", "updates=6", "updatesPerLine=2",
      "tasksPerUpdate=2", "inner.steps=2", "support=2", "query=2",
    ]
    return MetaRecipe(
      RunRequest(
        overrides: (resumes ? [] : fixed) + settings, folder: "\(folder.path)/\(run)", resumes: resumes,
        programVersion: "test"))
  }

  private func tensors(_ path: String) throws -> [String: [UInt32]] {
    let file = try SafeTensorsFile(path)
    var tensors: [String: [UInt32]] = [:]
    for name in file.entries.map(\.name) { tensors[name] = try file.tensor(name).scalars.map(\.bitPattern) }
    return tensors
  }

  private func expectSameBits(_ a: String, _ b: String) throws {
    for name in ["checkpoints/last/weights.safetensors", "checkpoints/last/state.safetensors", "model.safetensors"] {
      #expect(try tensors("\(a)/\(name)") == tensors("\(b)/\(name)"), "\(name)")
    }
    func metrics(_ run: String) throws -> [String] {
      try RunRecord(run).metrics.map { line in
        var line = line
        line["train_seconds"] = nil
        return line.json.text
      }
    }
    #expect(try metrics(a) == metrics(b))
  }

  @Test("a run that was stopped ends with the bits of one run", arguments: MetaAlgorithm.allCases)
  func resumes(algorithm: MetaAlgorithm) throws {
    let folder = try TemporaryFolder()
    let settings = ["algorithm=\(algorithm.rawValue)", "inner.learned=true"]
    _ = try recipe(folder, run: "whole", settings).train(style: .quiet)
    var seen = 0
    let outcome = try recipe(folder, run: "parts", settings).train(style: .quiet) {
      seen += 1
      return seen == 3
    }
    #expect(outcome == .interrupted(update: 3))
    _ = try recipe(folder, run: "parts", resumes: true).train(style: .quiet)
    try expectSameBits("\(folder.path)/whole", "\(folder.path)/parts")
    let report = try String(contentsOfFile: "\(folder.path)/whole/report.html", encoding: .utf8)
    #expect(report.contains("reconstruction"))
  }

  @Test("threads do not change a bit") func threads() throws {
    let folder = try TemporaryFolder()
    for threads in [1, 3] {
      try ComputeContext.$current.withValue(ComputeContext(threads: threads)) {
        _ = try recipe(folder, run: "run\(threads)").train(style: .quiet)
      }
    }
    try expectSameBits("\(folder.path)/run1", "\(folder.path)/run3")
  }

  @Test("learning lowers the loss that is left after the inner steps") func learns() throws {
    let folder = try TemporaryFolder()
    let settings = [
      "tasks.only=[classes, source]", "updates=120", "updatesPerLine=10", "outer.rate=0.01", "inner.rate=0.05",
    ]
    _ = try recipe(folder, run: "run", settings).train(style: .quiet)
    let losses = try RunRecord("\(folder.path)/run").series("loss").map(\.value)
    let (first, last) = (losses.prefix(3).reduce(0, +), losses.suffix(3).reduce(0, +))
    #expect(last < 0.7 * first, "\(losses)")
  }

  @Test(
    "what a task is told to begin with is adapted, judged, and saved as a network that is found", arguments: kinds.map(\.0))
  func adaptation(name: String) throws {
    let folder = try TemporaryFolder()
    _ = try recipe(folder, run: "run").train(style: .quiet)
    var adaptation = MetaAdaptation()
    (adaptation.steps, adaptation.rate) = (30, 0.02)
    let output = "\(folder.path)/model.safetensors"
    let outcome = try adaptation.adapt(
      "\(folder.path)/run", to: "\(folder.path)/tasks/\(name)", examples: 6, output: output
    ) { _, _ in true }
    let result = try #require(outcome?.result)
    #expect(result.scores.map(\.step) == [0, 30])
    #expect(result.scores.allSatisfy { $0.score.isFinite })
    if name == "classes" { #expect(result.scores[1].score == 1) }
    let network = try ModelFile.load(UniversalMIR.self, from: output)
    #expect(network.configuration.head == result.network.configuration.head)
    #expect(try SafeTensorsFile(output).metadata["task"] == name)
    // Stopping leaves nothing behind.
    let other = "\(folder.path)/other.safetensors"
    let stopped = try adaptation.adapt(
      "universal-mir-tiny", to: "\(folder.path)/tasks/\(name)", examples: nil, output: other
    ) { step, _ in step < 3 }
    #expect(stopped == nil && !Folders.exists(other))
  }

  @Test("a run that was killed before its first checkpoint begins again, and ends with the same bits")
  func beginsAgain() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(folder, run: "whole").train(style: .quiet)
    var seen = 0
    _ = try recipe(folder, run: "killed").train(style: .quiet) {
      seen += 1
      return seen == 3
    }
    try FileManager.default.removeItem(atPath: "\(folder.path)/killed/checkpoints/last")
    #expect(try !RunRecord("\(folder.path)/killed").metrics.isEmpty)
    _ = try recipe(folder, run: "killed", resumes: true).train(style: .quiet)
    try expectSameBits("\(folder.path)/whole", "\(folder.path)/killed")
  }

  @Test("the grid is cached by cell, and goes on where it was") func reproduction() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(folder, run: "unused")
    var grid = MetaReproduction(tasks: "\(folder.path)/tasks", runs: "\(folder.path)/runs", programVersion: "test")
    grid.overrides = ["preset=universal-mir-tiny", "updates=2", "tasksPerUpdate=2", "inner.steps=1", "support=2", "query=2"]
    grid.heldOut = ["classes", "onsets"]
    grid.secondOrderTasks = 1
    grid.examples = [2, 4]
    grid.steps = [1, 3]
    grid.initialisations = [.random, .joint, .maml]
    #expect(try grid.train(style: .quiet) { _ in })
    let cells = try grid.cells()
    #expect(cells.count == 10)
    #expect(cells.allSatisfy { $0.steps == [0, 1, 3] && $0.scores.count == 3 })
    let path = "\(folder.path)/runs/cells/classes/joint/k-2-seed-0.json"
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: "\(folder.path)/runs/cells/classes/joint/k-4-seed-0.json")
    #expect(try grid.train(style: .quiet) { _ in })
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(try grid.cells().count == cells.count)
    let table = try MetaTable(grid)
    #expect(table.markdown.contains("no more is public than its abstract"))
    // Only what every task was begun with is compared over all.
    #expect(table.markdown.contains("Over classes, onsets:\n\n| examples | steps | random | joint |\n"))
    let lines = table.text.split(separator: "\n").count
    #expect(lines == 1 + cells.count)
    try table.write(to: "\(folder.path)/meta.json")
    let written = try String(contentsOfFile: "\(folder.path)/meta.json", encoding: .utf8)
    #expect(!written.contains(folder.path))
    // Single tasks come of the task that helps most.
    grid.initialisations = [.bestSingle]
    grid.examples = [2]
    #expect(try grid.train(style: .quiet) { _ in })
    #expect(Folders.exists("\(folder.path)/runs/single/chords/model.safetensors"))
    let singles = try grid.cells().filter { $0.initialisation == .bestSingle }.map { ($0.task, $0.single ?? "") }
    #expect(singles.count == 2)
    for (task, single) in singles { #expect(task != single && Self.kinds.contains { $0.0 == single }, "\(task) \(single)") }
    #expect(try MetaTable(grid).markdown.contains("The best single tasks: "))
  }

  @Test("impossible settings and changes of a resumed run are refused") func refusals() throws {
    let folder = try TemporaryFolder()
    func message(_ run: String, resumes: Bool = false, _ settings: [String]) -> String {
      do {
        _ = try recipe(folder, run: run, resumes: resumes, settings).train(style: .quiet)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("a", ["tasks.heldOut=note"]).contains("did you mean notes?"))
    #expect(message("a", ["preset=universal"]).contains("universal-mir-small"))
    #expect(message("a", ["inner.steps=0"]).contains("inner.steps"))
    #expect(message("a", ["algorithm=mamml"]).contains("maml"))
    #expect(message("a", ["inner.rate=0"]).contains("inner.rate"))
    #expect(message("a", ["tasks.only=[notes]"]).contains("no task"))
    #expect(!Folders.exists("\(folder.path)/a"))
    #expect(message("b", ["updates=2"]) == "")
    #expect(message("b", resumes: true, ["updates=4", "support=3"]).contains("support"))
    #expect(message("b", ["updates=2"]).contains("a run is here already"))
  }
}
