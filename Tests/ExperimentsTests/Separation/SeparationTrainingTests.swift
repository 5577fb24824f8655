import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Separation training", .serialized)
struct SeparationTrainingTests {
  private func withCorpus(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/swiftdl-training-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Folders.create(folder)
    try SyntheticCorpus(minutes: 0.15, secondsPerTrack: 3, sampleRate: 8000, seed: 2).write(
      to: "\(folder)/corpus")
    try body(folder)
  }

  private func configuration(_ folder: String) throws -> SeparationConfiguration<WaveUNet> {
    try ConfigurationLoader.load(
      SeparationConfiguration<WaveUNet>.self, base: SeparationConfiguration(preset: "wave-u-net-tiny"),
      overrides: [
        "data.path=\(folder)/corpus", "data.cache=\(folder)/cache", "model.sampleRate=8000",
        "model.sources=[accompaniment, vocals]", "data.groups={accompaniment: [bass, drums, other]}",
        "batchSize=2", "outputFrames=256", "stepsPerEpoch=5", "maximumSteps=14", "patience=1",
        "secondStage.batchSize=3", "augmentation.remix=true", "optimizer.rate=1e-3", "validationWindows=6",
      ])
  }

  private func train<N>(
    _ configuration: SeparationConfiguration<N>, in path: String, resuming: Bool = false, stopAfter: Int? = nil
  ) throws -> SeparationOutcome {
    let folder =
      try resuming
      ? RunFolder.resume(path)
      : RunFolder.create(
        path, configuration: configuration, environment: RunEnvironment.current(programVersion: "test"))
    var training = try SeparationTraining(configuration, in: folder, resuming: resuming)
    var steps = 0
    return try training.run(report: { _ in steps += 1 }, shouldStop: { steps == stopAfter })
  }

  /// The metrics without times.
  private func metrics(_ path: String) throws -> [String] {
    try RunRecord(path).metrics.map { line in
      var line = line
      line["step_seconds"] = nil
      line["validation_seconds"] = nil
      return line.json.text
    }
  }

  @Test("training goes on from a model's weights, if they fit")
  func startsFromWeights() throws {
    try withCorpus { folder in
      var configuration = try configuration(folder)
      let given = WaveUNet(configuration.model, random: RandomStream(seed: 99))
      try ModelFile.save(given, to: "\(folder)/given.safetensors")
      (configuration.weights, configuration.maximumSteps) = ("\(folder)/given.safetensors", 1)
      configuration.optimizer.rate = 1e-12
      configuration.secondStage.enabled = false
      #expect(try train(configuration, in: "\(folder)/run") == .finished)
      let trained = try ModelFile.load(WaveUNet.self, from: "\(folder)/run")
      #expect(
        zip(trained.parameters.tensors, given.parameters.tensors).allSatisfy { pair in
          zip(pair.0.scalars, pair.1.scalars).allSatisfy { abs($0 - $1) < 1e-9 }
        })
      configuration.model.filters += 1
      #expect(throws: FileError.self) { try train(configuration, in: "\(folder)/other") }
    }
  }

  /// What a limited-data user turns on.
  private static let extras = [
    "averageDecay=0.9", "accumulation=2", "batchSize=4", "secondStage.batchSize=6", "optimizer.schedule=restarts",
    "optimizer.lowestRate=1e-4", "augmentation.flipPolarity=true", "augmentation.filterDecibels=6",
  ]

  @Test("an interrupted and resumed run ends with the bits of an uninterrupted one", arguments: [[], extras])
  func resumes(settings: [String]) throws {
    try withCorpus { folder in
      let configuration = try ConfigurationLoader.load(
        SeparationConfiguration<WaveUNet>.self, base: configuration(folder), overrides: settings)
      #expect(try train(configuration, in: "\(folder)/whole") == .finished)
      #expect(try train(configuration, in: "\(folder)/parts", stopAfter: 3) == .interrupted(step: 3))
      #expect(
        try train(configuration, in: "\(folder)/parts", resuming: true, stopAfter: 6) == .interrupted(step: 9))
      #expect(try train(configuration, in: "\(folder)/parts", resuming: true) == .finished)
      for name in ["last", "best"] {
        for file in ["weights", "state"] {
          let whole = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/whole/checkpoints/\(name)/\(file).safetensors"))
          let parts = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/parts/checkpoints/\(name)/\(file).safetensors"))
          #expect(whole == parts, "\(name)/\(file)")
        }
      }
      #expect(try metrics("\(folder)/whole") == metrics("\(folder)/parts"))
    }
  }

  @Test("a batch in parts has the gradient of the whole")
  func accumulates() throws {
    try withCorpus { folder in
      var configuration = try configuration(folder)
      configuration.batchSize = 4
      configuration.maximumSteps = 3
      configuration.stepsPerEpoch = 3
      for parts in [1, 2, 4] {
        configuration.accumulation = parts
        #expect(try train(configuration, in: "\(folder)/\(parts)") == .finished)
      }
      // Adam would not notice a gradient of another size, so its norm is looked at too.
      for (name, tolerance) in [("train_loss", 1e-5), ("gradient_norm", 1e-3)] {
        let whole = try RunRecord("\(folder)/1").series(name).map(\.value)
        #expect(!whole.isEmpty)
        for parts in [2, 4] {
          let values = try RunRecord("\(folder)/\(parts)").series(name).map(\.value)
          for (a, b) in zip(values, whole) {
            #expect(abs(a - b) < tolerance * b, "\(name), \(parts) parts: \(a), whole: \(b)")
          }
        }
      }
    }
  }

  @Test("the average over all steps is what is validated and saved")
  func averages() throws {
    try withCorpus { folder in
      var configuration = try configuration(folder)
      configuration.maximumSteps = 5
      #expect(try train(configuration, in: "\(folder)/last") == .finished)
      configuration.averageDecay = 0.999
      #expect(try train(configuration, in: "\(folder)/average") == .finished)
      let start = WaveUNet(configuration.model, random: RandomStream(seed: UInt64(configuration.seed)).stream("weights"))
      func distance(_ run: String) throws -> Float {
        let model = try ModelFile.load(WaveUNet.self, from: "\(folder)/\(run)/checkpoints/last")
        return zip(model.parameters.tensors, start.parameters.tensors)
          .reduce(0) { $0 + ($1.0 - $1.1).squared().sum().scalar }.squareRoot()
      }
      // Five steps move an average that remembers a thousand by about three thousandths of the way.
      let (average, last) = (try distance("average"), try distance("last"))
      #expect(average > 0 && average < 0.01 * last, "average moved \(average), the weights \(last)")
    }
  }

  /// Trains another kind of network for three short epochs, whose losses have to fall.
  private func expectLearning<N>(_ base: SeparationConfiguration<N>, _ folder: String) throws {
    let configuration = try ConfigurationLoader.load(
      SeparationConfiguration<N>.self, base: base,
      overrides: [
        "model.sampleRate=8000", "data.path=\(folder)/corpus", "data.groups={accompaniment: [bass, drums, other]}",
        "outputFrames=300", "stepsPerEpoch=20", "maximumSteps=60", "validationWindows=4",
      ])
    #expect(try train(configuration, in: "\(folder)/run") == .finished)
    let losses = try RunRecord("\(folder)/run").series("train_loss").map(\.value)
    #expect(losses.count == 3 && losses[2] < losses[0], "training losses \(losses)")
  }

  @Test("spectrogram networks train on magnitudes, others refuse")
  func magnitudes() throws {
    try withCorpus { folder in
      #expect(try SeparationConfiguration<SpectrogramUNet>(preset: "spectrogram-u-net-u7a").loss == .magnitudes)
      var configuration = try SeparationConfiguration<SpectrogramUNet>(preset: "spectrogram-u-net-tiny")
      configuration.loss = .magnitudes
      configuration.optimizer.rate = 3e-3
      try expectLearning(configuration, folder)
      #expect(throws: ConfigurationError.self) {
        try ConfigurationLoader.load(
          SeparationConfiguration<WaveUNet>.self, base: self.configuration(folder), overrides: ["loss=magnitudes"])
      }
    }
  }

  @Test("networks with fixed filters train with their author's settings")
  func otherNetworks() throws {
    try withCorpus { folder in
      let configuration = try SeparationConfiguration<ResamplingWaveUNet>(preset: "wave-u-net-pytorch-tiny")
      #expect(configuration.loss == .l1 && configuration.batchSize == 4 && !configuration.secondStage.enabled)
      try expectLearning(configuration, folder)
      #expect(try ModelFile.loadSeparator("\(folder)/run").configuration.sources == ["accompaniment", "vocals"])
    }
  }

  @Test("training makes the loss smaller")
  func learns() throws {
    try withCorpus { folder in
      var configuration = try configuration(folder)
      configuration.maximumSteps = 120
      configuration.stepsPerEpoch = 40
      configuration.patience = 20
      configuration.optimizer.rate = 5e-3
      #expect(try train(configuration, in: "\(folder)/run") == .finished)
      let losses = try RunRecord("\(folder)/run").series("train_loss").map(\.value)
      #expect(losses.count == 3)
      #expect((losses.last ?? 1) < 0.9 * (losses.first ?? 0), "training losses \(losses)")
    }
  }

  @Test("patience leads to the second stage and to the end")
  func stages() throws {
    try withCorpus { folder in
      var configuration = try configuration(folder)
      configuration.maximumSteps = 0
      configuration.stepsPerEpoch = 1
      // So large that the loss can only get worse.
      configuration.optimizer.rate = 1
      configuration.secondStage.rate = 1
      #expect(try train(configuration, in: "\(folder)/run") == .finished)
      let stages = try RunRecord("\(folder)/run").metrics.compactMap { $0["stage"]?.integer }
      #expect(stages.first == 1 && stages.last == 2)
    }
  }
}
