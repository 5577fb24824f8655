public import SwiftDLModels

/// The settings of a separation run. The defaults are the paper's (Wave-U-Net, ISMIR 2018, section 4.2).
public struct SeparationConfiguration<N: SeparationNetwork>: RunConfiguration {
  public var preset = ""
  public var model: N.Configuration
  /// A model to begin with instead of random weights: a file, a run or one that comes trained, of the same shape.
  public var weights = ""
  public var data = SeparationDataSettings()
  /// The least output frames of a training window; the model rounds up. 0 takes the network's usual one.
  public var outputFrames = 0
  public var batchSize = 16
  /// Parts that a batch is computed in, one after another: the same gradient with less memory.
  public var accumulation = 1
  /// How slowly the average over the weights of all steps forgets, such as 0.999; it is what is validated and saved.
  /// 0 keeps the last weights.
  public var averageDecay: Float = 0
  public var loss = SeparationLoss.mse
  public var optimizer = SeparationOptimizerSettings()
  public var augmentation = SeparationAugmentation()
  public var secondStage = SeparationSecondStage()
  public var seed = 1337
  public var stepsPerEpoch = 2000
  /// Epochs without a better validation loss before a stage ends.
  public var patience = 20
  /// Steps after which training ends in any case, over both stages; 0 sets no bound.
  public var maximumSteps = 0
  /// Validation windows per epoch, spread over the validation tracks; 0 takes all.
  public var validationWindows = 0
  /// Minutes between checkpoints within an epoch.
  public var checkpointMinutes = 10.0

  public init() { model = N.presets[0].configuration }

  /// The defaults of a preset.
  public init(preset name: String) throws(ConfigurationError) {
    self.init()
    guard let found = N.presets.first(where: { $0.name == name }) else {
      let names = N.presets.map(\.name).joined(separator: ", ")
      throw ConfigurationError("preset", "there is no preset “\(name)” of this network", hint: "the presets are \(names)")
    }
    preset = name
    model = found.configuration
    adoptPublishedSettings()
  }

  /// What the author trained a preset with, where that differs from the paper's first networks.
  private mutating func adoptPublishedSettings() {
    if preset == "spectrogram-u-net-u7a" { loss = .magnitudes }
    if preset == "wave-u-net-m7" || preset.hasPrefix("spectrogram-u-net") {
      batchSize = 4
      secondStage.batchSize = 8
    }
    guard preset.hasPrefix("wave-u-net-pytorch") else { return }
    loss = .l1
    batchSize = 4
    secondStage.enabled = false
    optimizer.rate = 1e-3
    optimizer.schedule = .restarts
    optimizer.lowestRate = 5e-5
  }

  public func validate() throws(ConfigurationError) {
    if let problem = N.problem(with: model) { throw ConfigurationError("model", problem) }
    if loss == .magnitudes && !(N.self is any MagnitudeSeparator.Type) {
      throw ConfigurationError("loss", "is magnitudes, which \(N.architecture) does not estimate", hint: "take mse or l1")
    }
    for (key, value) in [
      ("batchSize", batchSize), ("stepsPerEpoch", stepsPerEpoch),
      ("patience", patience), ("secondStage.batchSize", secondStage.batchSize),
    ] where value < 1 { throw ConfigurationError(key, "is \(value); at least 1 is needed") }
    for (key, value) in [
      ("maximumSteps", maximumSteps), ("validationWindows", validationWindows),
      ("optimizer.warmupSteps", optimizer.warmupSteps), ("data.validationTracks", data.validationTracks),
      ("outputFrames", outputFrames), ("seed", seed),
    ] where value < 0 { throw ConfigurationError(key, "is \(value); 0 or more is needed") }
    for (key, size) in [("batchSize", batchSize), ("secondStage.batchSize", secondStage.batchSize)]
    where accumulation < 1 || size % accumulation != 0 {
      throw ConfigurationError("accumulation", "is \(accumulation), which does not divide \(key), \(size)")
    }
    if !(averageDecay >= 0 && averageDecay < 1) {
      throw ConfigurationError("averageDecay", "is \(averageDecay); 0 ..< 1 is possible")
    }
    if !(optimizer.lowestRate >= 0 && optimizer.lowestRate <= optimizer.rate) {
      throw ConfigurationError("optimizer.lowestRate", "is \(optimizer.lowestRate); 0 to optimizer.rate is possible")
    }
    if optimizer.fallsPerEpoch < 1 || optimizer.fallsPerEpoch > stepsPerEpoch {
      throw ConfigurationError("optimizer.fallsPerEpoch", "is \(optimizer.fallsPerEpoch); 1 to stepsPerEpoch is possible")
    }
    if !(augmentation.filterDecibels >= 0 && augmentation.filterDecibels <= 40) {
      throw ConfigurationError("augmentation.filterDecibels", "is \(augmentation.filterDecibels); 0 to 40 is possible")
    }
    for (key, rate) in [("optimizer.rate", optimizer.rate), ("secondStage.rate", secondStage.rate)]
    where !(rate > 0 && rate < 10) { throw ConfigurationError(key, "is \(rate); a positive number below 10 is needed") }
    if optimizer.schedule == .cosine && maximumSteps == 0 {
      throw ConfigurationError("optimizer.schedule", "cosine needs to know maximumSteps")
    }
    let gain = augmentation.gain
    guard gain.count == 2, gain[0] >= 0, gain[1] >= gain[0], gain[1] <= 100 else {
      throw ConfigurationError("augmentation.gain", "is \(gain); two numbers, low and high, are needed")
    }
    if outputFrames > 1 << 24 { throw ConfigurationError("outputFrames", "is \(outputFrames); at most \(1 << 24)") }
    if batchSize > 4096 { throw ConfigurationError("batchSize", "is \(batchSize); at most 4096") }
  }

  public static var comments: [String: String] {
    [
      "preset": "the network's starting point; model.* changes it",
      "weights": "a model of the same shape to begin with: fine-tuning; random weights when empty",
      "model.sources": "what is separated, in output order; a difference output's last one is the rest",
      "data.path": "corpus: train|valid|test/TRACK/STEM.wav, or a list in YAML",
      "data.groups": "sources that are sums of stems: {accompaniment: [bass, drums, other]}",
      "outputFrames": "least output frames of a window; the network rounds up; 0: its usual window",
      "loss": "mse, l1, or magnitudes: of spectrogram networks",
      "accumulation": "parts a batch is computed in: the same gradient with less memory",
      "averageDecay": "0.999, say: the average over the weights of all steps is what is saved; 0: the last weights",
      "optimizer.schedule": "constant; cosine: down to lowestRate at maximumSteps; restarts: fallsPerEpoch times",
      "optimizer.clipNorm": "0: gradients are left alone",
      "stepsPerEpoch": "steps between validations",
      "patience": "epochs without improvement before a stage ends",
      "maximumSteps": "0: no bound",
      "validationWindows": "0: all of them",
      "augmentation.remix": "sources of one mixture come from different songs",
      "augmentation.filterDecibels": "every source raised or lowered somewhere, at most so much; 0: never",
    ]
  }

  /// The sources as groups of stems.
  var groups: [SourceGroup] {
    model.sources.map { name in data.groups[name].map { SourceGroup(name, stems: $0) } ?? SourceGroup(stem: name) }
  }

  /// The frames of a training window.
  var window: WindowLengths { outputFrames > 0 ? model.window(forOutputFrames: outputFrames) : model.defaultWindow }
}
