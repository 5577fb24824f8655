import SwiftDL

/// Windows of a text (Seq-U-Net, IJCAI 2020, section 4, and the code of Bai et al. 2018).
///
/// The training text is laid into as many rows as a batch has; windows follow each other so that every symbol
/// is scored once, and are visited in a new order in every epoch. What is left of a row is not used, nor is the
/// context of its first window ever scored.
struct TextData: SequenceDataSet {
  private let corpus: TextCorpus
  private let window: TrainingWindow
  private let train: Rows
  private let valid: Rows
  private let test: Rows
  private let order: EpochSampler
  /// Windows of the single row of characters that are evaluated at once.
  private static let windowsAtOnce = 16

  /// - Parameter evaluationRows: rows in evaluation; with 1, one row has the whole text.
  init(
    _ corpus: TextCorpus, _ path: String, window: TrainingWindow, rows: Int, evaluationRows: Int, seed: UInt64
  ) throws(FileError) {
    self.corpus = corpus
    self.window = window
    func laid(_ symbols: [Int32], _ rows: Int, _ part: String) throws(FileError) -> Rows {
      let rows = Rows(symbols: symbols, count: rows, window: window)
      guard rows.windows > 0 else {
        throw FileError(
          path, "has \(symbols.count) \(corpus.unit.rawValue) for \(part); \(rows.count * (window.input + 1)) are needed",
          hint: "take a longer text, a smaller batchSize or smaller windows (model.windowFrames)")
      }
      return rows
    }
    train = try laid(corpus.train, rows, "training")
    valid = try laid(corpus.valid, evaluationRows, "validation")
    test = try laid(corpus.test, evaluationRows, "test")
    order = EpochSampler(exampleCount: train.windows, batchSize: 1, seed: seed)
  }

  var vocabulary: Vocabulary? { corpus.vocabulary }
  var stepsPerEpoch: Int { train.windows }
  var largestBatch: (rows: Int, frames: Int) { (train.count, window.input) }

  func batch(epoch: Int, step: Int) -> SequenceBatch {
    train.batch([order.batches(epoch: epoch)[step].first ?? 0])
  }

  private func rows(_ part: Split) -> Rows {
    switch part {
    case .train: train
    case .validation: valid
    case .test: test
    }
  }

  func batchCount(_ part: Split) -> Int {
    let atOnce = windowsAtOnce(part)
    return (rows(part).windows + atOnce - 1) / atOnce
  }

  func batch(_ part: Split, _ index: Int) -> SequenceBatch {
    let atOnce = windowsAtOnce(part)
    return rows(part).batch(Array(index * atOnce..<min((index + 1) * atOnce, rows(part).windows)))
  }

  private func windowsAtOnce(_ part: Split) -> Int { max(1, Self.windowsAtOnce / rows(part).count) }

  var summary: String {
    "\(corpus.train.count) / \(corpus.valid.count) / \(corpus.test.count) \(corpus.unit.rawValue), "
      + "\(corpus.vocabulary.count) different"
      + (corpus.unknownSymbols > 0 ? ", \(corpus.unknownSymbols) unknown" : "")
  }

  /// A text in rows of equal length.
  private struct Rows {
    let symbols: [Int32]
    let count: Int
    let window: TrainingWindow

    private var length: Int { symbols.count / count }
    /// Windows in a row: the next starts where the scored part of the last one ends.
    var windows: Int { max(0, (length - 1 - window.input) / window.scored + (length > window.input ? 1 : 0)) }

    /// The windows of the given numbers from every row.
    func batch(_ numbers: [Int]) -> SequenceBatch {
      let starts = numbers.flatMap { number in (0..<count).map { $0 * length + number * window.scored } }
      let (frames, scored) = (window.input, window.scored)
      let input = Tensor(unsafe: [starts.count, frames, 1]) { numbers in
        for (row, start) in starts.enumerated() {
          for frame in 0..<frames { numbers[row * frames + frame] = Float(symbols[start + frame]) }
        }
      }
      let next = starts.flatMap { start in
        symbols[start + frames - scored + 1...start + frames].map(Int.init)
      }
      return SequenceBatch(input: input, scoredFrames: scored, target: .classes(next))
    }
  }
}

/// Frames of a training window.
struct TrainingWindow: Sendable, Equatable {
  let input: Int
  /// The latest output frames, which count.
  let scored: Int
}
