/// One array in NumPy's .npy format: a signal `[batch, time, channels]`, a table of probabilities.
public enum NumPyFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Reads an array of floats or whole numbers (versions 1 to 3, little endian, either memory
  /// order).
  public static func read(_ path: String) throws(FileError) -> Tensor { try read(try InputFile(path)) }

  /// Reads the bytes of such a file, such as one inside an archive.
  package static func read(_ bytes: [UInt8], of path: String) throws(FileError) -> Tensor {
    try read(InputFile(path, holding: bytes))
  }

  private static func read(_ file: InputFile) throws(FileError) -> Tensor {
    let path = file.path
    let start = try file.read(min(file.size, 12), at: 0)
    guard start.count >= 10, start.starts(with: magic) else {
      let empty = start.isEmpty ? ": it is empty" : ""
      throw FileError(path, "is not a NumPy array\(empty)", hint: "write one with numpy.save")
    }
    guard (1...3).contains(start[6]) else {
      throw FileError(path, "is a NumPy array of format version \(start[6]), and 1 to 3 are known")
    }
    // Version 1 counts the header in two bytes, the others in four.
    let lengthBytes = start[6] == 1 ? 2 : 4
    let length = start[8...].prefix(lengthBytes).reversed().reduce(0) { $0 << 8 | Int($1) }
    let dataStart = 8 + lengthBytes + length
    guard start.count >= 8 + lengthBytes, dataStart <= file.size, length <= 1 << 20 else {
      throw FileError(
        path, "ends inside its header: \(file.size) bytes of at least \(dataStart)",
        hint: "write it again")
    }
    let header = try NumPyHeader(try file.read(length, at: 8 + lengthBytes), path)
    let (bytes, overflow) = header.shape.elementCount.multipliedReportingOverflow(
      by: header.type.byteCount)
    guard !overflow, bytes == file.size - dataStart else {
      throw FileError(
        path,
        "holds \(file.size - dataStart) bytes, and its shape \(header.shape) asks for \(overflow ? "more" : "\(bytes)")",
        hint: "write it again")
    }
    if !header.isColumnMajor { return try file.tensor(header.shape, header.type, at: dataStart) }
    // Column major is the row-major array with its axes the other way round.
    let reversed = try file.tensor(
      Shape(Array(header.shape).reversed()), header.type, at: dataStart)
    return reversed.permuted(Array((0..<header.shape.rank).reversed()))
  }

  /// Writes an array of 32-bit floats; the file appears whole or not at all.
  public static func write(_ tensor: Tensor, to path: String) throws(FileError) {
    // As Python writes tuples: a comma after the only one.
    let extents =
      tensor.shape.map { "\($0)" }.joined(separator: ", ") + (tensor.rank == 1 ? "," : "")
    let description = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents)), }"
    // Spaces and a line feed up to a multiple of 64 with the ten bytes before.
    let padding = 63 - (10 + description.utf8.count) % 64
    let header = Array(description.utf8) + Array(repeating: 0x20, count: padding) + [0x0a]
    let file = try AtomicFile(path)
    let length = [UInt8(header.count & 0xff), UInt8(header.count >> 8)]
    try file.write(magic + [1, 0] + length + header)
    try file.write(tensor)
    try file.commit()
  }
}

/// The description of an array: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
private struct NumPyHeader {
  let type: ElementType
  let isColumnMajor: Bool
  let shape: Shape

  init(_ bytes: [UInt8], _ path: String) throws(FileError) {
    guard let text = String(validating: bytes, as: UTF8.self),
      let fields = PythonLiteral.dictionary(text),
      case .string(let description)? = fields["descr"],
      case .bool(let isColumnMajor)? = fields["fortran_order"],
      case .tuple(let extents)? = fields["shape"], fields.count == 3
    else {
      throw FileError(path, "has a damaged NumPy header", hint: "write it again with numpy.save")
    }
    guard let type = Self.types[description] else {
      throw FileError(
        path, "holds numbers of type \(description), which are not supported",
        hint: "convert with .astype('<f4') before numpy.save")
    }
    guard let shape = Shape(checking: extents) else {
      throw FileError(
        path, "has shape \(extents), too large or of more than \(Shape.maximumRank) axes")
    }
    self.type = type
    self.isColumnMajor = isColumnMajor
    self.shape = shape
  }

  private static let types: [String: ElementType] = [
    "<f2": .float16, "<f4": .float32, "<f8": .float64, "|b1": .bool, "|i1": .int8, "<i2": .int16,
    "<i4": .int32, "<i8": .int64, "|u1": .uint8, "<u2": .uint16, "<u4": .uint32, "<u8": .uint64,
  ]
}

/// The little of Python's notation that NumPy headers use.
private enum PythonLiteral {
  case string(String)
  case bool(Bool)
  case tuple([Int])

  /// A dictionary with strings as keys; `nil` when the text is anything else.
  static func dictionary(_ text: String) -> [String: PythonLiteral]? {
    var rest = Substring(text)
    guard take("{", from: &rest) else { return nil }
    var fields: [String: PythonLiteral] = [:]
    while !take("}", from: &rest) {
      guard let key = quoted(&rest), take(":", from: &rest), let value = value(&rest),
        fields.updateValue(value, forKey: key) == nil
      else { return nil }
      if take(",", from: &rest) { continue }
      guard take("}", from: &rest) else { return nil }
      break
    }
    return rest.allSatisfy(\.isWhitespace) ? fields : nil
  }

  private static func take(_ word: String, from rest: inout Substring) -> Bool {
    rest = rest.drop(while: \.isWhitespace)
    guard rest.hasPrefix(word) else { return false }
    rest = rest.dropFirst(word.count)
    return true
  }

  private static func quoted(_ rest: inout Substring) -> String? {
    for quote in ["'", "\""] where take(quote, from: &rest) {
      guard let end = rest.firstIndex(of: Character(quote)) else { return nil }
      defer { rest = rest[rest.index(after: end)...] }
      return String(rest[..<end])
    }
    return nil
  }

  private static func value(_ rest: inout Substring) -> PythonLiteral? {
    if let string = quoted(&rest) { return .string(string) }
    if take("True", from: &rest) { return .bool(true) }
    if take("False", from: &rest) { return .bool(false) }
    guard take("(", from: &rest) else { return nil }
    var extents: [Int] = []
    while !take(")", from: &rest) {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let extent = Int(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      extents.append(extent)
      if take(",", from: &rest) { continue }
      guard take(")", from: &rest) else { return nil }
      break
    }
    return .tuple(extents)
  }
}
