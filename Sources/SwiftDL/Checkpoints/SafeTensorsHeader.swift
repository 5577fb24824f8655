/// The header of a safetensors file, checked against the file: eight bytes of length, a JSON
/// object, and data that the tensors cover without gap or overlap.
struct SafeTensorsHeader {
  var entries: [SafeTensorsFile.Entry] = []
  var metadata: [String: String] = [:]

  init(_ file: InputFile) throws(FileError) {
    let start = try file.read(min(file.size, 9), at: 0)
    let length = start.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard start.count == 9, start[8] == UInt8(ascii: "{") else {
      throw FileError(
        file.path, "is not a safetensors file\(Self.guess(start))",
        hint: "give a .safetensors model")
    }
    guard length <= SafeTensorsFile.headerLimit else {
      throw FileError(
        file.path,
        "announces a header of \(length) bytes, more than \(SafeTensorsFile.headerLimit)",
        hint: "the file is damaged; copy it again")
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= file.size else {
      throw FileError(
        file.path, "ends inside its header: \(file.size) bytes of at least \(dataStart)",
        hint: "copy it again")
    }

    let header: JSON
    let bytes = try file.read(Int(length), at: 8)
    do throws(JSON.SyntaxError) { header = try JSON(bytes) } catch {
      throw Self.damaged(file, "\(error.problem) at byte \(8 + error.offset)")
    }
    guard case .object(let members) = header else {
      throw Self.damaged(file, "it is not an object")
    }

    var ranges: [(begin: Int, end: Int, entry: SafeTensorsFile.Entry)] = []
    for member in members {
      if member.name == "__metadata__" {
        metadata = try Self.strings(member.value, file)
      } else {
        ranges.append(try Self.entry(member, dataStart, file))
      }
    }
    // Empty tensors share their place with a neighbour: they keep the header's order.
    let order = ranges.indices.sorted {
      (ranges[$0].begin, ranges[$0].end, $0) < (ranges[$1].begin, ranges[$1].end, $1)
    }
    var covered = 0
    for range in order.map({ ranges[$0] }) {
      guard range.begin == covered else {
        let problem = range.begin < covered ? "overlaps the one before" : "leaves a gap before it"
        throw Self.damaged(file, "the data of \"\(range.entry.name)\" \(problem)")
      }
      covered = range.end
      entries.append(range.entry)
    }
    guard dataStart + covered == file.size else {
      throw FileError(
        file.path,
        "holds \(file.size - dataStart) bytes of data, and its header describes \(covered)",
        hint: "copy it again")
    }
  }

  private static func entry(
    _ member: JSON.Member, _ dataStart: Int, _ file: InputFile
  ) throws(FileError) -> (begin: Int, end: Int, entry: SafeTensorsFile.Entry) {
    let name = member.name
    guard case .object(let fields) = member.value, fields.count == 3,
      case .string(let typeName)? = member.value["dtype"],
      let extents = member.value["shape"]?.naturals,
      let offsets = member.value["data_offsets"]?.naturals, offsets.count == 2
    else { throw damaged(file, "the entry \"\(name)\" lacks dtype, shape or data_offsets") }
    guard let type = ElementType(rawValue: typeName) else {
      throw FileError(
        file.path, "tensor \"\(name)\" holds \(typeName) numbers, which are not supported",
        hint: "convert it to F32 before saving")
    }
    guard let shape = Shape(checking: extents) else {
      throw damaged(
        file,
        "tensor \"\(name)\" has shape \(extents), too large or of rank above \(Shape.maximumRank)")
    }
    let (bytes, overflow) = shape.elementCount.multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, offsets[0] <= offsets[1], offsets[1] - offsets[0] == bytes else {
      throw damaged(
        file,
        "tensor \"\(name)\" of shape \(shape) and type \(typeName) occupies bytes \(offsets[0]) to \(offsets[1])"
      )
    }
    guard offsets[1] <= file.size - dataStart else {
      throw FileError(
        file.path,
        "ends inside the data of \"\(name)\": \(file.size) bytes of at least \(offsets[1])",
        hint: "copy it again")
    }
    let entry = SafeTensorsFile.Entry(
      name: name, type: type, shape: shape, offset: dataStart + offsets[0])
    return (offsets[0], offsets[1], entry)
  }

  private static func strings(_ value: JSON, _ file: InputFile) throws(FileError) -> [String:
    String]
  {
    guard case .object(let members) = value else {
      throw damaged(file, "__metadata__ is not an object")
    }
    var strings: [String: String] = [:]
    for member in members {
      guard case .string(let string) = member.value else {
        throw damaged(file, "__metadata__ \"\(member.name)\" is not a string")
      }
      strings[member.name] = string
    }
    return strings
  }

  private static func damaged(_ file: InputFile, _ problem: String) -> FileError {
    FileError(
      file.path, "has a damaged safetensors header: \(problem)", hint: "copy or write it again")
  }

  /// What a file that is not one of ours looks like.
  private static func guess(_ start: [UInt8]) -> String {
    let kinds: [(mark: [UInt8], name: String)] = [
      (Array("PK".utf8), " but a zip archive, perhaps a PyTorch checkpoint"),
      (Array("RIFF".utf8), " but a WAV file"), (Array("fLaC".utf8), " but a FLAC file"),
      (Array("OggS".utf8), " but an Ogg file"), (Array("ID3".utf8), " but an MP3 file"),
      ([0x93] + Array("NUMPY".utf8), " but a NumPy array"),
      ([0x89] + Array("HDF".utf8), " but an HDF5 file"),
      ([0x80, 0x02], " but a Python pickle, perhaps a PyTorch checkpoint"),
    ]
    if start.isEmpty { return ": it is empty" }
    return kinds.first { start.starts(with: $0.mark) }?.name ?? ""
  }
}

extension JSON {
  /// The elements of an array of whole numbers from 0 up.
  fileprivate var naturals: [Int]? {
    guard case .array(let values) = self else { return nil }
    var naturals: [Int] = []
    for value in values {
      guard case .integer(let number) = value, number >= 0 else { return nil }
      naturals.append(number)
    }
    return naturals
  }
}
