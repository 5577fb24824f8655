public import SwiftDLModels

/// The settings of a separation run. The defaults are the paper's (Wave-U-Net, ISMIR 2018, section 4.2).
public struct SeparationConfiguration: RunConfiguration {
  /// What is trained on.
  public struct Data: RunConfiguration {
    /// A corpus in MUSDB18-HQ's layout: train|valid|test/TRACK/STEM.wav.
    public var path = ""
    /// Where decoded audio at the model's rate is kept; inside the run's folder when empty.
    public var cache = ""
    /// Names of stems that add up to a source, for sources that are no stem: `{accompaniment: [bass, drums, other]}`.
    public var groups: [String: [String]] = [:]
    /// Tracks taken from train for validation when the corpus has no split of its own.
    public var validationTracks = 25
    public init() {}
  }

  /// What is changed about the excerpts.
  public struct Augmentation: RunConfiguration {
    /// Every source is scaled by a factor drawn from this range.
    public var gain = [0.7, 1.0]
    /// The sources of a mixture come from different songs and times.
    public var remix = false
    /// Left and right change places half of the time.
    public var swapChannels = false
    public init() {}
  }

  /// The optimiser.
  public struct Optimizer: RunConfiguration {
    public var rate: Float = 1e-4
    /// Gradients are scaled down to this global norm; 0 leaves them alone.
    public var clipNorm: Float = 0
    /// Steps over which the rate rises from 0.
    public var warmupSteps = 0
    /// What the rate does afterwards, in the first stage.
    public var schedule = Schedule.constant
    public init() {}
  }

  /// The course of the rate.
  public enum Schedule: String, Codable, Sendable, CaseIterable {
    case constant
    /// Half a cosine down to 0 at `maximumSteps`.
    case cosine
  }

  /// The second stage: further training from the last weights with a larger batch and a smaller rate.
  public struct SecondStage: RunConfiguration {
    public var enabled = true
    public var batchSize = 32
    public var rate: Float = 1e-5
    public init() {}
  }

  /// Loss per sample.
  public enum Loss: String, Codable, Sendable, CaseIterable {
    case mse, l1
  }

  public var preset = "wave-u-net-m1"
  public var model = WaveUNetConfiguration.m1
  public var data = Data()
  /// The least output frames of a training window; the model rounds up.
  public var outputFrames = 16384
  public var batchSize = 16
  public var loss = Loss.mse
  public var optimizer = Optimizer()
  public var augmentation = Augmentation()
  public var secondStage = SecondStage()
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

  public init() {}

  /// The defaults with another preset's network.
  public init(preset: String) throws(ConfigurationError) {
    self.init()
    guard let found = WaveUNetConfiguration.presets.first(where: { $0.name == preset }) else {
      let names = WaveUNetConfiguration.presets.map(\.name)
      throw ConfigurationError("preset", "there is no preset “\(preset)”", hint: "the presets are \(names.joined(separator: ", "))")
    }
    self.preset = preset
    model = found.configuration
  }

  public func validate() throws(ConfigurationError) {
    if let problem = model.problem { throw ConfigurationError("model", problem) }
    for (key, value) in [
      ("batchSize", batchSize), ("outputFrames", outputFrames), ("stepsPerEpoch", stepsPerEpoch),
      ("patience", patience), ("secondStage.batchSize", secondStage.batchSize),
    ] where value < 1 { throw ConfigurationError(key, "is \(value); at least 1 is needed") }
    for (key, value) in [
      ("maximumSteps", maximumSteps), ("validationWindows", validationWindows),
      ("optimizer.warmupSteps", optimizer.warmupSteps), ("data.validationTracks", data.validationTracks),
      ("seed", seed),
    ] where value < 0 { throw ConfigurationError(key, "is \(value); 0 or more is needed") }
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

  public static let comments: [String: String] = [
    "preset": "the network's starting point; model.* changes it",
    "model.sources": "what is separated, in output order; a difference output's last one is the rest",
    "data.path": "corpus: train|valid|test/TRACK/STEM.wav",
    "data.groups": "sources that are sums of stems: {accompaniment: [bass, drums, other]}",
    "outputFrames": "least output frames of a window; the network rounds up",
    "loss": "mse or l1",
    "optimizer.schedule": "constant, or cosine: down to 0 at maximumSteps",
    "optimizer.clipNorm": "0: gradients are left alone",
    "stepsPerEpoch": "steps between validations",
    "patience": "epochs without improvement before a stage ends",
    "maximumSteps": "0: no bound",
    "validationWindows": "0: all of them",
    "augmentation.remix": "sources of one mixture come from different songs",
  ]

  /// The sources as groups of stems.
  var groups: [SourceGroup] {
    model.sources.map { name in data.groups[name].map { SourceGroup(name, stems: $0) } ?? SourceGroup(stem: name) }
  }
}
