/// The order in which examples are visited, as a pure function of seed and epoch: nothing to store
/// but a place.
public struct EpochSampler: Sendable, Hashable, Codable {
  public let exampleCount: Int
  public let batchSize: Int
  public let seed: UInt64
  /// Whether the examples come in a new random order in every epoch.
  public let shuffles: Bool
  /// Whether a last batch smaller than the others is left out.
  public let dropsLast: Bool

  public init(
    exampleCount: Int, batchSize: Int, seed: UInt64, shuffles: Bool = true, dropsLast: Bool = true
  ) {
    precondition(
      exampleCount > 0 && batchSize > 0,
      "EpochSampler: \(exampleCount) examples in batches of \(batchSize)")
    precondition(
      !dropsLast || batchSize <= exampleCount,
      "EpochSampler: no whole batch of \(batchSize) among \(exampleCount) examples")
    self.exampleCount = exampleCount
    self.batchSize = batchSize
    self.seed = seed
    self.shuffles = shuffles
    self.dropsLast = dropsLast
  }

  public var batchesPerEpoch: Int {
    (dropsLast ? exampleCount : exampleCount + batchSize - 1) / batchSize
  }

  /// All examples in the order of an epoch.
  public func order(epoch: Int) -> [Int] {
    if !shuffles { return Array(0..<exampleCount) }
    var random = RandomStream(seed: seed).stream("order").stream(epoch)
    return random.permutation(of: exampleCount)
  }

  /// The examples of an epoch, batch by batch.
  public func batches(epoch: Int) -> [ArraySlice<Int>] {
    let order = order(epoch: epoch)
    return (0..<batchesPerEpoch).map {
      order[$0 * batchSize..<min(($0 + 1) * batchSize, exampleCount)]
    }
  }

  /// The examples of the batch that follows `step` others, counted over all epochs.
  ///
  /// Works out the order of the whole epoch every time: microseconds for a thousand examples, but a
  /// dozen milliseconds for a hundred thousand; then ask for `batches(epoch:)` once an epoch.
  public func batch(at step: Int) -> ArraySlice<Int> {
    precondition(step >= 0, "EpochSampler: batch \(step)")
    let (epoch, position) = step.quotientAndRemainder(dividingBy: batchesPerEpoch)
    return order(epoch: epoch)[position * batchSize..<min((position + 1) * batchSize, exampleCount)]
  }
}
