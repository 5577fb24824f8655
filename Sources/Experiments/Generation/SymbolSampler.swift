import Glibc
import SwiftDL

/// How freely a network's scores are followed.
public struct SamplingOptions: Sendable, Hashable {
  /// Scores are divided by it: below 1 likely symbols become likelier; 0 takes the likeliest.
  public var temperature: Double = 1
  /// Only so many of the likeliest are possible; all when absent.
  public var topK: Int?
  public var seed: UInt64 = 0

  public init(temperature: Double = 1, topK: Int? = nil, seed: UInt64 = 0) {
    (self.temperature, self.topK, self.seed) = (temperature, topK, seed)
  }
}

/// Draws what follows from scores: one symbol, or keys that each sound or not.
struct SymbolSampler {
  private let options: SamplingOptions
  private var random: RandomStream
  /// Room for a row's weights, so that a draw takes no memory.
  private var weights: [Double] = []
  private var order: [Float] = []

  init(_ options: SamplingOptions, row: Int) {
    self.options = options
    random = RandomStream(seed: options.seed).stream("generation").stream(row)
  }

  /// The score that the k likeliest reach.
  private mutating func threshold(_ scores: ArraySlice<Float>) -> Float {
    guard let topK = options.topK, topK < scores.count else { return -.infinity }
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: scores)
    order.sort(by: >)
    return order[topK - 1]
  }

  /// A symbol's number; `nil` when the scores are not numbers.
  mutating func symbol(from scores: ArraySlice<Float>) -> Int32? {
    var best = scores.startIndex
    for index in scores.indices where scores[index] > scores[best] { best = index }
    guard scores[best].isFinite, scores.allSatisfy({ !$0.isNaN }) else { return nil }
    if options.temperature == 0 { return Int32(best - scores.startIndex) }
    let least = threshold(scores)
    weights.removeAll(keepingCapacity: true)
    var total = 0.0
    for score in scores {
      total += score >= least ? exp(Double(score - scores[best]) / options.temperature) : 0
      weights.append(total)
    }
    let place = random.number() * total
    let index = weights.firstIndex { $0 > place } ?? best - scores.startIndex
    return Int32(index)
  }

  /// Which keys sound, each by itself; `nil` when the scores are not numbers.
  mutating func keys(from scores: ArraySlice<Float>) -> [Bool]? {
    guard scores.allSatisfy({ !$0.isNaN }) else { return nil }
    let least = threshold(scores)
    return scores.map { score in
      let draw = random.number()
      if score < least { return false }
      return options.temperature == 0 ? score > 0 : draw < 1 / (1 + exp(-Double(score) / options.temperature))
    }
  }
}
