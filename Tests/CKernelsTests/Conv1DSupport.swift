import CKernels
import CKernelsEmulation
import Testing

/// Repeatable random numbers (SplitMix64).
struct Stream {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(bits() % UInt64(range.count))
  }
  /// In [-1, 1].
  mutating func number() -> Float { Float(bits() >> 40) / Float(1 << 23) - 1 }
  mutating func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in number() } }
  mutating func chance(_ oneIn: Int) -> Bool { integer(1...oneIn) == 1 }
  mutating func pick<T>(_ values: [T]) -> T { values[integer(0...(values.count - 1))] }
}

extension Guarded {
  convenience init(count: Int, filledWith value: Float) {
    self.init([Float](repeating: value, count: count))
  }
  var constant: UnsafePointer<Float> { UnsafePointer(pointer) }
  /// The same numbers without their signs.
  var sizes: Guarded { Guarded(values.map { abs($0) }) }
}

/// A kernel context that lives as long as its variable.
final class Context: CustomStringConvertible {
  let pointer: OpaquePointer
  private let tiles: String
  init(_ isa: ck_isa, threads: Int32 = 1) {
    guard let created = ck_context_create(isa, threads) else {
      fatalError("no memory for a context")
    }
    pointer = created
    tiles = ""
  }
  /// A context whose tiles are emulated; nil when this machine does not have the instructions that pack for them.
  init?(emulatingAMX packing: Packing, precision: ck_precision = .highest, threads: Int32 = 1) {
    guard let created = ck_context_create_emulating_amx(packing.rawValue, threads) else { return nil }
    ck_context_set_precision(created, precision)
    pointer = created
    tiles = ", emulated tiles packed by \(packing), \(precision)"
  }
  enum Packing: Int32 { case portable, avx512 }

  /// What products of bfloat16 numbers may add to the error, in units of Σ|products|: rounding to 8 bits twice leaves
  /// 2⁻⁸ of a product, and leaving out the smallest of four products of halves 2⁻¹⁶; twice that.
  var roughness: Float {
    switch ck_context_precision(pointer) {
    case .highest: 0
    case .high: 0x1p-15
    case .medium: 0x1p-7
    }
  }
  deinit { ck_context_destroy(pointer) }
  var description: String {
    "\(String(cString: ck_isa_name(ck_context_isa(pointer)))) on \(ck_context_threads(pointer)) threads\(tiles)"
  }
  /// Every instruction set that this machine has, and emulated tiles, on one thread.
  static func everyVariant() -> [Context] {
    (0...ck_isa_best().rawValue).compactMap { ck_isa(rawValue: $0) }.map { Context($0) } + emulated()
  }
  /// Tiles in every precision, packed in both ways.
  static func emulated(threads: Int32 = 1) -> [Context] {
    [
      Context(emulatingAMX: .portable, threads: threads),
      Context(emulatingAMX: .avx512, threads: threads),
      Context(emulatingAMX: .avx512, precision: .high, threads: threads),
      Context(emulatingAMX: .portable, precision: .medium, threads: threads),
    ].compactMap { $0 }
  }
}

/// How far a float32 sum of `terms` products may be from the exact one, in units of Σ|products|: rounding errors are as
/// good as independent, so they grow with √terms (Higham and Mary 2019); four standard deviations, plus the
/// activation's own few ulp.
func tolerance(terms: Int) -> Float { (4 * Float(max(terms, 1)).squareRoot() + 6) * 0x1p-24 }

/// The first place where `got` is further from `expected` than `bound · size + 1e-30`, or nil. NaN equals NaN: memory
/// between views that nobody may touch.
func firstDifference(
  _ got: [Float], _ expected: [Float], sizes: [Float], bound: Float, floor: Float = 0
) -> String? {
  for i in got.indices {
    if got[i].isNaN && expected[i].isNaN { continue }
    if !(abs(got[i] - expected[i]) <= bound * max(sizes[i], floor) + 1e-30) {
      return "[\(i)] \(got[i]), expected \(expected[i]), allowed \(bound * max(sizes[i], floor))"
    }
  }
  return nil
}

/// Σ a·b in float64, where NaN marks memory that does not belong to a view.
func innerOfViews(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0) { $1.0.isNaN || $1.1.isNaN ? $0 : $0 + Double($1.0) * Double($1.1) }
}
