import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Training of sequence networks", .serialized)
struct SequenceTrainingTests {
  /// A text in which everything follows from what stands before.
  private func withText(_ body: (TemporaryFolder) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let text = String(repeating: "the quick brown fox jumps over the lazy dog\n", count: 60)
    try text.write(toFile: "\(folder.path)/text.txt", atomically: true, encoding: .utf8)
    try body(folder)
  }

  private func recipe(
    _ folder: TemporaryFolder, _ model: SequenceModelKind, run: String, resumes: Bool = false, _ settings: [String] = []
  ) -> SequenceRecipe {
    let widths = model == .tcn ? "[24, 24, 16]" : "[24, 24, 16]"
    let fixed = [
      "data.path=\(folder.path)/text.txt", "model.widths=\(widths)", "model.symbols.channels=16",
      "model.inputChannels=16", "model.outputChannels=16", "model.windowFrames=24", "contextFrames=\(model == .tcn ? 8 : 0)",
      "batchSize=4", "optimizer.rate=5e-3", "optimizer.halvingStart=1", "optimizer.halvingWindow=1",
      "optimizer.clipNorm=1", "stepsPerEpoch=6", "epochs=4",
    ]
    return SequenceRecipe(
      task: .characters, model: model,
      RunRequest(
        overrides: (resumes ? [] : fixed) + settings, folder: "\(folder.path)/\(run)", resumes: resumes,
        programVersion: "test"))
  }

  private func metrics(_ path: String) throws -> [String] {
    try RunRecord(path).metrics.map { line in
      var line = line
      for key in ["step_seconds", "train_seconds", "validation_seconds"] { line[key] = nil }
      return line.json.text
    }
  }

  @Test(
    "a run stopped at a bound and taken further ends with the bits of one run", arguments: [SequenceModelKind.seqUNet, .tcn])
  func resumes(model: SequenceModelKind) throws {
    try withText { folder in
      _ = try recipe(folder, model, run: "whole").train(style: .quiet)
      _ = try recipe(folder, model, run: "parts", ["epochs=2"]).train(style: .quiet)
      _ = try recipe(folder, model, run: "parts", resumes: true, ["epochs=4"]).train(style: .quiet)
      for file in ["weights", "state"] {
        let name = "checkpoints/last/\(file).safetensors"
        let whole = try ParameterFile("\(folder.path)/whole/\(name)")
        let parts = try ParameterFile("\(folder.path)/parts/\(name)")
        #expect(whole.tensors == parts.tensors, "\(file)")
      }
      #expect(try metrics("\(folder.path)/whole") == metrics("\(folder.path)/parts"))
    }
  }

  /// A file's tensors; its notes tell times, which differ.
  private struct ParameterFile {
    let tensors: [String: [UInt32]]
    init(_ path: String) throws {
      let file = try SafeTensorsFile(path)
      var tensors: [String: [UInt32]] = [:]
      for name in file.entries.map(\.name) { tensors[name] = try file.tensor(name).scalars.map(\.bitPattern) }
      self.tensors = tensors
    }
  }

  @Test("a step of music minimises the sum over a piece's frames, so that a long piece weighs more than a short one")
  func musicMinimisesSums() throws {
    let folder = try TemporaryFolder()
    for (part, beats) in [("train/short", 5), ("train/long", 40), ("valid/a", 6), ("test/a", 6)] {
      var roll = PianoRoll(frames: 2 * beats)
      for frame in 0..<roll.frames { roll[frame, 30 + frame * frame % 7] = true }
      try Folders.create("\(folder.path)/tunes/\(part.split(separator: "/")[0])")
      try roll.midi(framesPerQuarter: 2).write(to: "\(folder.path)/tunes/\(part).mid")
    }
    let settings = ["model.widths=[8, 8]", "model.dropout=0", "optimizer.rate=0.01", "optimizer.clipNorm=0", "epochs=1"]
    _ = try SequenceRecipe(
      task: .music, model: .tcn,
      RunRequest(
        overrides: ["data.path=\(folder.path)/tunes"] + settings, folder: "\(folder.path)/run", programVersion: "test")
    ).train(style: .quiet)
    let trained = try ModelFile.load(TCN.self, from: "\(folder.path)/run/checkpoints/last")
    let rolls = try PianoRollCorpus("\(folder.path)/tunes", framesPerQuarter: 2).train
    #expect(rolls.count == 2)

    /// The largest difference of a weight after the same two steps, by hand.
    func distance(_ reduction: Reduction, _ order: [Int]) -> Float {
      var network = TCN(trained.configuration, random: RandomStream(seed: 1111).stream("weights"))
      var optimizer = Adam(learningRate: 0.01)
      for roll in order.map({ rolls[$0] }) {
        let (x, y) = (roll.tensor(0..<roll.frames - 1), roll.tensor(1..<roll.frames))
        let gradients = valueAndGradients(of: network) { binaryCrossEntropyWithLogits($0(x), y, reduction: reduction) }
          .gradients
        optimizer.update(&network, with: gradients)
      }
      return zip(network.parameters.tensors, trained.parameters.tensors).map {
        ($0 - $1).absoluteValue().scalars.max() ?? 0
      }.max() ?? .infinity
    }
    // In whichever order the seed put them.
    #expect(min(distance(.sum, [0, 1]), distance(.sum, [1, 0])) < 1e-5)
    #expect(min(distance(.mean, [0, 1]), distance(.mean, [1, 0])) > 1e-4)
  }

  @Test("training learns a text by heart")
  func learns() throws {
    try withText { folder in
      let outcome = try recipe(folder, .seqUNet, run: "run", ["stepsPerEpoch=40", "epochs=5"]).train(style: .quiet)
      guard case .finished(let result, let metric) = outcome else {
        Issue.record("not finished")
        return
      }
      #expect(metric.name == "bits per character")
      #expect(result.test < 1.5, "from log2(28) = 4.8 bits to \(result.test)")
      #expect(try RunRecord("\(folder.path)/run").summary?["test_metric"]?.number == result.test)
      let metadata = try SafeTensorsFile("\(folder.path)/run/checkpoints/best/weights.safetensors").metadata
      #expect(metadata["vocabulary"].flatMap { Vocabulary(json: $0) }?.count == 28)
    }
  }

  @Test("a loss that stops being a number ends the run in a line, with sound weights kept")
  func divergence() throws {
    try withText { folder in
      _ = try recipe(folder, .seqUNet, run: "run", ["epochs=1"]).train(style: .quiet)
      // Weights that are numbers, and whose products are none.
      let checkpoints = CheckpointStore("\(folder.path)/run/checkpoints")
      let last = try #require(try checkpoints.last())
      let metadata = try SafeTensorsFile("\(last)/weights.safetensors").metadata
      var model = try ModelFile.load(SeqUNet.self, from: last)
      let state = try Checkpoint.read(into: &model, from: last)
      model.output.weight = Tensor(model.output.weight.shape, repeating: 1e38)
      try Checkpoint.write(model, state, metadata: metadata, to: last)
      let diverging = recipe(folder, .seqUNet, run: "run", resumes: true, ["epochs=2"])
      let error = #expect(throws: FileError.self) { try diverging.train(style: .quiet) }
      #expect(error.map { "\($0)".contains("stopped being a number at step 7") } == true)
      let kept = try ModelFile.load(SeqUNet.self, from: "\(folder.path)/run")
      #expect(kept.output.weight.scalars == model.output.weight.scalars)
    }
  }

  @Test("what a resumed run may not change is refused")
  func refusals() throws {
    try withText { folder in
      _ = try recipe(folder, .tcn, run: "run", ["epochs=1"]).train(style: .quiet)
      let changed = recipe(folder, .tcn, run: "run", resumes: true, ["batchSize=8"])
      let error = #expect(throws: ConfigurationError.self) { try changed.train(style: .quiet) }
      #expect(error.map { "\($0)".contains("batchSize") } == true)
      let other = SequenceRecipe(
        task: .music, RunRequest(folder: "\(folder.path)/run", resumes: true, programVersion: "test"))
      #expect(throws: FileError.self) { try other.train(style: .quiet) }
    }
  }

  @Test("texts shorter than a window, batches that cannot fit and missing data are refused before a folder is made")
  func unfit() throws {
    try withText { folder in
      for settings in [
        ["batchSize=4096"], ["data.path=\(folder.path)/nowhere"], ["preset=tcn-jsb"], ["preset=nonsense"], ["data.path="],
      ] {
        #expect(throws: (any Error).self, "\(settings)") {
          try recipe(folder, .tcn, run: "run", settings).train(style: .quiet)
        }
        #expect(!Folders.exists("\(folder.path)/run"), "\(settings)")
      }
    }
  }

  @Test("music, copy memory and raw audio train with tiny networks")
  func otherTasks() throws {
    let folder = try TemporaryFolder()
    func train(_ task: SequenceTask, _ settings: [String]) throws -> SequenceRecipe.Outcome {
      try SequenceRecipe(
        task: task,
        RunRequest(overrides: settings, folder: "\(folder.path)/\(task.rawValue)", programVersion: "test")
      ).train(style: .quiet)
    }
    for index in 0..<4 {
      let samples = (0..<6000).map { sin(Float($0 * (index + 2)) * 0.05) * 0.5 }
      try folder.write(samples, channels: 1, rate: 16000, to: "sounds/\(index).wav")
    }
    let outcomes = [
      try train(
        .copyMemory,
        [
          "data.blanks=12", "data.sequences=64", "batchSize=8", "epochs=3", "model.widths=[6, 6]", "model.kernel=3",
        ]),
      try train(
        .audio,
        [
          "preset=seq-u-net-audio-tiny", "model.symbols=256", "model.sampleRate=16000", "batchSize=2", "stepsPerEpoch=8",
          "data.path=\(folder.path)/sounds", "evaluationBatches=4",
        ]),
    ]
    for outcome in outcomes {
      guard case .finished(let result, _) = outcome else {
        Issue.record("not finished")
        return
      }
      #expect(result.test.isFinite && result.test > 0)
    }
  }
}
