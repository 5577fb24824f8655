public import SwiftDLModels

/// Which sources have a critic.
public enum AdversarialVariant: String, Codable, Sendable, CaseIterable {
  /// None: what the songs with stems teach alone.
  case base
  /// The lead, such as the voice.
  case v
  /// All.
  case va
}

/// The settings of a run of adversarial semi-supervised separation. The defaults are the authors' (Stoller, Ewert, Dixon,
/// ICASSP 2018, and their code).
public struct AdversarialConfiguration: RunConfiguration {
  /// The word that tells such a run from others.
  public static let taskName = "adversarial-separation"

  public var task = Self.taskName
  public var variant = AdversarialVariant.va
  /// The source that has the critic of variant v.
  public var lead = "vocals"
  public var model = AdversarialSeparatorConfiguration()
  public var critic = AdversarialCriticSettings()
  public var data = AdversarialDataSettings()
  public var batchSize = 64
  /// How much both unpaired losses count, α and β; by variant when absent.
  public var unpairedWeight: Float?
  public var optimizer = AdversarialOptimizerSettings()
  public var seed = 1337
  /// Updates of the separator in an epoch.
  public var updatesPerEpoch = 1000
  /// Epochs without a better validation loss that are waited for; one more ends the run.
  public var patience = 6
  /// Updates of the separator after which training ends in any case; 0 sets no bound.
  public var maximumUpdates = 0
  /// Validation windows per epoch, spread over the validation songs; 0 takes all.
  public var validationWindows = 0
  /// Updates of the separator between two lines of metrics.
  public var updatesPerLine = 10
  /// Minutes between checkpoints within an epoch.
  public var checkpointMinutes = 10.0

  public init() {}

  /// Indices of the sources that have a critic.
  var criticSources: [Int] {
    switch variant {
    case .base: []
    case .v: model.sources.indices.filter { model.sources[$0] == lead }
    case .va: Array(model.sources.indices)
    }
  }

  /// α and β: the paper's for V, and for VA what the authors' code has had since March 2018.
  var weight: Float { unpairedWeight ?? (variant == .v ? 0.01 : 0.001) }

  /// A critic's shape: of the middle of what the separator gives.
  var criticNetwork: SpectrogramCriticConfiguration {
    var network = SpectrogramCriticConfiguration()
    let size = model.network.outputSize
    func most(_ extent: Int, halvings: Int) -> Int { halvings < 31 ? (extent >> halvings) << halvings : 0 }
    network.bins = most(size.bins, halvings: critic.halving.count + critic.halvingBins.count)
    network.frames = most(size.frames, halvings: critic.halving.count)
    (network.halving, network.halvingBins, network.hidden) = (critic.halving, critic.halvingBins, critic.hidden)
    return network
  }

  public func validate() throws(ConfigurationError) {
    if task != Self.taskName { throw ConfigurationError("task", "is \(task), where \(Self.taskName) is trained") }
    if let problem = model.problem { throw ConfigurationError("model", problem) }
    if variant != .base {
      if let problem = criticNetwork.problem { throw ConfigurationError("critic", problem) }
    }
    if variant == .v && criticSources.isEmpty {
      let names = model.sources.joined(separator: ", ")
      throw ConfigurationError("lead", "is \(lead), which is no source; model.sources are \(names)")
    }
    for (key, value, limit) in [
      ("batchSize", batchSize, 4096), ("critic.updates", critic.updates, 1000),
      ("updatesPerEpoch", updatesPerEpoch, 1 << 30), ("updatesPerLine", updatesPerLine, 1 << 30),
    ] where value < 1 || value > limit {
      throw ConfigurationError(key, "is \(value); 1 to \(limit) are possible")
    }
    for (key, value) in [
      ("seed", seed), ("patience", patience), ("maximumUpdates", maximumUpdates), ("validationWindows", validationWindows),
    ] where value < 0 { throw ConfigurationError(key, "is \(value); 0 or more is needed") }
    for (key, value) in [("unpairedWeight", unpairedWeight ?? 0), ("critic.penalty", critic.penalty)]
    where !(value >= 0 && value <= 1e6) {
      throw ConfigurationError(key, "is \(value); a number from 0 to 1000000 is needed")
    }
    for (key, rate) in [("optimizer.rate", optimizer.rate), ("optimizer.criticRate", optimizer.criticRate)]
    where !(rate > 0 && rate < 10) { throw ConfigurationError(key, "is \(rate); a positive number below 10 is needed") }
    let gain = data.gain
    guard gain.count == 2, gain[0] >= 0, gain[1] >= gain[0], gain[1] <= 100 else {
      throw ConfigurationError("data.gain", "is \(gain); two numbers, low and high, are needed")
    }
    if !(checkpointMinutes > 0) {
      throw ConfigurationError("checkpointMinutes", "is \(checkpointMinutes); more than 0 is needed")
    }
  }

  public static var comments: [String: String] {
    [
      "variant": "base: no critic; v: one of the lead; va: one of every source",
      "lead": "the source that variant v has a critic for",
      "model.sources": "what is separated, in output order",
      "data.path": "a list in YAML: paired songs, unpaired sources, mixtures",
      "data.groups": "sources that are sums of stems: {accompaniment: [bass, drums, other]}",
      "data.gain": "what excerpts of unpaired recordings are multiplied by, from and to",
      "data.anyFormat": "recordings of different rates or channels may stand side by side",
      "critic.updates": "of every critic before one of the separator",
      "critic.penalty": "how much slopes above one count",
      "unpairedWeight": "of critics' scores and of the sum of sources; absent: 0.01 for v, 0.001 for va",
      "updatesPerEpoch": "updates of the separator between validations",
      "patience": "epochs without improvement that are waited for; one more ends the run",
      "maximumUpdates": "0: no bound",
      "validationWindows": "0: all of them",
      "updatesPerLine": "updates that a line of metrics is the mean of",
    ]
  }

  /// The sources as groups of stems.
  var groups: [SourceGroup] {
    model.sources.map { name in data.groups[name].map { SourceGroup(name, stems: $0) } ?? SourceGroup(stem: name) }
  }
}

/// What critics look like and how they learn.
public struct AdversarialCriticSettings: RunConfiguration {
  public var halving = [32, 64, 128, 256]
  public var halvingBins = [256, 256]
  public var hidden = 32
  public var updates = 5
  public var penalty: Float = 10
  public init() {}
}

/// What a run is trained on.
public struct AdversarialDataSettings: RunConfiguration {
  public var path = ""
  public var cache = ""
  public var groups: [String: [String]] = [:]
  public var gain = [0.2, 1.2]
  public var anyFormat = false
  public init() {}
}

/// Adam's rates; its other numbers are the usual ones.
public struct AdversarialOptimizerSettings: RunConfiguration {
  public var rate: Float = 5e-5
  public var criticRate: Float = 5e-5
  public init() {}
}
