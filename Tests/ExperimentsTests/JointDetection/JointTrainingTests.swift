import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Joint training", .serialized) struct JointTrainingTests {
  /// Songs of noise, with a voice in their second half and labels that say so.
  private func withCorpus(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    var random = RandomStream(seed: 3)
    for track in ["train/one", "train/two", "valid/three", "test/four"] {
      let music = random.uniform([8000], in: -0.1..<0.1).scalars
      let voice = (0..<8000).map { $0 < 4000 ? 0 : Float(sin(Double($0) * 0.3)) * 0.3 }
      try folder.write(music, channels: 1, to: "corpus/\(track)/accompaniment.wav")
      try folder.write(voice, channels: 1, to: "corpus/\(track)/vocals.wav")
      try folder.write(zip(music, voice).map { $0 + $1 }, channels: 1, to: "corpus/\(track)/mixture.wav")
      try "0.5 1 sing\n".write(
        toFile: "\(folder.path)/corpus/\(track)/mixture.lab", atomically: true, encoding: .utf8)
    }
    try body(folder.path)
  }

  private func configuration(_ folder: String, _ settings: [String] = []) throws -> JointConfiguration {
    try ConfigurationLoader.load(
      JointConfiguration.self, base: JointConfiguration(),
      overrides: [
        "data.separation=\(folder)/corpus", "data.detection=\(folder)/corpus", "data.cache=\(folder)/cache",
        "model.sampleRate=8000", "model.frameSize=32", "model.hop=16", "model.levels=2", "model.features=2",
        "model.blockFeatures=4", "model.frames=10", "batchSize=2", "stepsPerEvaluation=4", "maximumSteps=10",
        "validationWindows=6", "optimizer.rate=1e-2", "data.remix=true",
      ] + settings)
  }

  private func train(
    _ configuration: JointConfiguration, in path: String, resuming: Bool = false, stopAfter: Int? = nil
  ) throws -> JointTraining.Outcome {
    let folder =
      try resuming
      ? RunFolder.resume(path)
      : RunFolder.create(
        path, configuration: configuration, environment: RunEnvironment.current(programVersion: "test"))
    var training = try JointTraining(configuration, in: folder, resuming: resuming)
    var steps = 0
    return try training.run(report: { _ in steps += 1 }, shouldStop: { steps == stopAfter })
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  @Test("an interrupted and resumed run ends with the bits of an uninterrupted one") func resumes() throws {
    try withCorpus { folder in
      let configuration = try configuration(folder)
      guard case .finished(let result) = try train(configuration, in: "\(folder)/whole") else { throw CancellationError() }
      #expect(result.steps == 10 && result.bestArea != nil && result.bestError != nil)
      #expect(try train(configuration, in: "\(folder)/parts", stopAfter: 3) == .interrupted(step: 3))
      #expect(try train(configuration, in: "\(folder)/parts", resuming: true, stopAfter: 4) == .interrupted(step: 7))
      #expect(try train(configuration, in: "\(folder)/parts", resuming: true) == .finished(result))
      for file in ["checkpoints/last/weights.safetensors", JointFiles.bestDetection, JointFiles.bestSeparation] {
        #expect(try bytes("\(folder)/whole/\(file)") == bytes("\(folder)/parts/\(file)"), "\(file)")
      }
      #expect(try RunRecord("\(folder)/whole").series("valid_auroc").map(\.step) == [4, 8, 10])
    }
  }

  @Test("one task alone leaves the other's head as it was, and needs no data of it")
  func singleTasks() throws {
    try withCorpus { folder in
      let model = try configuration(folder).model
      let fresh = VoiceSeparator(model, random: RandomStream(seed: 1337).stream("weights")).network
      for (objective, other) in [("separation", "detection"), ("detection", "separation")] {
        let settings = try configuration(folder, ["objective=\(objective)", "data.\(other)="])
        guard case .finished(let result) = try train(settings, in: "\(folder)/\(objective)") else {
          throw CancellationError()
        }
        #expect((result.bestArea != nil) == (objective == "detection"))
        #expect((result.bestError != nil) == (objective == "separation"))
        let last = "\(folder)/\(objective)/checkpoints/last/weights.safetensors"
        let trained = try ModelFile.load(DetectSeparate.self, from: last)
        func isAsBefore(_ weight: (DetectSeparate) -> Tensor) -> Bool { weight(trained).scalars == weight(fresh).scalars }
        #expect(isAsBefore(\.mask.weight) == (objective == "detection"))
        #expect(isAsBefore(\.detection.weight) == (objective == "separation"))
        #expect(!isAsBefore(\.down[0].weight))
      }
    }
  }

  @Test("it learns when there is a voice, and what it is") func learns() throws {
    try withCorpus { folder in
      let settings = try configuration(folder, ["maximumSteps=60", "stepsPerEvaluation=20", "batchSize=4"])
      guard case .finished(let result) = try train(settings, in: "\(folder)/run") else { throw CancellationError() }
      #expect((result.bestArea ?? 0) > 0.9)
      let errors = try RunRecord("\(folder)/run").series("valid_mse").map(\.value)
      #expect(errors.count == 3 && (errors.last ?? 1) < 0.8 * errors[0])
    }
  }

  @Test("settings that cannot be are refused") func refusals() throws {
    for setting in ["separationWeight=1", "task=separation", "patience=0", "optimizer.lowestRate=1", "data.gain=[1]"] {
      #expect(throws: ConfigurationError.self, "\(setting)") { try configuration("x", [setting]).validate() }
    }
  }

  // MARK: - Streams

  @Test("activity in pieces equals that of one pass, one frame for every hop") func streams() throws {
    var random = RandomStream(seed: 9)
    var configuration = try configuration("x").model
    configuration.features = 3
    let network = VoiceSeparator(configuration, random: RandomStream(seed: 21))
    for frames in [1, 15, 16, 17, 1000, 5003] {
      let signal = random.uniform([frames], in: -0.5..<0.5).scalars
      func found(tile: Int, piece: Int) -> ([Float], [[Float]]) {
        let stream = SeparationStream(network, channels: 1, sampleRate: 8000, tileFrames: tile)
        var (activity, sources): ([Float], [[Float]]) = ([], [[], []])
        for start in stride(from: 0, to: frames, by: piece) {
          let parts = stream.process(Array(signal[start..<min(frames, start + piece)]))
          for (index, part) in parts.enumerated() { sources[index] += part }
          activity += stream.takeActivity()
        }
        for (index, part) in stream.process([], isLast: true).enumerated() { sources[index] += part }
        return (activity + stream.takeActivity(), sources)
      }
      let whole = found(tile: 1 << 14, piece: 1 << 14)
      let pieces = found(tile: 100, piece: 333)
      #expect(whole.0.count == (frames + 15) / 16 && pieces.0.count == whole.0.count, "\(frames)")
      #expect(zip(whole.0, pieces.0).allSatisfy { abs($0 - $1) < 1e-5 }, "\(frames)")
      #expect(whole.1.allSatisfy { $0.count == frames } && pieces.1.allSatisfy { $0.count == frames })
      #expect(zip(whole.1[0], pieces.1[0]).allSatisfy { abs($0 - $1) < 1e-5 }, "\(frames)")
    }
  }
}
