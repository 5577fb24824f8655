import SwiftDL

/// An array of bytes in the format of the MNIST files: `train-images-idx3-ubyte`, packed by gzip or plain.
///
/// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits": two zeros, the type of the numbers, how many
/// extents, the extents as big-endian 32-bit numbers, the numbers.
struct IDXFile {
  /// Outermost first.
  let extents: [Int]
  /// Row major.
  let bytes: [UInt8]

  /// - Parameter rank: how many extents there must be.
  init(_ path: String, rank: Int) throws(FileError) {
    let file = try Inflation.unpacked(WholeFile.bytes(path), path)
    guard file.count >= 4, file[0] == 0, file[1] == 0 else {
      throw FileError(path, "is no IDX file", hint: "it must begin with two zeros, the type and the number of extents")
    }
    guard file[2] == 8 else {
      throw FileError(path, "is an IDX file of type \(file[2])", hint: "unsigned bytes, type 8, are read")
    }
    guard Int(file[3]) == rank else {
      throw FileError(path, "has \(file[3]) extents; \(rank) are needed", hint: "images have 3, labels 1")
    }
    let start = 4 + 4 * rank
    guard file.count >= start else { throw FileError(path, "ends within its header", hint: "copy or download it again") }
    extents = (0..<rank).map { axis in (0..<4).reduce(0) { $0 << 8 | Int(file[4 + 4 * axis + $1]) } }
    // Four billion times itself would not be a number any more.
    let count = extents.reduce(1) { min($0 * $1, 1 << 31) }
    guard file.count - start == count else {
      throw FileError(
        path, "has \(file.count - start) bytes where its header announces \(count)", hint: "copy or download it again")
    }
    bytes = Array(file[start...])
  }
}

extension Inflation {
  /// The bytes of a file, unpacked if they are packed by gzip.
  static func unpacked(_ bytes: [UInt8], _ path: String) throws(FileError) -> [UInt8] {
    bytes.starts(with: [0x1F, 0x8B]) ? try inflated(bytes[...], path) : bytes
  }
}
