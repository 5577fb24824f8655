public import SwiftDL

/// How a sample falls into parts: neighbouring ranges of its last axis.
///
/// Two digits above each other are the pixels 0..<784 and 784..<1568 of `[batch, 1568]`; an image and its labels are
/// channels of `[batch, height, width, channels]`.
public struct SampleParts: Codable, Sendable, Hashable {
  /// Positions of the last axis that belong to each part, in order.
  public let sizes: [Int]

  public init(sizes: [Int]) {
    require(!sizes.isEmpty && sizes.allSatisfy { $0 > 0 }, "SampleParts: sizes \(sizes)")
    self.sizes = sizes
  }

  public var count: Int { sizes.count }
  /// Positions of the last axis of a whole sample.
  public var channels: Int { sizes.reduce(0, +) }

  /// Where a part lies.
  public func range(_ part: Int) -> Range<Int> {
    let start = sizes[..<part].reduce(0, +)
    return start..<start + sizes[part]
  }

  /// One part of samples `[batch, …, channels]`.
  public func part(_ index: Int, of samples: Tensor) -> Tensor {
    require(
      samples.shape.last == channels, "SampleParts: samples of shape \(samples.shape), of which \(channels) make a whole")
    return samples.sliced(axis: -1, range(index))
  }

  /// The parts put together anew: the first stays where it is, each other one is permuted over the batch by itself.
  /// A place may keep its part.
  public func shuffled(_ samples: Tensor, random: inout RandomStream) -> Tensor {
    let batch = samples.shape[0]
    let orders = sizes.indices.dropFirst().map { _ in random.permutation(of: batch) }
    return shuffled(samples, orders: orders)
  }

  /// The parts put together anew by given permutations of the batch, one for each part but the first.
  public func shuffled(_ samples: Tensor, orders: [[Int]]) -> Tensor {
    require(orders.count == count - 1, "SampleParts: \(orders.count) orders for \(count) parts")
    let batch = samples.shape[0]
    let parts = sizes.indices.map { index -> Tensor in
      let part = part(index, of: samples)
      if index == 0 { return part }
      return part.reshaped([batch, -1]).gatheredRows(orders[index - 1]).reshaped(part.shape)
    }
    return .concatenated(parts, axis: samples.rank - 1)
  }
}
