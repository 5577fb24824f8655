/// How the numbers of a tensor are stored in a file (little endian).
public enum ElementType: String, Sendable, CaseIterable {
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float32 = "F32"
  case float64 = "F64"
  case int8 = "I8"
  case int16 = "I16"
  case int32 = "I32"
  case int64 = "I64"
  case uint8 = "U8"
  case uint16 = "U16"
  case uint32 = "U32"
  case uint64 = "U64"
  case bool = "BOOL"

  /// Bytes of one number.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Whether the numbers have fractions.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  /// Converts stored numbers to 32-bit floats, rounding to nearest.
  func decode(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
    func each<Stored: BitwiseCopyable>(_ type: Stored.Type, _ convert: (Stored) -> Float) {
      for index in output.indices {
        output[index] = convert(
          bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: type))
      }
    }
    switch self {
    case .float16: each(UInt16.self) { Float(Float16(bitPattern: $0)) }
    case .bfloat16: each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float32: each(UInt32.self) { Float(bitPattern: $0) }
    case .float64: each(UInt64.self) { Float(Double(bitPattern: $0)) }
    case .int8: each(Int8.self) { Float($0) }
    case .int16: each(Int16.self) { Float($0) }
    case .int32: each(Int32.self) { Float($0) }
    case .int64: each(Int64.self) { Float($0) }
    case .uint8: each(UInt8.self) { Float($0) }
    case .uint16: each(UInt16.self) { Float($0) }
    case .uint32: each(UInt32.self) { Float($0) }
    case .uint64: each(UInt64.self) { Float($0) }
    case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }
}

/// How a file that is written stores floating-point numbers.
public enum StoredFloat: String, Sendable, CaseIterable {
  case float32, float16, bfloat16

  var elementType: ElementType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    }
  }

  /// The two bytes of a number, rounded to the nearest one that can be stored, of two to the even one; `nil` where
  /// numbers keep all of their bits.
  var half: ((Float) -> UInt16)? {
    switch self {
    case .float32: nil
    case .float16: { Float16($0).bitPattern.littleEndian }
    case .bfloat16:
      { number in
        let bits = number.bitPattern
        // What is no number must not be rounded to infinity.
        let rounded = number.isNaN ? bits | 0x40_0000 : bits &+ 0x7fff &+ (bits >> 16 & 1)
        return UInt16(truncatingIfNeeded: rounded >> 16).littleEndian
      }
    }
  }
}

extension InputFile {
  /// A tensor whose numbers begin at `offset`; conversion goes block by block, so it needs no
  /// second copy.
  func tensor(_ shape: Shape, _ type: ElementType, at offset: Int) throws(FileError) -> Tensor {
    let result: Result<Tensor, FileError>
    do {
      result = .success(
        try Tensor(unsafe: shape) { elements in
          if type == .float32 {
            try read(into: UnsafeMutableRawBufferPointer(elements), at: offset)
            return
          }
          let block = 1 << 16
          for start in stride(from: 0, to: elements.count, by: block) {
            let part = UnsafeMutableBufferPointer(
              rebasing: elements[start..<min(start + block, elements.count)])
            let bytes = try read(part.count * type.byteCount, at: offset + start * type.byteCount)
            bytes.withUnsafeBytes { type.decode($0, into: part) }
          }
        })
    } catch let error as FileError {
      result = .failure(error)
    } catch {
      result = .failure(FileError(path, "cannot be read: \(error)"))
    }
    return try result.get()
  }
}

extension Shape {
  /// The shape with the given extents, unless it has too many axes, a negative one, or too many
  /// elements to count.
  init?(checking extents: [Int]) {
    guard extents.count <= Shape.maximumRank else { return nil }
    var product = 1
    for extent in extents {
      let (next, overflow) = product.multipliedReportingOverflow(by: Swift.max(extent, 1))
      guard extent >= 0, !overflow else { return nil }
      product = next
    }
    self.init(extents)
  }
}
