import SwiftDL
import SwiftDLModels

/// How well a network predicts a part of the data.
struct SequenceScore: Sendable {
  /// The mean over all scored positions.
  let nats: Double
  let positions: Int
  /// The share of positions whose class was the most likely one; `nil` for keys.
  let accuracy: Double?

  /// - Parameters:
  ///   - batches: how many batches are looked at, evenly spread; 0 takes all.
  ///   - progress: told batches done and batches in all.
  init(
    of model: some SequenceNetwork, on data: some SequenceDataSet, _ part: Split, batches: Int = 0,
    progress: (Int, Int) -> Void = { _, _ in }
  ) {
    let all = data.batchCount(part)
    let count = batches > 0 ? min(batches, all) : all
    var (sum, positions, correct) = (0.0, 0, 0)
    var hasClasses = false
    for index in 0..<count {
      let batch = data.batch(part, index * all / count)
      let output = model(batch.input)
      sum += batch.nats(objective: Double(batch.objective(output).scalar)) * Double(batch.positions)
      positions += batch.positions
      if let right = batch.correct(output) {
        correct += right
        hasClasses = true
      }
      progress(index + 1, count)
    }
    nats = sum / Double(max(1, positions))
    self.positions = positions
    accuracy = hasClasses ? Double(correct) / Double(max(1, positions)) : nil
  }
}
