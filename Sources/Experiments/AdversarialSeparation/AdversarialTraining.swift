public import SwiftDL
import SwiftDLModels

/// Trains a separator on few songs with stems, and by critics on mixtures and sources that have nothing to do with each
/// other (Stoller, Ewert, Dixon, ICASSP 2018).
///
/// A run's folder holds `checkpoints/last` and `checkpoints/best`, separators that `swiftdl separate` takes, with critics
/// and state that `--resume` continues from to the same bits, from the middle of an alternation too.
public struct AdversarialTraining {
  private let configuration: AdversarialConfiguration
  private let folder: RunFolder
  private let data: AdversarialData
  private let random: RandomStream
  private var networks: AdversarialSeparation
  private var position: AdversarialProgress
  private var lastCheckpoint = ContinuousClock.now

  /// Begins a run in a new folder, or continues the one in a folder.
  ///
  /// - Parameter decoding: told recordings decoded and recordings in all, before training starts.
  public init(
    _ configuration: AdversarialConfiguration, in folder: RunFolder, resuming: Bool,
    decoding: (Int, Int) -> Void = { _, _ in }
  ) throws(FileError) {
    let random = RandomStream(seed: UInt64(configuration.seed))
    let names = configuration.model.sources
    self.configuration = configuration
    self.folder = folder
    self.random = random
    let cache = configuration.data.cache.isEmpty ? "\(folder.path)/cache" : configuration.data.cache
    data = try AdversarialData(configuration, cache: cache, progress: decoding)
    networks = AdversarialSeparation(
      separator: AdversarialSeparator(configuration.model, random: random.stream("separator's weights")),
      optimizer: Adam(learningRate: configuration.optimizer.rate), sources: configuration.criticSources,
      criticOptimizer: Adam(learningRate: configuration.optimizer.criticRate),
      slopePenalty: configuration.critic.penalty, unpairedWeight: configuration.weight
    ) { source in
      SpectrogramCritic(configuration.criticNetwork, random: random.stream("weights of the critic of \(names[source])"))
    }
    position = AdversarialProgress(critics: networks.critics.count)
    if resuming { try restore() }
  }

  /// The data in one line.
  public var summary: String { data.summary }
  /// Of the separator, and of all critics together.
  public var parameterCounts: (separator: Int, critics: Int) {
    (networks.separator.parameterCount, networks.critics.reduce(0) { $0 + $1.network.parameterCount })
  }

  private var criticNames: [String] { networks.critics.map { configuration.model.sources[$0.source] } }

  // MARK: - The loop

  /// Trains until the run is complete or `shouldStop` says so, which is asked after every update of any network.
  ///
  /// - Throws: `FileError` when files fail or a loss stops being a number; the last good state is saved.
  public mutating func run(
    report: (AdversarialStep) -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws -> AdversarialOutcome {
    while !position.isFinished {
      guard try runEpoch(report: report, shouldStop: shouldStop) else {
        try save(isBest: false)
        return .interrupted(update: position.update)
      }
      let trainingLoss = position.lossOfEpoch / Double(max(1, position.updateOfEpoch))
      let validationLoss = data.hasValidation ? validate() : trainingLoss
      let isBest = position.endEpoch(validationLoss: validationLoss)
      try folder.log([
        "step": position.update, "epoch": position.epoch, "train_loss": trainingLoss, "valid_loss": validationLoss,
        "is_best": isBest,
      ])
      position.isFinished = position.isComplete(configuration)
      try save(isBest: isBest)
    }
    let counts = parameterCounts
    try folder.finish([
      "step": position.update, "epochs": position.epoch, "best_valid_loss": position.bestLoss ?? .nan,
      "parameters": counts.separator, "critic_parameters": counts.critics, "train_seconds": position.seconds,
      "peak_tensor_bytes": MemoryStatistics.current.peak, "peak_process_bytes": ProcessMemory.peakBytes,
    ])
    return .finished
  }

  /// Trains to the end of the epoch. Returns false when asked to stop before it.
  private mutating func runEpoch(report: (AdversarialStep) -> Void, shouldStop: () -> Bool) throws -> Bool {
    var last = configuration.updatesPerEpoch
    if configuration.maximumUpdates > 0 {
      last = min(last, position.updateOfEpoch + configuration.maximumUpdates - position.update)
    }
    while position.updateOfEpoch < last {
      var started = ContinuousClock.now
      func passed() -> Double {
        defer { started = .now }
        return (ContinuousClock.now - started).seconds
      }
      var seconds = 0.0
      while !networks.critics.isEmpty, position.criticUpdate < configuration.critic.updates {
        try updateCritics()
        position.criticUpdate += 1
        seconds += passed()
        if shouldStop() {
          position.seconds += seconds
          return false
        }
      }
      try updateSeparator()
      seconds += passed()
      position.criticUpdate = 0
      position.update += 1
      position.updateOfEpoch += 1
      position.seconds += seconds
      report(
        AdversarialStep(
          update: position.update, epoch: position.epoch, updateOfEpoch: position.updateOfEpoch, updatesOfEpoch: last,
          meanLoss: position.lossOfEpoch / Double(position.updateOfEpoch),
          score: position.separator.score / Double(max(1, position.separator.updates)), seconds: seconds))
      if position.separator.updates >= configuration.updatesPerLine || position.updateOfEpoch == last { try logLine() }
      if position.updateOfEpoch < last {
        if shouldStop() { return false }
        if ContinuousClock.now - lastCheckpoint > .seconds(configuration.checkpointMinutes * 60) { try save(isBest: false) }
      }
    }
    return true
  }

  private mutating func logLine() throws {
    let line: JSONObject = ["step": position.update]
    let time: JSONObject = ["train_seconds": position.seconds]
    try folder.log(line.merging(position.line(names: criticNames)).merging(time))
    position.beginLine()
  }

  // MARK: - Updates

  /// The number of the unpaired batch that is next: of every alternation as many as critics' updates, and one more.
  private var unpairedNumber: Int { position.update * (configuration.critic.updates + 1) + position.criticUpdate }

  private mutating func updateCritics() throws {
    let (number, size, data) = (unpairedNumber, configuration.batchSize, data)
    guard let waveforms = data.mixtures(number, size: size) else { return }
    let separator = networks.separator
    let random = random.stream("points between").stream(number)
    let figures = networks.updateCritics(separator.spectrogram(waveforms)) { critic, fake in
      let alone = data.solos(critic.source, number, size: size) ?? .zeros(waveforms.shape)
      let real = AdversarialSeparation.seen(
        by: critic.network, of: separator.extended(separator.spectrogram(alone)))
      var random = random.stream(critic.source)
      return .init(
        real: real, fake: fake, order: random.permutation(of: size), shares: random.uniform([size, 1, 1, 1]))
    }
    if let failed = figures.firstIndex(where: { !$0.loss.isFinite }) {
      throw try divergence(of: "the critic of \(criticNames[failed])")
    }
    for index in figures.indices { position.critics[index] += figures[index] }
  }

  private mutating func updateSeparator() throws {
    let size = configuration.batchSize
    let paired = data.paired(position.update, size: size).spectrograms(networks.separator)
    let unpaired = data.mixtures(unpairedNumber, size: size).map(networks.separator.spectrogram)
    let figures = networks.updateSeparator(paired: paired, unpaired: unpaired)
    guard figures.isFinite else { throw try divergence(of: "the separator") }
    position.separator += figures
    position.lossOfEpoch += figures.supervised
  }

  /// The failed update has changed nothing: what is saved is the state before it.
  private mutating func divergence(of part: String) throws(FileError) -> FileError {
    try save(isBest: false)
    return FileError(
      folder.path, "the loss of \(part) stopped being a number at update \(position.update + 1)",
      hint: "the state before it is saved; resume with a smaller optimizer.rate or optimizer.criticRate")
  }

  /// The mean supervised loss over the validation windows.
  private func validate() -> Double {
    var total = 0.0
    var windows = 0
    for (count, batch) in data.validationBatches(size: configuration.batchSize) {
      let (mixture, targets) = batch.spectrograms(networks.separator)
      let loss = AdversarialSeparation.supervisedLoss(networks.separator, mixture, targets)
      total += Double(loss.scalar) * Double(count)
      windows += count
    }
    return total / Double(max(1, windows))
  }

  // MARK: - Checkpoints

  private mutating func save(isBest: Bool) throws(FileError) {
    lastCheckpoint = .now
    var state = TrainingState(
      step: position.update, epoch: position.epoch, stepOfEpoch: position.updateOfEpoch, adam: networks.optimizer.state,
      progress: position)
    for critic in networks.critics {
      state.optimizers[Self.name(of: critic)] = critic.optimizer.state
      state.values[Self.name(of: critic)] = critic.network.parameters
    }
    var metadata = ModelFile.metadata(of: networks.separator)
    metadata["task"] = AdversarialConfiguration.taskName
    try checkpoints.write(networks.separator, state, metadata: metadata, isBest: isBest)
  }

  private static func name(of critic: AdversarialSeparation.SourceCritic) -> String { "critic \(critic.source)" }

  private mutating func restore() throws(FileError) {
    guard let last = try checkpoints.last() else {
      throw FileError(folder.path, "this run has no checkpoint", hint: "delete the folder and start again")
    }
    let state = try Checkpoint.read(into: &networks.separator, from: last)
    (networks.optimizer.state, position) = try state.progress(
      as: AdversarialProgress.self, last, of: "adversarial separation")
    // The rates are those of the settings, which a resumed run may lower.
    networks.optimizer.learningRate = configuration.optimizer.rate
    for index in networks.critics.indices {
      let name = Self.name(of: networks.critics[index])
      let own = networks.critics[index].network.parameters
      guard let values = state.values[name], let optimizer = state.optimizers[name], own.paths == values.paths,
        zip(own.tensors, values.tensors).allSatisfy({ $0.shape == $1.shape })
      else { throw FileError(last, "has no \(name) of this shape", hint: "start a new run") }
      networks.critics[index].network = networks.critics[index].network.mapParameters { path, _ in values[path] }
      networks.critics[index].optimizer.state = optimizer
      networks.critics[index].optimizer.learningRate = configuration.optimizer.criticRate
    }
    // A finished run goes on when its bounds were raised.
    position.isFinished = position.isComplete(configuration)
    try folder.rewind(toStep: position.update)
  }

  private var checkpoints: CheckpointStore { CheckpointStore(folder.checkpoints) }
}
