import SwiftDL

/// Windows of sequences, and what follows each of their latest frames.
struct SequenceBatch: Sendable {
  enum Target: Sendable {
    /// One class per scored frame, row by row.
    case classes([Int])
    /// Keys that sound or not, `[rows, scored frames, 88]`.
    case keys(Tensor)
  }

  /// `[rows, frames, channels]`, or numbers of symbols `[rows, frames, 1]`.
  let input: Tensor
  /// How many of a row's latest output frames count.
  let scoredFrames: Int
  let target: Target

  /// Frames that count in all rows.
  var positions: Int { input.shape[0] * scoredFrames }

  /// What training minimises, in nats: the mean negative log likelihood of classes; of 88 independent keys, the sum over
  /// all frames, so that a long piece weighs more than a short one and clipping sees the gradient of the whole piece.
  func objective(_ output: Tensor) -> Tensor {
    let scored = scoredPart(output)
    return switch target {
    case .classes(let classes): crossEntropy(scored, classes)
    case .keys(let keys): binaryCrossEntropyWithLogits(scored, keys, reduction: .sum)
    }
  }

  /// The mean negative log likelihood per scored frame, in nats, of what the objective says.
  func nats(objective: Double) -> Double {
    switch target {
    case .classes: objective
    case .keys: objective / Double(positions)
    }
  }

  /// How many scored frames have their class as the most likely one; `nil` for keys.
  func correct(_ output: Tensor) -> Int? {
    guard case .classes(let classes) = target else { return nil }
    let scored = scoredPart(output)
    let count = scored.shape[2]
    return scored.withUnsafeBuffer { scores in
      classes.indices.count { index in
        let row = scores[index * count..<(index + 1) * count]
        return row.max() == row[row.startIndex + classes[index]]
      }
    }
  }

  private func scoredPart(_ output: Tensor) -> Tensor {
    let frames = output.shape[1]
    return frames == scoredFrames ? output : output.sliced(axis: 1, frames - scoredFrames..<frames)
  }
}

/// What training, validation and test are made of.
protocol SequenceDataSet: Sendable {
  /// The symbols' names, where they have any.
  var vocabulary: Vocabulary? { get }
  /// Batches of one pass over the training part.
  var stepsPerEpoch: Int { get }
  /// A batch of training, the same every time it is asked for.
  func batch(epoch: Int, step: Int) -> SequenceBatch
  /// How many batches an evaluation has.
  func batchCount(_ part: Split) -> Int
  func batch(_ part: Split, _ index: Int) -> SequenceBatch
  /// Rows and input frames of the largest batch of training.
  var largestBatch: (rows: Int, frames: Int) { get }
  /// The data in a line.
  var summary: String { get }
}
