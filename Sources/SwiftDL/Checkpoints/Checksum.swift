extension ParameterValues {
  /// A number, as 16 hexadecimal digits, that changes with any name, extent or bit, and with the
  /// given strings. It finds damage, not forgery.
  package func checksum(_ strings: [String: String] = [:]) -> String {
    var sum = Checksum()
    for (path, tensor) in zip(paths, tensors) {
      sum.add(path)
      for extent in tensor.shape { sum.add(UInt64(extent)) }
      tensor.withUnsafeBuffer { sum.add($0) }
    }
    for (key, value) in strings.sorted(by: { $0.key < $1.key }) {
      sum.add(key)
      sum.add(value)
    }
    return sum.text
  }
}

/// Multiply and fold, word by word.
package struct Checksum: Sendable {
  private var value: UInt64 = 0

  package init() {}

  /// 16 hexadecimal digits.
  package var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func mixed(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    let product = (sum ^ word) &* 0x9e37_79b9_7f4a_7c15
    return product ^ (product >> 29)
  }

  mutating func add(_ word: UInt64) { value = Self.mixed(value, word) }

  mutating func add(_ text: String) {
    for byte in text.utf8 { add(UInt64(byte)) }
    add(UInt64(text.utf8.count))
  }

  package mutating func add(_ numbers: UnsafeBufferPointer<Float>) {
    // Four lanes, so that the multiplications of neighbours need not wait for each other.
    var lanes = (value, value ^ 1, value ^ 2, value ^ 3)
    let blocks = numbers.count / 4
    for block in 0..<blocks {
      lanes.0 = Self.mixed(lanes.0, UInt64(numbers[4 * block].bitPattern))
      lanes.1 = Self.mixed(lanes.1, UInt64(numbers[4 * block + 1].bitPattern))
      lanes.2 = Self.mixed(lanes.2, UInt64(numbers[4 * block + 2].bitPattern))
      lanes.3 = Self.mixed(lanes.3, UInt64(numbers[4 * block + 3].bitPattern))
    }
    for lane in [lanes.0, lanes.1, lanes.2, lanes.3] { add(lane) }
    for number in numbers[(4 * blocks)...] { add(UInt64(number.bitPattern)) }
  }
}
