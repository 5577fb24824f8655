/// The lengths of an excerpt, in frames at the model's rate: the mixture a model reads and, inside
/// it, the part it answers for.
public struct ExcerptWindow: Sendable, Equatable {
  public let output: Int
  public let contextBefore: Int
  public let contextAfter: Int

  /// Frames of the mixture: context, output, context.
  public var input: Int { contextBefore + output + contextAfter }

  public init(output: Int, contextBefore: Int = 0, contextAfter: Int = 0) {
    precondition(
      output > 0 && contextBefore >= 0 && contextAfter >= 0,
      "ExcerptWindow: output must be positive and contexts not negative, "
        + "got \(output), \(contextBefore), \(contextAfter)")
    self.output = output
    self.contextBefore = contextBefore
    self.contextAfter = contextAfter
  }

  /// The output in the middle of the input, as for valid convolutions; of an odd difference the
  /// smaller half goes before.
  public init(input: Int, output: Int) {
    precondition(
      input >= output,
      "ExcerptWindow: the input must not be shorter than the output, got \(input) and \(output)")
    let before = (input - output) / 2
    self.init(output: output, contextBefore: before, contextAfter: input - output - before)
  }
}

/// What one excerpt is made of: for every source its track, the frame where the output begins, a
/// gain, and whether left and right change places.
public struct ExcerptPlan: Sendable, Equatable {
  public struct Source: Sendable, Equatable {
    public var track: Int
    public var start: Int
    public var gain: Float
    public var swapsChannels: Bool
    public var filter: PeakingFilter?

    public init(
      track: Int, start: Int, gain: Float = 1, swapsChannels: Bool = false, filter: PeakingFilter? = nil
    ) {
      self.track = track
      self.start = start
      self.gain = gain
      self.swapsChannels = swapsChannels
      self.filter = filter
    }
  }

  /// The sources in the reader's order.
  public var sources: [Source]

  public init(sources: [Source]) {
    self.sources = sources
  }

  /// Every source from the same place, as recorded.
  public init(track: Int, start: Int, sources count: Int) {
    sources = Array(repeating: Source(track: track, start: start), count: count)
  }

  /// Whether this is a passage of one track as recorded, so that the track's own mixture belongs to
  /// it.
  var isUnaltered: Bool {
    guard let first = sources.first else { return true }
    return first.gain == 1 && !first.swapsChannels && first.filter == nil && sources.allSatisfy { $0 == first }
  }
}

/// Every track from start to end in windows of the output length, for validation: a collection of
/// plans.
public struct ConsecutiveWindows: RandomAccessCollection, Sendable {
  private let sources: Int
  private let output: Int
  /// The number of windows before each track, and in all.
  private let offsets: [Int]

  /// - Parameter keepsRemainder: whether a last window that is not full counts (its end is
  ///   silence). Wave-U-Net drops it. A track shorter than one window is always one window.
  public init(trackFrames: [Int], sources: Int, window: ExcerptWindow, keepsRemainder: Bool = false) {
    self.sources = sources
    output = window.output
    var offsets = [0]
    for frames in trackFrames {
      let full = frames / window.output
      let partial = keepsRemainder && frames % window.output > 0 ? 1 : 0
      offsets.append((offsets.last ?? 0) + Swift.max(full + partial, frames > 0 ? 1 : 0))
    }
    self.offsets = offsets
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { offsets.last ?? 0 }

  public subscript(position: Int) -> ExcerptPlan {
    precondition(
      indices.contains(position),
      "ConsecutiveWindows: there is no window \(position) among \(count)")
    let track = offsets.upperBound(of: position) - 1
    return ExcerptPlan(track: track, start: (position - offsets[track]) * output, sources: sources)
  }
}

extension [Int] {
  /// The index of the first element above a value, in a sorted array.
  func upperBound(of value: Int) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle] > value { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
