public import SwiftDL

/// Seeded random values for tests: SplitMix64, independent of the library's own generator and kernels.
public struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform elements.
  public mutating func tensor(_ shape: Shape, in range: Range<Float> = -1..<1) -> Tensor {
    Tensor(shape, (0..<shape.elementCount).map { _ in Float.random(in: range, using: &self) })
  }

  /// Uniform elements at least `distance` away from zero, for functions with a corner there.
  public mutating func tensor(_ shape: Shape, awayFromZero distance: Float) -> Tensor {
    Tensor(
      shape,
      (0..<shape.elementCount).map { _ in
        let magnitude = Float.random(in: distance..<1 + distance, using: &self)
        return Bool.random(using: &self) ? magnitude : -magnitude
      })
  }

  public mutating func integer(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// A shape with as many axes as `ranks` allows and extents from `extents`.
  public mutating func shape(ranks: ClosedRange<Int>, extents: ClosedRange<Int>) -> Shape {
    let rank = integer(in: ranks)
    return Shape((0..<rank).map { _ in integer(in: extents) })
  }
}
