public import SwiftDLModels

/// The settings of a run that trains a sequence network. The defaults are the paper's best ones for the task
/// and the network (Seq-U-Net, IJCAI 2020, section 4, and the authors' code).
public struct SequenceConfiguration<N: SequenceNetwork>: RunConfiguration {
  public var task = SequenceTask.music
  public var preset = ""
  public var model: N.Configuration
  public var data = SequenceDataSettings()
  /// Rows of a training batch; music takes one piece at a time.
  public var batchSize = 16
  /// The first output frames of a window are not scored, for want of context: of networks that put zeros there.
  public var contextFrames = 0
  public var optimizer = SequenceOptimizerSettings()
  public var epochs = 100
  /// Epochs without a better validation loss before training ends; 0 never ends it early.
  public var patience = 0
  /// Steps between validations; 0 takes the whole training part.
  public var stepsPerEpoch = 0
  /// Batches of an evaluation, evenly spread; 0 takes all.
  public var evaluationBatches = 0
  public var seed = 1111
  /// Steps after which training ends in any case; 0 sets no bound.
  public var maximumSteps = 0
  /// Seconds of training steps after which training ends in any case; 0 sets no bound.
  public var maximumSeconds = 0.0
  /// Minutes between checkpoints within an epoch.
  public var checkpointMinutes = 10.0

  public init() { model = N.presets[0].configuration }

  /// The published settings of a preset for a task.
  public init(task: SequenceTask, preset name: String) throws(ConfigurationError) {
    self.init()
    guard let found = N.presets.first(where: { $0.name == name }) else {
      let names = N.presets.map(\.name).joined(separator: ", ")
      throw ConfigurationError("preset", "there is no preset “\(name)” of this network", hint: "the presets are \(names)")
    }
    self.task = task
    preset = name
    model = found.configuration
    switch task {
    case .characters, .words: optimizer.halvingWindow = 5
    case .music:
      batchSize = 1
      optimizer.halvingWindow = 10
    case .audio:
      optimizer.rate = 5e-4
      optimizer.halvingWindow = 0
      epochs = 1
      stepsPerEpoch = 1000
      evaluationBatches = 64
    case .copyMemory:
      batchSize = 32
      epochs = 20
    }
    publishedSettings[name]?(&optimizer, &contextFrames)
  }

  public func validate() throws(ConfigurationError) {
    if let problem = N.problem(with: model) { throw ConfigurationError("model", problem) }
    for (key, value) in [("batchSize", batchSize), ("epochs", epochs)] where value < 1 || value > 1 << 20 {
      throw ConfigurationError(key, "is \(value); 1 to \(1 << 20) are possible")
    }
    for (key, value) in [
      ("contextFrames", contextFrames), ("patience", patience), ("stepsPerEpoch", stepsPerEpoch),
      ("evaluationBatches", evaluationBatches), ("seed", seed), ("maximumSteps", maximumSteps),
      ("optimizer.halvingWindow", optimizer.halvingWindow), ("optimizer.halvingStart", optimizer.halvingStart),
      ("data.wordLimit", data.wordLimit), ("data.blanks", data.blanks),
    ] where value < 0 { throw ConfigurationError(key, "is \(value); 0 or more is needed") }
    if !(optimizer.rate > 0 && optimizer.rate < 10) {
      throw ConfigurationError("optimizer.rate", "is \(optimizer.rate); a positive number below 10 is needed")
    }
    if !(optimizer.clipNorm >= 0) {
      throw ConfigurationError("optimizer.clipNorm", "is \(optimizer.clipNorm); 0 or more is needed")
    }
    if task == .music && batchSize != 1 {
      throw ConfigurationError("batchSize", "is \(batchSize); music takes 1 piece at a time")
    }
    if data.sequences < batchSize { throw ConfigurationError("data.sequences", "is \(data.sequences), less than a batch") }
  }

  public static var comments: [String: String] {
    [
      "task": SequenceTask.allCases.map(\.rawValue).joined(separator: ", "),
      "preset": "the network's starting point; model.* changes it",
      "data.path": "text: a folder or file; music: a .mat file or a folder of MIDI; audio: a folder",
      "data.lineEnds": "characters: whether line ends count as such",
      "data.wordLimit": "words: how many different ones there may be; 0: all",
      "contextFrames": "first output frames of a window that do not count",
      "optimizer.clipNorm": "0: gradients are left alone",
      "optimizer.halvingWindow": "the rate is halved when the validation loss is above the last so many; 0: never",
      "optimizer.halvingStart": "epochs before the rate may be halved",
      "patience": "epochs without improvement before the end; 0: no matter",
      "stepsPerEpoch": "0: once over the training part",
      "evaluationBatches": "0: all of them",
      "maximumSteps": "0: no bound",
      "maximumSeconds": "0: no bound",
    ]
  }
}

/// What a sequence network is trained on.
public struct SequenceDataSettings: RunConfiguration {
  public var path = ""
  /// Where decoded audio is kept; beside the run's folder when empty.
  public var cache = ""
  /// Whether the ends of lines are characters. The published figures for the Penn Treebank leave them out.
  public var lineEnds = true
  /// The most frequent words stay, the others become `<unk>`; 0 keeps all.
  public var wordLimit = 10_000
  /// Frames per second of rolls made of MIDI.
  public var framesPerQuarter = 2.0
  /// Blanks between the symbols and the mark, and how many sequences there are to train on.
  public var blanks = 1000
  public var sequences = 10_000
  public init() {}
}

/// Adam, and when its rate is halved.
public struct SequenceOptimizerSettings: RunConfiguration {
  public var rate: Float = 1e-3
  /// Gradients are scaled down to this global norm; 0 leaves them alone.
  public var clipNorm: Float = 0
  /// The rate is halved when an epoch's validation loss is above the largest of the last so many; 0 never.
  public var halvingWindow = 5
  /// Epochs before the rate may be halved.
  public var halvingStart = 10
  public init() {}
}

extension SequenceOptimizerSettings {
  /// What the authors' search found best for a preset; `nil` where they published nothing.
  static func published(_ preset: String) -> SequenceOptimizerSettings? {
    publishedSettings[preset].map { settings in
      var (optimizer, context) = (SequenceOptimizerSettings(), 0)
      settings(&optimizer, &context)
      return optimizer
    }
  }
}

/// What the authors' search found best, by preset: rate, clipping and frames that only give context.
private let publishedSettings: [String: @Sendable (inout SequenceOptimizerSettings, inout Int) -> Void] = {
  func settings(_ rate: Float, clip: Float = 0, context: Int = 0)
    -> @Sendable (inout SequenceOptimizerSettings, inout Int) -> Void
  {
    { optimizer, contextFrames in
      optimizer.rate = rate
      optimizer.clipNorm = clip
      contextFrames = context
    }
  }
  return [
    "tcn-char": settings(0.00014, clip: 0.213, context: 80), "seq-u-net-char": settings(0.00073),
    "tcn-word": settings(0.00115, context: 72), "seq-u-net-word": settings(0.00037, clip: 0.722),
    "tcn-muse": settings(0.00023), "seq-u-net-muse": settings(0.00047),
    "tcn-nottingham": settings(0.000067, clip: 0.601), "seq-u-net-nottingham": settings(0.00108),
    "tcn-jsb": settings(0.00134), "seq-u-net-jsb": settings(0.00051, clip: 0.324),
    // Nothing is published for these pieces; MuseData's are the nearest.
    "tcn-piano-midi": settings(0.00023), "seq-u-net-piano-midi": settings(0.00047),
  ]
}()
