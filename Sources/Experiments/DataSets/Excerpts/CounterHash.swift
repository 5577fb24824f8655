/// Random numbers without a state: the value is a pure function of the words hashed.
///
/// Each word is mixed in by SplitMix64's finaliser (Steele, Lea & Flood 2014), a bijection of 64
/// bits, so that neighbouring counters give unrelated values.
struct CounterHash {
  private(set) var value: UInt64

  init(_ words: UInt64...) {
    value = 0x243F_6A88_85A3_08D3
    for word in words { mix(word) }
  }

  init(_ seed: UInt64, text: String) {
    self.init(seed)
    for byte in text.utf8 { mix(UInt64(byte)) }
  }

  mutating func mix(_ word: UInt64) {
    value = Self.finalised(value ^ Self.finalised(word &+ 0x9E37_79B9_7F4A_7C15))
  }

  /// The hash with one more word.
  func with(_ word: UInt64) -> CounterHash {
    var next = self
    next.mix(word)
    return next
  }

  /// A number in 0 ..< `bound`; the bias is below `bound` / 2^64.
  func below(_ bound: Int) -> Int {
    Int(value.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in [0, 1), of 53 bits.
  var unit: Double { Double(value >> 11) * 0x1p-53 }

  private static func finalised(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
