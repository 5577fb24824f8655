public import SwiftDLModels

/// What a FactorGAN learns to make.
public enum FactorGANTask: String, Codable, Sendable, CaseIterable {
  /// Two digits, one above the other.
  case pairedDigits = "paired-digits"
  /// Two pictures that belong together.
  case imagePairs = "image-pairs"
  /// The labels of a scene's pixels.
  case segmentation
  /// The sources of a mixture.
  case audioSeparation = "audio-separation"
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
  /// Of the hidden layers of dense networks, and of the level next to the image of convolutional ones.
  public var generatorFeatures = 128
  public var discriminatorFeatures = 128
  public var batchSize = 25
  /// Updates of every discriminator before one of the generator.
  public var discriminatorUpdates = 2
  public var optimizer = FactorGANOptimizerSettings()
  public var judge = FactorGANJudgeSettings()
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

  /// What is published for a task.
  public init(task: FactorGANTask) {
    self.task = task
    switch task {
    case .pairedDigits: break
    case .imagePairs: (generatorFeatures, discriminatorFeatures, data.size) = (64, 32, 64)
    case .segmentation, .audioSeparation: (generatorFeatures, discriminatorFeatures, data.size) = (32, 32, 128)
    }
    if task == .audioSeparation { data.pairs = 20 }
    if task == .segmentation || task == .imagePairs { data.pairs = 100 }
  }

  public func validate() throws(ConfigurationError) {
    for (key, value, limit) in [
      ("noiseChannels", noiseChannels, 1 << 14), ("generatorFeatures", generatorFeatures, 1 << 14),
      ("discriminatorFeatures", discriminatorFeatures, 1 << 14), ("judge.repeats", judge.repeats, 1000),
      ("judge.epochs", judge.epochs, 10_000), ("judge.features", judge.features, 512),
      ("batchSize", batchSize, 1 << 16), ("discriminatorUpdates", discriminatorUpdates, 1000), ("epochs", epochs, 1 << 20),
      ("updatesPerEpoch", updatesPerEpoch, 1 << 30), ("updatesPerLine", updatesPerLine, 1 << 30),
    ] where value < 1 || value > limit {
      throw ConfigurationError(key, "is \(value); 1 to \(limit) are possible")
    }
    for (key, value) in [
      ("seed", seed), ("data.pairs", data.pairs), ("judge.griffinLimRounds", judge.griffinLimRounds),
    ] where value < 0 {
      throw ConfigurationError(key, "is \(value); 0 or more is needed")
    }
    if task == .pairedDigits {
      if data.size != DigitImages.side {
        throw ConfigurationError("data.size", "is \(data.size); digits have \(DigitImages.side) rows")
      }
    } else if !(16...1024).contains(data.size) || data.size & (data.size - 1) != 0 {
      throw ConfigurationError("data.size", "is \(data.size); powers of two from 16 to 1024 are possible")
    }
    if !(1000...768_000).contains(data.sampleRate) {
      throw ConfigurationError("data.sampleRate", "is \(data.sampleRate); 1000 to 768000 are possible")
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
      "generatorFeatures": "of the layers next to the image; of dense networks' hidden layers",
      "data.path":
        "paired-digits: a folder of MNIST's IDX files or a CSV table, empty: the package dataset-fashion-mnist; others: a "
        + "folder of pairs of pictures, or of songs with their stems",
      "data.cache": "where decoded data and classifiers are kept; beside the run's folder when empty",
      "data.pairs": "the first so many pairs, or songs in a drawn order, are known whole; 0: all",
      "data.size": "rows and columns of pictures; frames of spectrograms of 256 bins",
      "data.firstIsGrey": "image-pairs: whether the left picture is an outline, one channel and not three",
      "data.source": "audio-separation: the stem that the mask takes away; the others are the accompaniment",
      "judge.repeats": "image-pairs: classifiers that are trained to tell generated pairs from real ones",
      "judge.griffinLimRounds": "audio-separation: rounds that fit the phase, on test songs",
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
  public var size = 28
  public var firstIsGrey = true
  public var source = "vocals"
  public var sampleRate = 22050
  public init() {}
}

/// How a finished generator is judged.
public struct FactorGANJudgeSettings: RunConfiguration {
  public var repeats = 10
  public var epochs = 40
  public var features = 16
  public var griffinLimRounds = 10
  public init() {}
}

/// Adam's numbers, for every network.
public struct FactorGANOptimizerSettings: RunConfiguration {
  public var rate: Float = 1e-4
  public var beta1: Float = 0.5
  public var beta2: Float = 0.999
  public init() {}
}
