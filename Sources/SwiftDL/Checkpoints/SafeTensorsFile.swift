/// A file of named tensors and a few strings in the safetensors format, which PyTorch, MLX, candle
/// and others read and write.
///
/// Opening reads and checks the header alone; each tensor is read when it is asked for.
public final class SafeTensorsFile: Sendable {
  /// What the header says about one tensor.
  public struct Entry: Sendable, Equatable {
    public let name: String
    public let type: ElementType
    public let shape: Shape
    /// Where its numbers begin in the file.
    let offset: Int
  }

  /// Larger headers are refused, as by the other implementations.
  public static let headerLimit = 100_000_000

  public let path: String
  /// The tensors in the order of their data.
  public let entries: [Entry]
  /// Free strings: a configuration, a model card.
  public let metadata: [String: String]
  private let positions: [String: Int]
  private let file: InputFile

  /// Opens a file and checks that its header describes it exactly.
  public init(_ path: String) throws(FileError) {
    self.path = path
    file = try InputFile(path)
    let header = try SafeTensorsHeader(file)
    entries = header.entries
    metadata = header.metadata
    positions = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  public func contains(_ name: String) -> Bool { positions[name] != nil }

  /// What the header says about a tensor, if there is one of that name.
  public func entry(_ name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// Reads one tensor, converting it to 32-bit floats.
  ///
  /// - Parameter convertingIntegers: integers and booleans are refused unless this says otherwise;
  ///   those beyond 2²⁴ are rounded.
  public func tensor(_ name: String, convertingIntegers: Bool = false) throws(FileError) -> Tensor {
    guard let entry = entry(name) else {
      throw FileError(
        path, "has no tensor \"\(name)\"", hint: nearest(to: name, among: entries.map(\.name)))
    }
    guard entry.type.isFloatingPoint || convertingIntegers else {
      throw FileError(
        path, "tensor \"\(name)\" holds \(entry.type.rawValue) numbers, and floats are expected",
        hint: "convert it to F32 before saving")
    }
    return try file.tensor(entry.shape, entry.type, at: entry.offset)
  }

  /// Reads a whole file.
  public static func read(_ path: String) throws(FileError) -> (
    tensors: ParameterValues, metadata: [String: String]
  ) {
    let file = try SafeTensorsFile(path)
    var tensors = ParameterValues()
    for entry in file.entries { tensors.append(entry.name, try file.tensor(entry.name)) }
    return (tensors, file.metadata)
  }

  /// Writes tensors, in their order, and metadata; the file appears whole or not at all.
  ///
  /// - Parameter type: how numbers are stored: as they are, or rounded to half as many bits.
  public static func write(
    _ tensors: ParameterValues, metadata: [String: String] = [:], as type: StoredFloat = .float32, to path: String
  ) throws(FileError) {
    precondition(
      !tensors.contains("__metadata__"), "safetensors: no tensor may be called __metadata__")
    var members: [JSON.Member] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key < $1.key }
      members.append(
        JSON.Member("__metadata__", .object(sorted.map { JSON.Member($0.key, .string($0.value)) })))
    }
    var end = 0
    for (name, tensor) in zip(tensors.paths, tensors.tensors) {
      let start = end
      end += tensor.count * type.elementType.byteCount
      members.append(
        JSON.Member(
          name,
          .object([
            JSON.Member("dtype", .string(type.elementType.rawValue)),
            JSON.Member("shape", .array(tensor.shape.map { .integer($0) })),
            JSON.Member("data_offsets", .array([.integer(start), .integer(end)])),
          ])))
    }
    var header = Array(JSON.object(members).text.utf8)
    // Spaces up to a multiple of eight, so that the numbers are aligned in a mapped file.
    header += Array(repeating: 0x20, count: (8 - header.count % 8) % 8)
    if header.count > headerLimit {
      throw FileError(path, "would need a header of more than \(headerLimit) bytes")
    }
    let length = UInt64(header.count)
    let file = try AtomicFile(path)
    try file.write((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header)
    for tensor in tensors.tensors { try file.write(tensor, as: type) }
    try file.commit()
  }
}

extension AtomicFile {
  /// Appends bytes.
  public func write(_ bytes: [UInt8]) throws(FileError) {
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { bytes in
      do throws(FileError) { return .success(try write(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Appends the numbers of a tensor.
  func write(_ tensor: Tensor, as type: StoredFloat = .float32) throws(FileError) {
    if let half = type.half {
      return try write(tensor.withUnsafeBuffer { $0.map(half).withUnsafeBytes { Array($0) } })
    }
    let result: Result<Void, FileError> = tensor.withUnsafeBuffer { elements in
      do throws(FileError) {
        return .success(try write(UnsafeRawBufferPointer(elements)))
      } catch { return .failure(error) }
    }
    try result.get()
  }
}
