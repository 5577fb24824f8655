import CZlib
public import SwiftDL

/// Variables of a MATLAB level 5 file (`save -v6` or `-v7`): real matrices, and cells of matrices.
///
/// Source: "MAT-File Format", MathWorks, level 5 (R2016 and others).
public struct MATFile: Sendable {
  /// A real matrix, column by column as MATLAB stores it.
  public struct Matrix: Sendable {
    public let rows: Int
    public let columns: Int
    public let values: [Float]

    public subscript(row: Int, column: Int) -> Float { values[column * rows + row] }
  }

  public enum Value: Sendable {
    case matrix(Matrix)
    case cells([Value])
    /// Text, structures, sparse matrices and whatever else is not read here.
    case other
  }

  public let path: String
  /// In the order of the file.
  public let variables: [(name: String, value: Value)]

  /// Reads all variables.
  public init(_ path: String) throws(FileError) {
    self.path = path
    let bytes = try WholeFile.bytes(path)
    guard bytes.count >= 128, bytes[124] == 0, bytes[125] == 1, bytes[126] == 0x49, bytes[127] == 0x4D else {
      let isHDF5 = bytes.starts(with: [0x89, 0x48, 0x44, 0x46])
      throw FileError(
        path, isHDF5 ? "is a MATLAB 7.3 (HDF5) file" : "is no little-endian MATLAB 5 file",
        hint: "save it with: save -v7")
    }
    var reader = Reader(path: path, bytes: bytes[128...])
    var variables: [(name: String, value: Value)] = []
    while let element = try reader.next() {
      if element.type == Reader.compressed {
        var inside = Reader(path: path, bytes: try Inflation.inflated(element.bytes, path)[...])
        while let element = try inside.next() { variables.append(try inside.variable(element, depth: 0)) }
      } else {
        variables.append(try reader.variable(element, depth: 0))
      }
    }
    self.variables = variables
  }

  public subscript(name: String) -> Value? { variables.first { $0.name == name }?.value }

  /// One data element after the other.
  private struct Reader {
    static let matrix = 14
    static let compressed = 15

    let path: String
    var bytes: ArraySlice<UInt8>

    struct Element {
      let type: Int
      let bytes: ArraySlice<UInt8>
    }

    private func broken(_ what: String) -> FileError {
      FileError(path, "is damaged: \(what)", hint: "copy or download it again")
    }

    private mutating func take(_ count: Int) throws(FileError) -> ArraySlice<UInt8> {
      guard count <= bytes.count else { throw broken("it ends in the middle of a data element") }
      defer { bytes = bytes.dropFirst(count) }
      return bytes.prefix(count)
    }

    private static func word(_ bytes: ArraySlice<UInt8>, at offset: Int = 0) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[bytes.startIndex + offset + $1]) << (8 * $1) }
    }

    mutating func next() throws(FileError) -> Element? {
      if bytes.isEmpty { return nil }
      let tag = try take(8)
      let first = Self.word(tag)
      // A small element holds its bytes in the tag.
      if first >> 16 != 0 {
        let count = Int(first >> 16)
        guard count <= 4 else { throw broken("a small element of \(count) bytes") }
        return Element(type: Int(first & 0xFFFF), bytes: tag.dropFirst(4).prefix(count))
      }
      let count = Int(Self.word(tag, at: 4))
      let content = try take(count)
      // Elements but compressed ones are padded to eight bytes.
      if first != UInt32(Self.compressed) { _ = try take(min(bytes.count, (8 - count % 8) % 8)) }
      return Element(type: Int(first), bytes: content)
    }

    func variable(_ element: Element, depth: Int) throws(FileError) -> (name: String, value: Value) {
      guard element.type == Self.matrix else { return ("", .other) }
      guard depth < 4 else { throw broken("cells inside cells inside cells") }
      var parts = Reader(path: path, bytes: element.bytes)
      guard let flags = try parts.next(), flags.bytes.count >= 8, let extents = try parts.next(),
        let name = try parts.next()
      else { throw broken("a matrix without a name") }
      let kind = Self.word(flags.bytes) & 0xFF
      let isComplex = Self.word(flags.bytes) & 0x800 != 0
      let sizes = stride(from: 0, to: extents.bytes.count - extents.bytes.count % 4, by: 4).map {
        Int(Self.word(extents.bytes, at: $0))
      }
      let count = sizes.reduce(1) { min($0 * $1, 1 << 31) }
      let text = String(decoding: name.bytes, as: UTF8.self)
      if kind == 1 {
        var cells: [Value] = []
        while let cell = try parts.next() { cells.append(try parts.variable(cell, depth: depth + 1).value) }
        guard cells.count == count else { throw broken("\(cells.count) cells where \(count) are announced") }
        return (text, .cells(cells))
      }
      // Classes 6 to 15 are numbers of all kinds.
      guard (6...15).contains(kind), !isComplex, sizes.count == 2 else { return (text, .other) }
      guard let data = try parts.next() else {
        guard count == 0 else { throw broken("a matrix without numbers") }
        return (text, .matrix(Matrix(rows: sizes[0], columns: sizes[1], values: [])))
      }
      let values = try numbers(data)
      guard values.count == count else { throw broken("\(values.count) numbers in a matrix of \(sizes[0]) × \(sizes[1])") }
      return (text, .matrix(Matrix(rows: sizes[0], columns: sizes[1], values: values)))
    }

    /// The numbers of an element, whatever type they are stored in.
    private func numbers(_ element: Element) throws(FileError) -> [Float] {
      func read<Number>(_ type: Number.Type, _ convert: (Number) -> Float) -> [Float] {
        element.bytes.withUnsafeBytes { raw in
          (0..<raw.count / MemoryLayout<Number>.size).map {
            convert(raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: type))
          }
        }
      }
      switch element.type {
      case 1: return read(Int8.self) { Float($0) }
      case 2: return read(UInt8.self) { Float($0) }
      case 3: return read(Int16.self) { Float($0) }
      case 4: return read(UInt16.self) { Float($0) }
      case 5: return read(Int32.self) { Float($0) }
      case 6: return read(UInt32.self) { Float($0) }
      case 7: return read(Float.self) { $0 }
      case 9: return read(Double.self) { Float($0) }
      case 12: return read(Int64.self) { Float($0) }
      case 13: return read(UInt64.self) { Float($0) }
      default: throw broken("numbers of the unknown type \(element.type)")
      }
    }
  }
}

/// Bytes packed by zlib or gzip, unpacked again.
enum Inflation {
  /// - Parameters:
  ///   - limit: more bytes than this are an error: a few packed bytes can stand for any number.
  ///   - isRaw: without a header of zlib's or gzip's, as in zip files.
  static func inflated(
    _ bytes: ArraySlice<UInt8>, _ path: String, limit: Int = 1 << 30, isRaw: Bool = false
  ) throws(FileError) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: max(1 << 16, 4 * bytes.count))
    var stream = z_stream()
    // 32 more: zlib looks whether its own header or gzip's is there.
    let windowBits: Int32 = isRaw ? -15 : 15 + 32
    guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw FileError(path, "cannot be unpacked: zlib does not start")
    }
    defer { inflateEnd(&stream) }
    var packed = Array(bytes)
    var status = Z_OK
    var made = 0
    while status == Z_OK && made <= limit {
      if made == output.count { output.append(contentsOf: repeatElement(0, count: output.count)) }
      packed.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
          guard let source = input.baseAddress, let target = output.baseAddress else { return }
          let taken = Int(stream.total_in)
          stream.next_in = source + taken
          stream.avail_in = uInt(input.count - taken)
          stream.next_out = target + made
          stream.avail_out = uInt(min(output.count - made, 1 << 30))
          status = inflate(&stream, Z_NO_FLUSH)
          made = Int(stream.total_out)
        }
      }
    }
    guard status == Z_STREAM_END else {
      throw FileError(
        path, made > limit ? "unpacks to more than \(limit) bytes" : "is damaged: its packed data do not unpack",
        hint: "copy or download it again")
    }
    return Array(output[..<made])
  }
}
