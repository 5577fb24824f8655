import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import SwiftDLModels
import Testing

@Suite("Training of adversarial separation", .serialized)
struct AdversarialTrainingTests {
  /// Songs, mixtures and sources of noise with a list that names them.
  private func corpus(_ folder: TemporaryFolder, rate: Int = 8000, leak: String? = nil) throws -> String {
    for (index, song) in ["a", "b", "valid", "test"].enumerated() {
      for (other, stem) in ["guitar", "rest"].enumerated() {
        let samples = noise(6000, seed: UInt64(10 * index + other + 1))
        try folder.write(samples, channels: 1, to: "songs/\(song)/\(stem).wav")
      }
    }
    for (index, name) in ["mix", "guitar", "rest"].enumerated() {
      try folder.write(noise(8000, seed: UInt64(90 + index)), channels: 1, rate: rate, to: "pools/\(name).wav")
    }
    func song(_ name: String) -> String {
      "{name: \(name), stems: {guitar: songs/\(name)/guitar.wav, rest: songs/\(name)/rest.wav}}"
    }
    let list = """
      train:
        paired: [\(song("a")), \(song("b"))]
        mixtures: [pools/mix.wav\(leak.map { ", \($0)" } ?? "")]
        unpaired: {guitar: pools/guitar.wav, rest: pools/rest.wav}
      validation: {paired: [\(song("valid"))]}
      test: {paired: [\(song("test"))]}
      """
    let path = "\(folder.path)/list.yaml"
    try list.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func recipe(
    _ folder: TemporaryFolder, run: String, resumes: Bool = false, _ settings: [String] = []
  ) throws -> AdversarialRecipe {
    let list = "\(folder.path)/list.yaml"
    let fixed = [
      "data.path=\(Folders.exists(list) ? list : try corpus(folder))", "data.cache=\(folder.path)/cache",
      "model.sources=[guitar,rest]", "lead=guitar", "model.sampleRate=8000", "model.frameSize=32", "model.hop=16",
      "model.levels=2", "model.features=3", "model.windowFrames=8", "critic.halving=[3,4]", "critic.halvingBins=[5]",
      "critic.hidden=6", "critic.updates=3", "batchSize=4", "updatesPerEpoch=3", "maximumUpdates=6", "updatesPerLine=2",
      "optimizer.rate=1e-3", "optimizer.criticRate=1e-3", "validationWindows=6",
    ]
    return AdversarialRecipe(
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

  private func weights(_ run: String) throws -> [String: [UInt32]] {
    try tensors("\(run)/checkpoints/last/weights.safetensors")
  }

  @Test("a run stopped inside an alternation goes on to the bits of one run", arguments: [2, 6, 9])
  func resumes(after networkUpdates: Int) throws {
    let folder = try TemporaryFolder()
    _ = try recipe(folder, run: "whole").train(style: .quiet)
    var asked = 0
    let outcome = try recipe(folder, run: "parts").train(style: .quiet) {
      asked += 1
      return asked == networkUpdates
    }
    // Of four questions an alternation, three come after a critic's update.
    #expect(outcome == .interrupted(update: networkUpdates / 4))
    _ = try recipe(folder, run: "parts", resumes: true).train(style: .quiet)
    let (whole, parts) = ("\(folder.path)/whole", "\(folder.path)/parts")
    for file in ["weights", "state"] {
      let name = "checkpoints/last/\(file).safetensors"
      let bits = try tensors("\(whole)/\(name)")
      #expect(try bits == tensors("\(parts)/\(name)"), "\(file)")
      #expect(file == "weights" || bits.keys.contains { $0.contains("critic 1") })
    }
    func metrics(_ run: String) throws -> [String] {
      try RunRecord(run).metrics.map { line in
        var line = line
        line["train_seconds"] = nil
        return line.json.text
      }
    }
    #expect(try metrics(whole) == metrics(parts))
    #expect(try RunRecord(whole).summary?["step"]?.integer == 6)
    #expect(try String(contentsOfFile: "\(whole)/report.html", encoding: .utf8).contains("Critics: distance"))
  }

  @Test("critics that count nothing change nothing: V of weight 0 is the base, and of weight 0.01 is not")
  func weightOfZero() throws {
    let folder = try TemporaryFolder()
    for (run, settings) in [
      ("base", ["variant=base"]), ("none", ["variant=v", "unpairedWeight=0"]), ("v", ["variant=v"]),
    ] { _ = try recipe(folder, run: run, settings).train(style: .quiet) }
    let base = try weights("\(folder.path)/base")
    #expect(try weights("\(folder.path)/none") == base)
    #expect(try weights("\(folder.path)/v") != base)
  }

  @Test("threads do not change a bit")
  func threads() throws {
    let folder = try TemporaryFolder()
    for threads in [1, 3] {
      try ComputeContext.$current.withValue(ComputeContext(threads: threads)) {
        _ = try recipe(folder, run: "run\(threads)", ["maximumUpdates=2"]).train(style: .quiet)
      }
    }
    #expect(try weights("\(folder.path)/run1") == weights("\(folder.path)/run3"))
  }

  @Test("training stops when validation has not improved for longer than is waited for")
  func patience() throws {
    let folder = try TemporaryFolder()
    // A rate as small as this changes nothing: only the first epoch is an improvement.
    let settings = ["variant=base", "patience=1", "maximumUpdates=0", "updatesPerEpoch=1", "optimizer.rate=1e-30"]
    _ = try recipe(folder, run: "run", settings).train(style: .quiet)
    let record = try RunRecord("\(folder.path)/run")
    #expect(record.summary?["epochs"]?.integer == 3)
    #expect(record.metrics.compactMap { $0["is_best"]?.bool } == [true, false, false])
    #expect((record.summary?["peak_tensor_bytes"]?.number ?? 0) > 0)
  }

  @Test("a critic's loss that stops being a number ends the run in a line that names it, and changes nothing")
  func divergence() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(folder, run: "run", ["maximumUpdates=2"]).train(style: .quiet)
    let last = try #require(try CheckpointStore("\(folder.path)/run/checkpoints").last())
    let metadata = try SafeTensorsFile("\(last)/weights.safetensors").metadata
    var separator = try ModelFile.load(AdversarialSeparator.self, from: last)
    var state = try Checkpoint.read(into: &separator, from: last)
    state.values["critic 1"] = state.values["critic 1"]?.map { Tensor($0.shape, repeating: .nan) }
    try Checkpoint.write(separator, state, metadata: metadata, to: last)
    let before = try tensors("\(last)/state.safetensors")
    let diverging = try recipe(folder, run: "run", resumes: true, ["maximumUpdates=4"])
    let error = #expect(throws: FileError.self) { try diverging.train(style: .quiet) }
    let told = error.map { "\($0)" } ?? ""
    #expect(told.contains("the critic of rest stopped being a number at update 3"), "\(told)")
    #expect(try tensors("\(last)/state.safetensors") == before)
  }

  private func message(_ folder: TemporaryFolder, _ settings: [String]) -> String {
    do {
      _ = try recipe(folder, run: "run", settings).train(style: .quiet)
      return ""
    } catch { return "\(error)" }
  }

  @Test("a recording of the test songs among those of training is found under any name")
  func leaks() throws {
    let folder = try TemporaryFolder()
    _ = try corpus(folder, leak: "pools/harmless.flac")
    let copy = noise(6000, seed: 31).map { ($0 * 32768).rounded() / 32768 }
    try folder.write(copy, channels: 1, to: "songs/test/guitar.wav")
    try folder.write(copy, channels: 1, to: "pools/harmless.flac", format: .flac(.int16))
    let told = message(folder, [])
    #expect(told.contains("harmless.flac") && told.contains("songs/test/guitar.wav"), "\(told)")
    #expect(told.contains("for test") && !told.contains("\n"), "\(told)")
    #expect(!Folders.exists("\(folder.path)/run"))
    // The base hears no pools.
    #expect(message(folder, ["variant=base"]) == "")
  }

  @Test("pools that are missing, small or of other rates, and impossible settings are told in a line")
  func refusals() throws {
    let folder = try TemporaryFolder()
    #expect(message(folder, ["batchSize=100"]).contains("a batch takes 100"))
    #expect(message(folder, ["variant=v", "lead=voice"]).contains("lead"))
    #expect(message(folder, ["critic.halving=[3,4,5,6,7]"]).contains("critic"))
    #expect(message(folder, ["optimizer.rate=0"]).contains("optimizer.rate"))
    #expect(message(folder, ["data.gain=[1]"]).contains("data.gain"))
    try "train: {paired: [songs]}".write(toFile: "\(folder.path)/songs.yaml", atomically: true, encoding: .utf8)
    #expect(message(folder, ["data.path=\(folder.path)/songs.yaml"]).contains("lists no mixtures"))
    let other = try TemporaryFolder()
    _ = try corpus(other, rate: 16000)
    let told = message(other, [])
    #expect(told.contains("16000 Hz") && told.contains("8000 Hz") && told.contains("anyFormat"), "\(told)")
    #expect(message(other, ["data.anyFormat=true", "maximumUpdates=1"]) == "")
  }
}
