internal import CKernels

/// A stream of random numbers: a key and a position, nothing else.
///
/// Element i of a stream is a pure function of (key, i) (Philox4x32-10; Salmon et al., "Parallel
/// random numbers: as easy as 1, 2, 3", 2011), so a stream is resumed by its position, and
/// independent streams are made by name.
public struct RandomStream: Sendable, Hashable, Codable {
  public let key: UInt64
  /// How many numbers have been drawn.
  public var position: UInt64

  public init(seed: UInt64, position: UInt64 = 0) {
    key = seed
    self.position = position
  }

  /// An independent stream for a named purpose.
  public func stream(_ name: String) -> RandomStream { RandomStream(seed: Self.mix(key, name)) }

  /// An independent stream for a numbered purpose, such as an epoch or an example.
  public func stream(_ index: Int) -> RandomStream {
    RandomStream(seed: Self.scramble(key ^ Self.scramble(UInt64(bitPattern: Int64(index)) &+ 1)))
  }

  /// Uniform numbers in `range`.
  public mutating func uniform(_ shape: Shape, in range: Range<Float> = 0..<1) -> Tensor {
    draw(shape) {
      require(ck_random_uniform($0, $1.key, $1.position, $2, range.lowerBound, range.upperBound, $3))
    }
  }

  /// Normal numbers.
  public mutating func normal(_ shape: Shape, mean: Float = 0, standardDeviation: Float = 1)
    -> Tensor
  {
    draw(shape) { require(ck_random_normal($0, $1.key, $1.position, $2, mean, standardDeviation, $3)) }
  }

  /// `value` with the given probability, else 0.
  public mutating func bernoulli(_ shape: Shape, probability: Float, value: Float = 1) -> Tensor {
    draw(shape) { require(ck_random_bernoulli($0, $1.key, $1.position, $2, probability, value, $3)) }
  }

  /// A whole number below `bound`.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "RandomStream: an integer below \(bound)")
    let high = UInt64(ck_random_bits(key, position))
    let low = UInt64(ck_random_bits(key, position &+ 1))
    position &+= 2
    return Int((high << 32 | low).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A uniform number in `range`.
  public mutating func number(in range: Range<Double> = 0..<1) -> Double {
    let bits = ck_random_bits(key, position)
    position &+= 1
    return range.lowerBound + (range.upperBound - range.lowerBound) * Double(bits) * 0x1p-32
  }

  /// The whole numbers below `count` in random order.
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, integer(below: last + 1))
    }
    return order
  }

  private mutating func draw(
    _ shape: Shape, _ body: (OpaquePointer, RandomStream, Int, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let tensor = Tensor(uninitialized: shape)
    body(Kernels.context, self, tensor.count, tensor.elements)
    position &+= UInt64(tensor.count)
    return tensor
  }

  /// FNV-1a over the name, scrambled together with the key.
  private static func mix(_ key: UInt64, _ name: String) -> UInt64 {
    scramble(name.utf8.reduce(key ^ 0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
  }

  /// SplitMix64's finaliser.
  private static func scramble(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
