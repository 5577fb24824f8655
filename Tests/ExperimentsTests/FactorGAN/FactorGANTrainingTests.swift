import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Training of FactorGANs", .serialized)
struct FactorGANTrainingTests {
  private func recipe(
    _ folder: TemporaryFolder, run: String, resumes: Bool = false, _ settings: [String] = []
  ) throws -> FactorGANRecipe {
    if !Folders.exists("\(folder.path)/digits") { _ = try DigitFiles(in: "\(folder.path)/digits") }
    let fixed = [
      "data.path=\(folder.path)/digits", "data.cache=\(folder.path)/cache", "data.pairs=10", "generatorFeatures=6",
      "discriminatorFeatures=6",
      "noiseChannels=4", "updatesPerEpoch=6", "updatesPerLine=4", "epochs=2",
    ]
    return FactorGANRecipe(
      task: .pairedDigits,
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
    for file in ["weights", "state"] {
      let name = "checkpoints/last/\(file).safetensors"
      #expect(try tensors("\(a)/\(name)") == tensors("\(b)/\(name)"), "\(file)")
    }
    func metrics(_ run: String) throws -> [String] {
      try RunRecord(run).metrics.map { line in
        var line = line
        line["train_seconds"] = nil
        return line.json.text
      }
    }
    #expect(try metrics(a) == metrics(b))
    let pictures = try Folders.names(in: "\(a)/samples")
    #expect(!pictures.isEmpty)
    for name in pictures {
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: "\(a)/samples/\(name)"))
          == Data(contentsOf: URL(fileURLWithPath: "\(b)/samples/\(name)")))
    }
  }

  @Test(
    "a run stopped within an epoch and taken further ends with the bits of one run",
    arguments: DensityFactorisation.allCases)
  func resumes(factorisation: DensityFactorisation) throws {
    let folder = try TemporaryFolder()
    let settings = ["factorisation=\(factorisation.rawValue)", "objective=\(factorisation == .gan ? "kl" : "jsd")"]
    _ = try recipe(folder, run: "whole", settings).train(style: .quiet)
    try stopped(try recipe(folder, run: "parts", settings), after: 9)
    #expect(try RunRecord("\(folder.path)/parts").summary == nil)
    _ = try recipe(folder, run: "parts", resumes: true).train(style: .quiet)
    try expectSameBits("\(folder.path)/whole", "\(folder.path)/parts")
    let summary = try #require(try RunRecord("\(folder.path)/whole").summary)
    #expect(summary["step"]?.integer == 12)
    for name in ["fid", "fid_upper", "fid_lower", "dependency_error"] { #expect(summary[name]?.number?.isFinite == true) }
  }

  /// Trains until so many updates have been made, the last of them in the second epoch.
  private func stopped(_ recipe: FactorGANRecipe, after updates: Int) throws {
    // Nobody is asked behind the last update of an epoch.
    var seen = 1
    let outcome = try recipe.train(style: .quiet) {
      seen += 1
      return seen == updates
    }
    guard case .interrupted(let update) = outcome, update == updates else {
      Issue.record("\(outcome)")
      return
    }
  }

  @Test("threads do not change a bit")
  func threads() throws {
    let folder = try TemporaryFolder()
    for threads in [1, 3] {
      try ComputeContext.$current.withValue(ComputeContext(threads: threads)) {
        _ = try recipe(folder, run: "run\(threads)", ["epochs=1"]).train(style: .quiet)
      }
    }
    try expectSameBits("\(folder.path)/run1", "\(folder.path)/run3")
  }

  @Test("the last checkpoint is a generator that is found by its run, and every epoch's is kept")
  func generators() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(folder, run: "run").train(style: .quiet)
    let last = try ModelFile.load(DenseGenerator.self, from: "\(folder.path)/run")
    let kept = try ModelFile.load(DenseGenerator.self, from: "\(folder.path)/run/generators/epoch-002.safetensors")
    #expect(last.parameters.tensors.map(\.scalars) == kept.parameters.tensors.map(\.scalars))
    let report = try String(contentsOfFile: "\(folder.path)/run/report.html", encoding: .utf8)
    #expect(report.contains("data:image/png") && report.contains("joint, generated"))
  }

  @Test("a loss that stops being a number ends the run in a line that names the part")
  func divergence() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(folder, run: "run", ["epochs=1"]).train(style: .quiet)
    let checkpoints = CheckpointStore("\(folder.path)/run/checkpoints")
    let last = try #require(try checkpoints.last())
    let metadata = try SafeTensorsFile("\(last)/weights.safetensors").metadata
    var generator = try ModelFile.load(DenseGenerator.self, from: last)
    var state = try Checkpoint.read(into: &generator, from: last)
    state.values["dP"] = state.values["dP"].map { fields in
      fields.map { Tensor($0.shape, repeating: .nan) }
    }
    try Checkpoint.write(generator, state, metadata: metadata, to: last)
    let before = try tensors("\(last)/state.safetensors")
    let diverging = try recipe(folder, run: "run", resumes: true, ["epochs=2"])
    let error = #expect(throws: FileError.self) { try diverging.train(style: .quiet) }
    let told = error.map { "\($0)" } ?? ""
    #expect(told.contains("the loss of dP stopped being a number at update 7"), "\(told)")
    #expect(try tensors("\(last)/state.safetensors") == before)
  }

  @Test("impossible settings and changes of a resumed run are refused")
  func refusals() throws {
    let folder = try TemporaryFolder()
    func message(_ run: String, resumes: Bool = false, _ settings: [String]) -> String {
      do {
        _ = try recipe(folder, run: run, resumes: resumes, settings).train(style: .quiet)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("a", ["data.pairs=121"]).contains("digits has 120 images"))
    #expect(message("a", ["data.sameClass=1.5"]).contains("data.sameClass"))
    #expect(message("a", ["batchSize=0"]).contains("batchSize"))
    #expect(message("a", ["objective=js"]).contains("jsd"))
    #expect(!Folders.exists("\(folder.path)/a"))
    #expect(message("b", ["epochs=1"]) == "")
    #expect(message("b", resumes: true, ["epochs=2", "batchSize=8"]).contains("batchSize"))
    #expect(message("b", ["epochs=1"]).contains("a run is here already"))
  }
}
