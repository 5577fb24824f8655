import SwiftDL

/// Whole pieces as piano rolls, one at a time: each frame is predicted from those before it.
struct MusicData: SequenceDataSet {
  private let corpus: PianoRollCorpus
  private let order: EpochSampler

  init(_ corpus: PianoRollCorpus, seed: UInt64) {
    self.corpus = corpus
    order = EpochSampler(exampleCount: corpus.train.count, batchSize: 1, seed: seed)
  }

  var vocabulary: Vocabulary? { nil }
  var stepsPerEpoch: Int { corpus.train.count }
  var largestBatch: (rows: Int, frames: Int) { (1, corpus.train.map(\.frames).max() ?? 1) }

  func batch(epoch: Int, step: Int) -> SequenceBatch {
    Self.batch(corpus.train[order.batches(epoch: epoch)[step].first ?? 0])
  }

  func batchCount(_ part: Split) -> Int { pieces(part).count }
  func batch(_ part: Split, _ index: Int) -> SequenceBatch { Self.batch(pieces(part)[index]) }

  private func pieces(_ part: Split) -> [PianoRoll] {
    switch part {
    case .train: corpus.train
    case .validation: corpus.valid
    case .test: corpus.test
    }
  }

  private static func batch(_ roll: PianoRoll) -> SequenceBatch {
    SequenceBatch(
      input: roll.tensor(0..<roll.frames - 1), scoredFrames: roll.frames - 1,
      target: .keys(roll.tensor(1..<roll.frames)))
  }

  var summary: String {
    func frames(_ rolls: [PianoRoll]) -> Int { rolls.reduce(0) { $0 + $1.frames } }
    return "\(corpus.train.count) / \(corpus.valid.count) / \(corpus.test.count) pieces, "
      + "\(frames(corpus.train)) / \(frames(corpus.valid)) / \(frames(corpus.test)) frames"
  }
}
