import SwiftDL
import SwiftDLModels

/// What is trained on.
public struct SeparationDataSettings: RunConfiguration {
  /// A corpus in MUSDB18-HQ's layout, train|valid|test/TRACK/STEM.wav, in another one, or a list of one in YAML.
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
public struct SeparationAugmentation: RunConfiguration {
  /// Every source is scaled by a factor drawn from this range.
  public var gain = [0.7, 1.0]
  /// The sources of a mixture come from different songs and times.
  public var remix = false
  /// Left and right change places half of the time.
  public var swapChannels = false
  /// Every source is turned upside down half of the time.
  public var flipPolarity = false
  /// Every source is raised or lowered around some frequency, by at most so many decibels; 0 never.
  public var filterDecibels = 0.0
  public init() {}
}

/// The optimiser.
public struct SeparationOptimizerSettings: RunConfiguration {
  public var rate: Float = 1e-4
  /// Gradients are scaled down to this global norm; 0 leaves them alone.
  public var clipNorm: Float = 0
  /// Steps over which the rate rises from 0.
  public var warmupSteps = 0
  /// What the rate does afterwards, in the first stage.
  public var schedule = SeparationSchedule.constant
  /// Where the rate falls to.
  public var lowestRate: Float = 0
  /// How often it falls in an epoch, with the schedule `restarts`.
  public var fallsPerEpoch = 2
  public init() {}
}

/// The course of the rate.
public enum SeparationSchedule: String, Codable, Sendable, CaseIterable {
  case constant
  /// Half a cosine down to the lowest rate at `maximumSteps`.
  case cosine
  /// Half cosines down to the lowest rate, some in every epoch.
  case restarts
}

/// The second stage: further training from the last weights with a larger batch and a smaller rate.
public struct SeparationSecondStage: RunConfiguration {
  public var enabled = true
  public var batchSize = 32
  public var rate: Float = 1e-5
  public init() {}
}

/// Loss per sample.
public enum SeparationLoss: String, Codable, Sendable, CaseIterable {
  case mse, l1
  /// The mean distance of magnitudes, of networks that estimate them.
  case magnitudes
}

extension SeparationLoss {
  /// The mean over all samples, channels and sources of a batch.
  func mean(_ network: some SeparationNetwork, _ batch: SeparationBatch, _ context: Context) -> Tensor {
    switch self {
    case .mse: meanSquaredError(network(batch.mixture, context), batch.targets)
    case .l1: meanAbsoluteError(network(batch.mixture, context), batch.targets)
    case .magnitudes:
      if let network = network as? any MagnitudeSeparator {
        meanAbsoluteError(network.magnitudes(batch.mixture, context), network.magnitudes(ofSources: batch.targets))
      } else {
        fatalError("a loss of magnitudes for a network without")
      }
    }
  }
}
