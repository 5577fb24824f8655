import SwiftDL
public import SwiftDLModels

/// Trains a generator against discriminators that each estimate a factor of the ratio between real and generated densities
/// (Stoller, Ewert, Dixon, ICLR 2020): of any sample that falls into parts, as an ordinary GAN, a FactorGAN, or one without
/// the dependency of real parts.
///
/// A run's folder holds `checkpoints/last`, whose weights are the generator, with the state that `--resume` continues from
/// to the same bits; every epoch's generator below `generators`; and every epoch's samples of the same inputs.
public struct FactorGANTraining<G: SampleGenerator, D: Network> {
  public enum Outcome: Sendable, Equatable {
    /// The run is complete.
    case finished(FactorGANResult)
    /// Somebody asked to stop; the state is saved.
    case interrupted(update: Int)
  }

  private let configuration: FactorGANConfiguration
  private let folder: RunFolder
  private let data: any FactorGANData
  private let random: RandomStream
  private let workers: FactorWorkers
  private var orders: [BatchOrder]
  private var gan: FactorGAN<G, D>
  private var position: FactorGANProgress
  private var lastCheckpoint = ContinuousClock.now

  /// Begins a run in a new folder, or continues the one in a folder.
  ///
  /// - Parameters:
  ///   - generator: a fresh one, from a stream of random numbers.
  ///   - discriminator: a fresh one for a factor.
  init(
    _ configuration: FactorGANConfiguration, data: any FactorGANData, in folder: RunFolder, resuming: Bool,
    generator: (RandomStream) -> G, discriminator: (DensityFactor, RandomStream) -> D
  ) throws(FileError) {
    let random = RandomStream(seed: UInt64(configuration.seed))
    let factors = configuration.factorisation.factors(of: data.parts, given: data.given)
    let settings = configuration.optimizer
    self.configuration = configuration
    self.folder = folder
    self.data = data
    self.random = random
    workers = FactorWorkers(pieces: factors.count)
    gan = FactorGAN(
      generator: generator(random.stream("generator's weights")),
      discriminator: FactorisedDiscriminator(parts: data.parts, factors: factors) { factor in
        discriminator(factor, random.stream("weights of \(factor.name)"))
      },
      objective: configuration.objective,
      optimizer: Adam(learningRate: settings.rate, beta1: settings.beta1, beta2: settings.beta2))
    orders = factors.map { factor in
      BatchOrder(
        count: data.count(of: factor), batchSize: configuration.batchSize, random: random.stream("order of \(factor.name)"))
    }
    position = FactorGANProgress(factors: factors.count)
    if resuming { try restore() }
  }

  /// Of the generator, and of all discriminators together.
  public var parameterCounts: (generator: Int, discriminators: Int) {
    (gan.generator.parameterCount, gan.discriminator.parameterCount)
  }

  // MARK: - The loop

  /// Trains until the run is complete or `shouldStop` says so, which is asked after every update of the generator.
  ///
  /// - Throws: `FileError` when files fail or a loss stops being a number; the last checkpoint stays.
  public mutating func run(
    report: (FactorGANStep) -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws -> Outcome {
    var scores = JSONObject()
    while !position.isFinished {
      guard try runEpoch(report: report, shouldStop: shouldStop) else {
        try save()
        return .interrupted(update: position.update)
      }
      position.epoch += 1
      position.updateOfEpoch = 0
      position.generatorLossOfEpoch = 0
      scores = try look()
      position.isFinished = position.epoch >= configuration.epochs
      try save()
    }
    let judged = random.stream("judged")
    if scores.isEmpty { scores = data.scores(of: gan.generator, random: judged) }
    guard let last = try data.finalScores(of: gan.generator, random: judged, shouldStop: shouldStop) else {
      return .interrupted(update: position.update)
    }
    if !last.isEmpty {
      let line: JSONObject = ["step": position.update]
      try folder.log(line.merging(last))
      scores = scores.merging(last)
    }
    let result = FactorGANResult(updates: position.update, seconds: position.seconds, scores: scores)
    try folder.finish(
      ([
        "step": result.updates, "epochs": position.epoch, "generator_parameters": parameterCounts.generator,
        "discriminator_parameters": parameterCounts.discriminators, "train_seconds": result.seconds,
        "updates_per_second": Double(result.updates) / max(result.seconds, 1e-9),
        "peak_tensor_bytes": MemoryStatistics.current.peak, "peak_process_bytes": ProcessMemory.peakBytes,
      ] as JSONObject).merging(scores))
    return .finished(result)
  }

  /// Trains to the end of the epoch. Returns false when asked to stop before it.
  private mutating func runEpoch(report: (FactorGANStep) -> Void, shouldStop: () -> Bool) throws -> Bool {
    while position.updateOfEpoch < configuration.updatesPerEpoch {
      let started = ContinuousClock.now
      if let failed = updateDiscriminators() { throw divergence(of: failed) }
      guard updateGenerator() else { throw divergence(of: "generator") }
      position.update += 1
      position.updateOfEpoch += 1
      position.line.updates += 1
      let seconds = (ContinuousClock.now - started).seconds
      position.seconds += seconds
      let isLast = position.updateOfEpoch == configuration.updatesPerEpoch
      if position.line.updates == configuration.updatesPerLine || isLast { try logLine() }
      report(
        FactorGANStep(
          update: position.update, epoch: position.epoch, updateOfEpoch: position.updateOfEpoch,
          generatorLoss: position.generatorLossOfEpoch / Double(position.updateOfEpoch), seconds: seconds))
      if !isLast {
        if shouldStop() { return false }
        if ContinuousClock.now - lastCheckpoint > .seconds(configuration.checkpointMinutes * 60) { try save() }
      }
    }
    return true
  }

  private mutating func logLine() throws {
    var line: JSONObject = ["step": position.update]
    line = line.merging(position.line.json(names: gan.discriminator.factors.map(\.name)))
    line["train_seconds"] = .number(position.seconds)
    try folder.log(line)
    position.line = .init(factors: gan.discriminator.factors.count)
  }

  // MARK: - Updates

  /// All updates of the discriminators before one of the generator, which stays as it is meanwhile: so each factor goes
  /// through its own, whatever the others do. Returns the name of one whose loss is no number.
  private mutating func updateDiscriminators() -> String? {
    let (data, random, parts, factors) = (data, random, gan.discriminator.parts, gan.discriminator.factors)
    let (generator, batchSize, count) = (gan.generator, configuration.batchSize, configuration.discriminatorUpdates)
    let numbers = position.update * count..<(position.update + 1) * count
    // One of each for every factor, so that factors can go side by side.
    var (orders, figures) = (orders, position.line.factors)
    var losses = [Double](repeating: 0, count: factors.count)
    withMutableElements(&orders, &figures, &losses) { orders, figures, losses in
      nonisolated(unsafe) let (orders, figures, losses) = (orders, figures, losses)
      gan.eachFactor(workers) { index, network, optimizer in
        let factor = factors[index]
        for number in numbers where losses[index].isFinite {
          var random = random.stream("batches of \(factor.name)").stream(number)
          func made() -> Tensor {
            let inputs = data.inputs(batchSize, random: &random)
            return generator.samples(inputs, Context(training: true, random: random.stream("generator")))
          }
          func known() -> Tensor { data.real(orders[index].batch(number), for: factor) }
          let (real, fake): (Tensor, Tensor)
          switch factor {
          case .whole, .marginal: (real, fake) = (known(), factor.seen(of: made(), parts))
          case .realDependency:
            real = known()
            fake = parts.shuffled(real, random: &random)
          case .generatedDependency:
            real = made()
            fake = parts.shuffled(real, random: &random)
          }
          losses[index] = FactorGAN<G, D>.update(&network, &optimizer, real: real, fake: fake, figures: &figures[index])
        }
      }
    }
    (self.orders, position.line.factors) = (orders, figures)
    return losses.firstIndex { !$0.isFinite }.map { factors[$0].name }
  }

  private mutating func updateGenerator() -> Bool {
    var random = random.stream("generator's batches").stream(position.update)
    let inputs = data.inputs(configuration.batchSize, random: &random)
    let (loss, logit) = gan.updateGenerator(inputs, random: random.stream("generator"), workers)
    guard loss.isFinite else { return false }
    position.line.generatorLoss += loss
    position.line.jointLogit += logit
    position.generatorLossOfEpoch += loss
    return true
  }

  /// Some networks have made the update and others have not: only the last checkpoint is a state to go on from.
  private func divergence(of part: String) -> FileError {
    FileError(
      folder.path, "the loss of \(part) stopped being a number at update \(position.update + 1)",
      hint: "the last checkpoint is sound; resume from it with a smaller optimizer.rate")
  }

  // MARK: - Epochs

  /// Judges the generator and keeps pictures of what it makes.
  private func look() throws -> JSONObject {
    var random = random.stream("looked at")
    let samples = gan.generator.samples(data.inputsToLookAt(random: &random), .inference)
    let number = String(position.epoch)
    let name = String(repeating: "0", count: max(0, 3 - number.count)) + number
    try data.picture(samples).write(to: folder.sample("epoch-\(name).png"))
    if configuration.keepsGenerators {
      try Folders.create("\(folder.path)/generators")
      try ModelFile.save(
        gan.generator, to: "\(folder.path)/generators/epoch-\(name).safetensors",
        metadata: ["task": configuration.task.rawValue])
    }
    let scores = data.scores(of: gan.generator, random: self.random.stream("judged"))
    let line: JSONObject = ["step": position.update, "epoch": position.epoch]
    try folder.log(line.merging(scores))
    return scores
  }

  // MARK: - Checkpoints

  private mutating func save() throws(FileError) {
    lastCheckpoint = .now
    var state = TrainingState(
      step: position.update, epoch: position.epoch, stepOfEpoch: position.updateOfEpoch, adam: gan.generatorOptimizer.state,
      progress: position)
    for (index, factor) in gan.discriminator.factors.enumerated() {
      state.optimizers[factor.name] = gan.optimizers[index].state
      state.values[factor.name] = gan.discriminator.networks[index].allFields
    }
    var metadata = ModelFile.metadata(of: gan.generator)
    metadata["task"] = configuration.task.rawValue
    try checkpoints.write(gan.generator, state, metadata: metadata)
  }

  private mutating func restore() throws(FileError) {
    guard let last = try checkpoints.last() else {
      throw FileError(folder.path, "this run has no checkpoint", hint: "delete the folder and start again")
    }
    let state = try Checkpoint.read(into: &gan.generator, from: last)
    (gan.generatorOptimizer.state, position) = try state.progress(as: FactorGANProgress.self, last, of: "FactorGAN")
    for (index, factor) in gan.discriminator.factors.enumerated() {
      guard let fields = state.values[factor.name], let optimizer = state.optimizers[factor.name],
        gan.discriminator.networks[index].replaceFields(with: fields)
      else { throw FileError(last, "has no discriminator \(factor.name) of this shape", hint: "start a new run") }
      gan.optimizers[index].state = optimizer
    }
    // A finished run goes on when it was given more epochs.
    position.isFinished = position.epoch >= configuration.epochs
    try folder.rewind(toStep: position.update)
  }

  private var checkpoints: CheckpointStore { CheckpointStore(folder.checkpoints) }
}

extension Module {
  /// Parameters and buffers by path.
  fileprivate var allFields: ParameterValues {
    var fields = ParameterValues()
    var copy = self
    copy.forEachField { _, path, tensor in fields.append(path, tensor) }
    return fields
  }

  /// Takes parameters and buffers of the same paths and shapes; false, and nothing has changed, where they differ.
  fileprivate mutating func replaceFields(with fields: ParameterValues) -> Bool {
    let own = allFields
    guard own.paths == fields.paths, zip(own.tensors, fields.tensors).allSatisfy({ $0.shape == $1.shape }) else {
      return false
    }
    forEachField { _, path, tensor in tensor = fields[path] }
    return true
  }
}

/// The elements of three lists to change side by side, each by whoever it belongs to.
private func withMutableElements<A, B, C>(
  _ a: inout [A], _ b: inout [B], _ c: inout [C],
  _ body: (UnsafeMutableBufferPointer<A>, UnsafeMutableBufferPointer<B>, UnsafeMutableBufferPointer<C>) -> Void
) {
  a.withUnsafeMutableBufferPointer { a in
    b.withUnsafeMutableBufferPointer { b in
      c.withUnsafeMutableBufferPointer { c in body(a, b, c) }
    }
  }
}
