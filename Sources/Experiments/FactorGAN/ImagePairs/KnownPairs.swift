import SwiftDL
import SwiftDLModels

/// Pictures in pairs, the first few of them known as pairs, all of them known as single pictures.
struct KnownPairs: Sendable {
  let pairs: ImagePairs
  let parts: SampleParts
  /// How many are known as pairs.
  let known: Int

  /// Opens the pairs that settings name; refuses more known ones than there are.
  ///
  /// - Returns: nil when stopped.
  static func open(
    _ settings: FactorGANDataSettings, _ format: ImagePairs.Format, cache: String, progress: (Int, Int) -> Bool
  ) throws -> KnownPairs? {
    guard !settings.path.isEmpty else {
      throw ConfigurationError("data.path", "is not set", hint: "name a folder with train and val of pairs of pictures")
    }
    guard let pairs = try ImagePairs.open(settings.path, format, cache: cache, progress: progress) else { return nil }
    guard settings.pairs <= pairs.train.count else {
      throw ConfigurationError(
        "data.pairs", "is \(settings.pairs), but \(settings.path) has \(pairs.train.count) pairs to train on",
        hint: "0 takes all of them")
    }
    return KnownPairs(
      pairs: pairs, parts: SampleParts(sizes: format.channels),
      known: settings.pairs == 0 ? pairs.train.count : settings.pairs)
  }

  func count(of factor: DensityFactor) -> Int {
    if case .marginal = factor { return pairs.train.count }
    return known
  }

  func real(_ indices: ArraySlice<Int>, for factor: DensityFactor) -> Tensor {
    if case .marginal(let part) = factor { return pairs.train.tensor(indices, channels: parts.range(part)) }
    return pairs.train.tensor(indices)
  }

  /// A fresh discriminator of what a factor sees.
  func discriminator(_ factor: DensityFactor, features: Int, _ random: RandomStream) -> ConvDiscriminator {
    ConvDiscriminator(
      .init(
        height: pairs.train.height, width: pairs.train.width, channels: factor.channels(parts), features: features),
      random: random)
  }
}
