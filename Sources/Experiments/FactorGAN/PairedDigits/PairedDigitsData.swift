public import SwiftDL
public import SwiftDLModels

/// Pairs of digits: few of them known as pairs, all of them known as single digits.
///
/// Source: Stoller, Ewert, Dixon, ICLR 2020, section 4.1 (PairedMNIST).
public struct PairedDigitsData: FactorGANData {
  public let parts = SampleParts(sizes: PairedDigits.parts)
  /// The pairs that are known as such.
  let paired: PairedDigits
  /// All digits, paired by the same rule: those that stand above and those that stand below.
  let all: PairedDigits
  let judge: PairedDigitsJudge
  private let noiseChannels: Int
  private let name: String

  /// Refuses more pairs than there are images.
  static func check(pairs: Int, of corpus: DigitCorpus) throws(ConfigurationError) {
    guard pairs <= corpus.train.count else {
      throw ConfigurationError(
        "data.pairs", "is \(pairs), but \(corpus.name) has \(corpus.train.count) images", hint: "0 takes all of them")
    }
  }

  /// - Parameters:
  ///   - pairs: how many are known; 0 for as many as there are images.
  ///   - classifier: tells classes apart, for the judgement.
  public init(
    _ corpus: DigitCorpus, pairs: Int, sameClass: Double, noiseChannels: Int, classifier: DigitClassifier,
    random: RandomStream
  ) {
    let known = pairs == 0 ? corpus.train : corpus.train.prefix(pairs)
    paired = PairedDigits(known, sameClass: sameClass, random: random.stream("known pairs"))
    all = PairedDigits(corpus.train, sameClass: sameClass, random: random.stream("all pairs"))
    let test = PairedDigits(corpus.test, sameClass: sameClass, random: random.stream("test pairs"))
    judge = PairedDigitsJudge(classifier, test: test)
    self.noiseChannels = noiseChannels
    name = corpus.name
  }

  public func count(of factor: DensityFactor) -> Int {
    if case .marginal = factor { return all.count }
    return paired.count
  }

  public func real(_ indices: ArraySlice<Int>, for factor: DensityFactor) -> Tensor {
    if case .marginal(let part) = factor { return all.tensor(indices, part: part) }
    return paired.tensor(indices)
  }

  public func inputs(_ count: Int, random: inout RandomStream) -> GeneratorInputs {
    GeneratorInputs(noise: random.uniform([count, noiseChannels], in: -1..<1))
  }

  public func picture(_ samples: Tensor) -> any PNGPicture {
    PNGImage(grid: samples, height: 2 * DigitImages.side, width: DigitImages.side, columns: 16)
  }

  public func scores(of generator: some SampleGenerator, random: RandomStream) -> JSONObject {
    var random = random
    let scores = judge { generator.samples(inputs($0, random: &random), .inference) }
    return [
      "fid": scores.meanDistance, "fid_upper": scores.upperDistance, "fid_lower": scores.lowerDistance,
      "dependency_error": scores.dependencyError,
    ]
  }

  public var summary: String { "\(name): \(paired.count) pairs known, \(all.count) images, \(judge.count) test pairs" }
}

/// How near generated pairs of digits come to real ones.
public struct PairedDigitsScores: Sendable, Equatable {
  /// The Fréchet distances of the upper and of the lower digits' features from those of real digits.
  public let upperDistance: Double
  public let lowerDistance: Double
  /// How far the dependency between the classes of both digits is off.
  public let dependencyError: Double

  /// The figure of the paper's curves.
  public var meanDistance: Double { (upperDistance + lowerDistance) / 2 }
}

/// Compares generated pairs with real test pairs, by the features and the classes that a classifier sees.
///
/// As in the authors' code the real features are those of the upper digits, for both distances; generated pairs are
/// stretched to 0…255 and rounded, as a picture file does, before their features are taken, and not before their classes.
public struct PairedDigitsJudge: Sendable {
  private let classifier: DigitClassifier
  private let real: FeatureStatistics
  private let realTable: [[Double]]
  /// Pairs that are compared.
  public let count: Int

  public init(_ classifier: DigitClassifier, test: PairedDigits) {
    self.classifier = classifier
    count = test.count
    realTable = test.classTable
    var features: [Tensor] = []
    for start in stride(from: 0, to: test.count, by: Self.batch) {
      let digits = test.tensor(start..<min(start + Self.batch, test.count), part: 0)
      features.append(classifier.features(Self.image(digits)))
    }
    real = FeatureStatistics(.concatenated(features, axis: 0))
  }

  /// Pairs that are looked at together.
  private static var batch: Int { 250 }

  private static func image(_ digits: Tensor) -> Tensor {
    digits.reshaped([digits.shape[0], DigitImages.side, DigitImages.side, 1])
  }

  /// - Parameter generate: so many pairs `[count, 1568]`.
  public func callAsFunction(_ generate: (Int) -> Tensor) -> PairedDigitsScores {
    var features: [[Tensor]] = [[], []]
    var table = [[Double]](repeating: [Double](repeating: 0, count: DigitImages.classes), count: DigitImages.classes)
    let parts = SampleParts(sizes: PairedDigits.parts)
    for start in stride(from: 0, to: count, by: Self.batch) {
      let pairs = generate(min(Self.batch, count - start))
      let stored = Self.asStored(pairs)
      let classes = (0..<2).map { part in
        features[part].append(classifier.features(Self.image(parts.part(part, of: stored))))
        return classifier(Self.image(parts.part(part, of: pairs))).argmax(axis: 1)
      }
      for (upper, lower) in zip(classes[0], classes[1]) { table[upper][lower] += 1 / Double(count) }
    }
    let distances = features.map { FeatureStatistics(.concatenated($0, axis: 0)).frechetDistance(from: real) }
    return PairedDigitsScores(
      upperDistance: distances[0], lowerDistance: distances[1],
      dependencyError: ClassDependency.error(real: realTable, generated: table))
  }

  /// Pairs as they come back from a file of 8 bits a pixel, each stretched over all of them.
  static func asStored(_ pairs: Tensor) -> Tensor {
    let pixels = pairs.shape[1]
    var stored = pairs.detached
    stored.withUnsafeMutableBuffer { buffer in
      for row in 0..<buffer.count / pixels {
        let pair = row * pixels..<(row + 1) * pixels
        let low = buffer[pair].min() ?? 0
        let span = (buffer[pair].max() ?? 0) - low + 1e-5
        for index in pair { buffer[index] = ((buffer[index] - low) / span * 255).rounded() / 255 }
      }
    }
    return stored
  }
}

/// How strongly the classes of the two digits of a pair depend on each other.
public enum ClassDependency {
  /// The mean absolute difference between the ratios of dependency of two tables `[10][10]` that add up to one.
  ///
  /// A ratio is p(a, b) / (p(a)p(b) + 0.001). In the authors' code the product of the marginals is transposed, and so it
  /// is here: their figures are what ours stand beside, and tables that are nearly symmetric hardly tell.
  public static func error(real: [[Double]], generated: [[Double]]) -> Double {
    let (p, q) = (ratios(real), ratios(generated))
    let differences = zip(p.joined(), q.joined()).map { abs($0 - $1) }
    return differences.reduce(0, +) / Double(differences.count)
  }

  static func ratios(_ table: [[Double]]) -> [[Double]] {
    let upper = table.map { $0.reduce(0, +) }
    let lower = table.indices.map { column in table.reduce(0) { $0 + $1[column] } }
    return table.indices.map { row in
      table.indices.map { column in table[row][column] / (upper[column] * lower[row] + 0.001) }
    }
  }
}
