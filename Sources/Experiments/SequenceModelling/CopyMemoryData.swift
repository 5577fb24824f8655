import SwiftDL

/// Ten symbols, a thousand blanks, and a mark after which the symbols are to be told again (Arjovsky, Shah,
/// Bengio 2016; as in the code of Bai et al. 2018).
///
/// A sequence is a pure function of seed and number: nothing is stored.
struct CopyMemoryData: SequenceDataSet {
  static let symbols = 10
  private static let mark: Float = 9

  let blanks: Int
  let sequences: Int
  let batchSize: Int
  let seed: UInt64

  var vocabulary: Vocabulary? { nil }
  var stepsPerEpoch: Int { max(1, sequences / batchSize) }
  var largestBatch: (rows: Int, frames: Int) { (batchSize, blanks + 2 * Self.symbols) }

  func batch(epoch: Int, step: Int) -> SequenceBatch {
    let order = EpochSampler(exampleCount: sequences, batchSize: batchSize, seed: seed)
    return batch(order.batches(epoch: epoch)[step].map { $0 })
  }

  func batchCount(_ part: Split) -> Int { max(1, sequences / 10 / batchSize) }

  func batch(_ part: Split, _ index: Int) -> SequenceBatch {
    let before =
      switch part {
      case .train: 0
      case .validation: sequences
      case .test: 2 * sequences
      }
    let first = before + index * batchSize
    return batch(Array(first..<first + batchSize))
  }

  private func batch(_ numbers: [Int]) -> SequenceBatch {
    let count = Self.symbols
    let frames = blanks + 2 * count
    var targets: [Int] = []
    let input = Tensor(unsafe: [numbers.count, frames, 1]) { values in
      for (row, number) in numbers.enumerated() {
        var random = RandomStream(seed: seed).stream("sequence").stream(number)
        for frame in 0..<frames { values[row * frames + frame] = 0 }
        for index in 0..<count {
          let symbol = 1 + random.integer(below: 8)
          values[row * frames + index] = Float(symbol)
          targets.append(symbol)
        }
        for frame in frames - count - 1..<frames { values[row * frames + frame] = Self.mark }
      }
    }
    return SequenceBatch(input: input, scoredFrames: count, target: .classes(targets))
  }

  var summary: String { "\(sequences) sequences of \(blanks + 2 * Self.symbols) frames" }
}
