public import SwiftDLModels

/// What a FactorGAN learns to make.
public enum FactorGANTask: String, Codable, Sendable, CaseIterable {
  /// Two digits, one above the other.
  case pairedDigits = "paired-digits"
}

/// The settings of a run that trains a FactorGAN. The defaults are the authors' (Stoller, Ewert, Dixon, ICLR 2020, and
/// their code).
public struct FactorGANConfiguration: RunConfiguration {
  public var task = FactorGANTask.pairedDigits
  public var factorisation = DensityFactorisation.factorGAN
  public var objective = GeneratorObjective.jsd
  public var data = FactorGANDataSettings()
  /// Numbers that the generator makes a sample of.
  public var noiseChannels = 50
  /// Width of the hidden layers of all networks.
  public var hiddenChannels = 128
  public var batchSize = 25
  /// Updates of every discriminator before one of the generator.
  public var discriminatorUpdates = 2
  public var optimizer = FactorGANOptimizerSettings()
  public var epochs = 40
  /// Updates of the generator in an epoch.
  public var updatesPerEpoch = 5000
  public var seed = 1337
  /// Updates of the generator between two lines of metrics.
  public var updatesPerLine = 100
  /// Whether every epoch's generator is kept.
  public var keepsGenerators = true
  /// Minutes between checkpoints within an epoch.
  public var checkpointMinutes = 10.0

  public init() {}

  public func validate() throws(ConfigurationError) {
    for (key, value, limit) in [
      ("noiseChannels", noiseChannels, 1 << 14), ("hiddenChannels", hiddenChannels, 1 << 14),
      ("batchSize", batchSize, 1 << 16), ("discriminatorUpdates", discriminatorUpdates, 1000), ("epochs", epochs, 1 << 20),
      ("updatesPerEpoch", updatesPerEpoch, 1 << 30), ("updatesPerLine", updatesPerLine, 1 << 30),
    ] where value < 1 || value > limit {
      throw ConfigurationError(key, "is \(value); 1 to \(limit) are possible")
    }
    for (key, value) in [("seed", seed), ("data.pairs", data.pairs)] where value < 0 {
      throw ConfigurationError(key, "is \(value); 0 or more is needed")
    }
    if !(0...1).contains(data.sameClass) {
      throw ConfigurationError("data.sameClass", "is \(data.sameClass); a probability from 0 to 1 is needed")
    }
    if !(optimizer.rate > 0 && optimizer.rate < 10) {
      throw ConfigurationError("optimizer.rate", "is \(optimizer.rate); a positive number below 10 is needed")
    }
    for (key, value) in [("optimizer.beta1", optimizer.beta1), ("optimizer.beta2", optimizer.beta2)]
    where !(0..<1).contains(value) {
      throw ConfigurationError(key, "is \(value); 0 or more, and less than 1, is needed")
    }
    if !(checkpointMinutes > 0) {
      throw ConfigurationError("checkpointMinutes", "is \(checkpointMinutes); more than 0 is needed")
    }
  }

  public static var comments: [String: String] {
    [
      "task": FactorGANTask.allCases.map(\.rawValue).joined(separator: ", "),
      "factorisation": "gan, factor-gan, or factor-gan-no-cp, which takes real parts to be independent",
      "objective": "jsd: cross-entropy against “real”; kl: minus the mean joint logit",
      "data.path": "a folder of MNIST's IDX files or a CSV table; empty: the package dataset-fashion-mnist",
      "data.cache": "where the classifier that judges is kept; beside the run's folder when empty",
      "data.pairs": "the first so many images make the pairs that are known; 0: all",
      "data.sameClass": "how often the lower digit is taken from the upper one's class",
      "discriminatorUpdates": "of every discriminator before one of the generator",
      "updatesPerLine": "updates that a line of metrics is the mean of",
    ]
  }
}

/// What a FactorGAN is trained on.
public struct FactorGANDataSettings: RunConfiguration {
  public var path = ""
  public var cache = ""
  /// Whole samples that are known; 0 for all. Of parts alone all are known.
  public var pairs = 50
  /// λ
  public var sameClass = 0.9
  public init() {}
}

/// Adam's numbers, for every network.
public struct FactorGANOptimizerSettings: RunConfiguration {
  public var rate: Float = 1e-4
  public var beta1: Float = 0.5
  public var beta2: Float = 0.999
  public init() {}
}
