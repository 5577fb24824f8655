import CKernels
import Testing

/// What the tests of the rooms share: instruction sets, contexts, guarded memory, sizes, noise.
enum Rooms {
  /// The instruction sets of this machine. A room chooses its variant by them, so these are all its
  /// variants.
  static let instructionSets: [ck_isa] = [.generic, .avx2, .avx512, .amx]
    .filter { $0.rawValue <= ck_isa_best().rawValue }

  /// Every size up to four vectors and a bit, some primes beyond, and one that makes several work
  /// items.
  static let sizes = Array(0...65) + [67, 127, 257, 1009, 40_009]

  /// Numbers that go wrong first.
  static let specials: [Float] = [
    0, -0.0, 1, -1, 0.5, -0.5, .infinity, -.infinity, .nan, 1e30, -1e30, 0x1p-133, -0x1p-133,
    .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 88.7, -87.5, -104, 100,
  ]

  static func withContext<Result>(
    _ instructionSet: ck_isa, threads: Int32 = 1, _ body: (OpaquePointer?) throws -> Result
  ) rethrows -> Result {
    let context = ck_context_create(instructionSet, threads)
    defer { ck_context_destroy(context) }
    return try body(context)
  }

  /// Calls `body` with a context of one, two and three threads and expects the same bits from each.
  static func expectSameBits(
    _ instructionSet: ck_isa, _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (OpaquePointer?) -> [Float]
  ) {
    let results = (1...3).map { threads in
      withContext(instructionSet, threads: Int32(threads)) { body($0).map(\.bitPattern) }
    }
    expectSame(results[1], results[0], "\(what) on two threads", sourceLocation: sourceLocation)
    expectSame(results[2], results[0], "\(what) on three threads", sourceLocation: sourceLocation)
  }
}

/// A repeatable stream of numbers (SplitMix64).
struct Noise {
  private var state: UInt64
  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

  mutating func word() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  /// A whole number in `range`.
  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(word() % UInt64(range.count))
  }
  /// In -1 ..< 1.
  mutating func number() -> Float { Float(word() >> 40) * 0x1p-23 - 1 }
  mutating func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in number() } }
  /// Small whole numbers: sums and products of them are exact in float32, so identities hold to the
  /// bit.
  mutating func whole(_ count: Int) -> [Float] { (0..<count).map { _ in Float(integer(-4...4)) } }
}

/// Numbers in memory at an unaligned address between two guards that no kernel may touch.
final class Guarded {
  private static let guardBits: UInt32 = 0x7FC0_5AFE  // a NaN, should anybody read it
  private static let margin = 32
  private let base: UnsafeMutablePointer<Float>
  private let offset: Int
  let count: Int
  var pointer: UnsafeMutablePointer<Float> { base + offset }

  /// `shift` numbers beyond a multiple of 64 bytes, more or less: what malloc gives plus that.
  init(_ values: [Float], shift: Int = 1) {
    count = values.count
    offset = Self.margin + shift
    base = .allocate(capacity: offset + count + Self.margin)
    base.initialize(
      repeating: Float(bitPattern: Self.guardBits), count: offset + count + Self.margin)
    pointer.update(from: values, count: count)
  }
  /// Room for a result; the guard pattern inside shows what was not written.
  convenience init(count: Int, shift: Int = 1) {
    self.init(
      Array(repeating: Float(bitPattern: Self.guardBits), count: count), shift: shift)
  }
  deinit { base.deallocate() }

  var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
  var isIntact: Bool {
    (0..<offset).allSatisfy { base[$0].bitPattern == Self.guardBits }
      && (0..<Self.margin).allSatisfy { pointer[count + $0].bitPattern == Self.guardBits }
  }
}

/// The error of `value` in units of the last place of `exact` (subnormal results in units of the
/// least one).
func ulps(_ value: Float, _ exact: Double) -> Double {
  let nearest = Float(exact)
  if nearest.isNaN || value.isNaN { return nearest.isNaN == value.isNaN ? 0 : .infinity }
  if value == nearest { return 0 }
  if nearest.isInfinite || value.isInfinite { return .infinity }
  return abs(Double(value) - exact) / Double(max(nearest.ulp, .leastNonzeroMagnitude))
}

/// Σ x·y in double precision.
func inner(_ x: [Float], _ y: [Float]) -> Double {
  zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// Equal numbers, or both NaN.
func same(_ x: Float, _ y: Float) -> Bool { x == y || (x.isNaN && y.isNaN) }

/// Equal arrays. Names the first difference only: `#expect(x == y)` would print an edit script,
/// which takes minutes for arrays of this size.
func expectSame<Element: Equatable>(
  _ values: [Element], _ expected: [Element], _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let equal = values.count == expected.count
  #expect(equal, "\(what): \(values.count) of \(expected.count)", sourceLocation: sourceLocation)
  guard let i = zip(values, expected).enumerated().first(where: { $1.0 != $1.1 })?.offset else {
    return
  }
  Issue.record(
    "\(what): element \(i) of \(values.count) is \(values[i]) for \(expected[i])",
    sourceLocation: sourceLocation)
}

/// The same bits: -0 is not 0, and NaN is itself.
func expectSameBits(
  _ values: [Float], _ expected: [Float], _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectSame(
    values.map(\.bitPattern), expected.map(\.bitPattern), what, sourceLocation: sourceLocation)
}

/// ⟨A x, y⟩ = ⟨x, Aᵀ y⟩.
func expectAdjoint(
  _ image: Double, _ back: Double, within bound: Double = 0, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(abs(image - back) <= bound, "\(what)", sourceLocation: sourceLocation)
}
