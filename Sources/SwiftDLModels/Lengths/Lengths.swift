/// Frames a network takes in and gives out for one window; the input surrounds the output evenly.
public struct WindowLengths: Sendable, Hashable {
  public let input: Int
  public let output: Int

  public init(input: Int, output: Int) {
    self.input = input
    self.output = output
  }

  /// Input frames before the first output frame.
  public var contextBefore: Int { (input - output) / 2 }
  /// Input frames after the last output frame.
  public var contextAfter: Int { input - output - contextBefore }
}

/// The input frames one output frame depends on, counted from its own position.
public struct ReceptiveField: Sendable, Hashable {
  /// Earlier frames.
  public let before: Int
  /// Later frames: the look-ahead, and so the least possible latency.
  public let after: Int

  public init(before: Int, after: Int) {
    self.before = before
    self.after = after
  }

  /// All frames, the output frame's own included.
  public var frames: Int { before + 1 + after }
}
