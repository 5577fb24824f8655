public import SwiftDL
public import SwiftDLModels

/// What a FactorGAN learns from, and how what it makes is looked at and judged.
public protocol FactorGANData: Sendable {
  /// What a whole sample consists of.
  var parts: SampleParts { get }
  /// Parts that the generator is given and does not make.
  var given: Set<Int> { get }
  /// How many real instances of what a factor's discriminator sees there are.
  func count(of factor: DensityFactor) -> Int
  /// Real instances of what a factor's discriminator sees.
  func real(_ indices: ArraySlice<Int>, for factor: DensityFactor) -> Tensor
  /// What the generator makes so many samples of.
  func inputs(_ count: Int, random: inout RandomStream) -> GeneratorInputs
  /// What it makes samples of that somebody looks at.
  func inputsToLookAt(random: inout RandomStream) -> GeneratorInputs
  /// Samples side by side.
  func picture(_ samples: Tensor) -> any PNGPicture
  /// Figures by name that say how good a generator is, after every epoch.
  func scores(of generator: some SampleGenerator, random: RandomStream) -> JSONObject
  /// More of them when training is over, that take their time.
  ///
  /// - Returns: nil when asked to stop meanwhile.
  func finalScores(
    of generator: some SampleGenerator, random: RandomStream, shouldStop: () -> Bool
  ) throws -> JSONObject?
  /// The data in one line.
  var summary: String { get }
}

extension FactorGANData {
  public var given: Set<Int> { [] }
  public func inputsToLookAt(random: inout RandomStream) -> GeneratorInputs { inputs(64, random: &random) }
  public func finalScores(
    of generator: some SampleGenerator, random: RandomStream, shouldStop: () -> Bool
  ) throws -> JSONObject? { [:] }
}

/// A task: its data, and networks that fit them.
protocol FactorGANSetup {
  associatedtype Generator: SampleGenerator
  associatedtype Discriminator: Network
  associatedtype Data: FactorGANData

  var data: Data { get }

  /// Reads the data, or prepares them.
  ///
  /// - Parameters:
  ///   - cache: the folder of what is kept between runs.
  ///   - progress: told what is prepared, pieces done and in all; returning false stops.
  /// - Returns: nil when stopped.
  static func open(
    _ configuration: FactorGANConfiguration, cache: String, progress: (String, Int, Int) -> Bool
  ) throws -> Self?

  func generator(_ random: RandomStream) -> Generator
  func discriminator(_ factor: DensityFactor, _ random: RandomStream) -> Discriminator
}

/// Batches of a pool, in a new random order in every pass over it; the last one of a pass may be smaller.
///
/// Which batch is which depends on seed and number alone, so that a resumed run sees what an uninterrupted one would.
struct BatchOrder: Sendable {
  private let count: Int
  private let batchSize: Int
  private let random: RandomStream
  private var pass = -1
  private var order: [Int] = []

  init(count: Int, batchSize: Int, random: RandomStream) {
    (self.count, self.batchSize, self.random) = (count, batchSize, random)
  }

  /// The instances of batch `number`, counted over all passes.
  mutating func batch(_ number: Int) -> ArraySlice<Int> {
    let perPass = (count + batchSize - 1) / batchSize
    let (pass, place) = number.quotientAndRemainder(dividingBy: perPass)
    if pass != self.pass {
      var random = random.stream(pass)
      (self.pass, order) = (pass, random.permutation(of: count))
    }
    return order[place * batchSize..<min((place + 1) * batchSize, count)]
  }
}
