import CZlib
import Foundation
import SwiftDL

/// An archive of arrays as `numpy.savez` and `savez_compressed` write them: a zip file of `.npy` files.
///
/// Source: PKWARE, "ZIP File Format Specification", sections 4.3.7, 4.3.12 and 4.3.16; without its 64-bit form.
struct NumPyArchive {
  private struct Entry {
    let localHeader: Int
    let packedSize: Int
    let size: Int
    let isDeflated: Bool
    let checksum: Int
  }

  let path: String
  private let bytes: Data
  private let entries: [String: Entry]

  /// Names of the arrays, without their ending.
  var names: [String] { entries.keys.sorted() }

  /// Opens an archive and reads its directory.
  init(_ path: String) throws(FileError) {
    self.path = path
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
      throw FileError(path, "cannot be read", hint: "check the path")
    }
    self.bytes = bytes
    func broken(_ what: String) -> FileError {
      FileError(path, "is no NumPy archive: \(what)", hint: "write one with numpy.savez")
    }
    func number(_ offset: Int, _ count: Int) throws(FileError) -> Int {
      guard offset >= 0, offset + count <= bytes.count else { throw broken("it ends too early") }
      return (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[bytes.startIndex + offset + $1]) }
    }
    // The directory's end is at the end of the file, but for a comment.
    var end = bytes.count - 22
    while end >= max(0, bytes.count - 22 - 0xffff), try number(end, 4) != 0x0605_4b50 { end -= 1 }
    guard end >= 0, try number(end, 4) == 0x0605_4b50 else { throw broken("it has no directory") }
    var entries: [String: Entry] = [:]
    var place = try number(end + 16, 4)
    for _ in 0..<(try number(end + 10, 2)) {
      guard try number(place, 4) == 0x0201_4b50 else { throw broken("its directory is damaged") }
      let (method, nameLength) = (try number(place + 10, 2), try number(place + 28, 2))
      guard place + 46 + nameLength <= bytes.count else { throw broken("its directory is damaged") }
      let start = bytes.startIndex + place + 46
      let name = String(decoding: bytes[start..<start + nameLength], as: UTF8.self)
      guard method == 0 || method == 8 else { throw broken("“\(name)” is packed by method \(method)") }
      if name.hasSuffix(".npy") {
        entries[String(name.dropLast(4))] = Entry(
          localHeader: try number(place + 42, 4), packedSize: try number(place + 20, 4), size: try number(place + 24, 4),
          isDeflated: method == 8, checksum: try number(place + 16, 4))
      }
      place += 46 + nameLength + (try number(place + 30, 2)) + (try number(place + 32, 2))
    }
    self.entries = entries
  }

  /// One array.
  func tensor(_ name: String) throws(FileError) -> Tensor {
    guard let entry = entries[name] else { throw FileError(path, "has no array “\(name)”") }
    func damaged() -> FileError { FileError(path, "its array “\(name)” is damaged", hint: "copy the file again") }
    let header = bytes.startIndex + entry.localHeader
    guard entry.localHeader + 30 <= bytes.count else { throw damaged() }
    let lengths = [26, 28].map { Int(bytes[header + $0]) | Int(bytes[header + $0 + 1]) << 8 }
    let start = header + 30 + lengths[0] + lengths[1]
    guard start + entry.packedSize <= bytes.endIndex else { throw damaged() }
    let packed = Array(bytes[start..<start + entry.packedSize])
    let array = entry.isDeflated ? try Inflation.inflated(packed[...], path, isRaw: true) : packed
    guard array.count == entry.size, Int(crc32(0, array, uInt(array.count))) == entry.checksum else { throw damaged() }
    return try NumPyFile.read(array, of: "\(path), \(name)")
  }
}
