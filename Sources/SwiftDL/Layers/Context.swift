/// What a forward pass needs besides the model and its input: the mode, randomness, and a place for
/// updates of buffers (such as BatchNorm's running statistics), which a value cannot write into
/// itself.
public final class Context {
  /// Whether dropout drops and BatchNorm uses the statistics of the batch.
  public let isTraining: Bool
  /// The stream that dropout and other random layers draw from.
  public var random: RandomStream
  /// How many entries of the batch belong to each pass, where one call stands for several passes whose batches lie one
  /// after the other; empty where it is one pass. A layer whose state moves with every pass moves it as often.
  public let passes: [Int]
  private var updates: [ObjectIdentifier: Tensor] = [:]

  public init(training: Bool, random: RandomStream = RandomStream(seed: 0), passes: [Int] = []) {
    isTraining = training
    self.random = random
    self.passes = passes
  }

  /// A context for inference.
  public static var inference: Context { Context(training: false) }

  /// A fresh mask for dropping elements of a tensor of `count`, each with a probability; `nil` when
  /// nothing is dropped. Draws as many numbers from `random` as it decides about.
  public func dropoutMask(_ probability: Float, count: Int) -> DropoutMask? {
    if !isTraining || probability == 0 { return nil }
    defer { random.position &+= UInt64(count) }
    return DropoutMask(key: random.key, position: random.position, probability: probability)
  }

  /// Notes that a buffer, as it was during this pass, has a new value.
  public func update(_ buffer: Tensor, to value: Tensor) {
    updates[ObjectIdentifier(buffer.storage)] = value.detached
  }

  /// What a buffer has become during this pass: its noted value, or itself.
  public func latest(_ buffer: Tensor) -> Tensor {
    updates[ObjectIdentifier(buffer.storage)] ?? buffer
  }

  /// Writes the noted values into the model the pass ran on.
  public func applyUpdates(to model: inout some Module) {
    if updates.isEmpty { return }
    model.forEachField { kind, _, tensor in
      if kind == .buffer, let value = updates[ObjectIdentifier(tensor.storage)] { tensor = value }
    }
    updates = [:]
  }
}
