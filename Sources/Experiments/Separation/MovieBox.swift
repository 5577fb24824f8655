import Glibc
import SwiftDL

/// A box of an MP4 file (ISO/IEC 14496-12): four bytes of size, four of name, content.
struct MovieBox {
  private let name: String
  /// Of the whole box, in the file.
  private let range: Range<Int>
  private let headerBytes: Int

  /// Adds a box to the user data, `moov` / `udta`, of a file whose `moov` lies at its end, where it may grow without
  /// anything else being moved.
  static func add(
    _ name: String, _ content: [UInt8], toMovie path: String, shownAs shownPath: String
  ) throws(FileError) {
    let damaged = FileError(shownPath, "cannot be written: ffmpeg made an MP4 file of an unexpected kind")
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    if descriptor < 0 { throw damaged }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard let movie = boxes(descriptor, in: 0..<size).last, movie.name == "moov", movie.headerBytes == 8,
      movie.range.upperBound == size, movie.range.count < 1 << 30,
      var bytes = read(descriptor, movie.range)
    else { throw damaged }
    let added = box(name, content)
    if let user = boxes(descriptor, in: movie.range.dropFirst(8)).last(where: { $0.name == "udta" }), user.headerBytes == 8 {
      let start = user.range.lowerBound - movie.range.lowerBound
      bytes.insert(contentsOf: added, at: start + user.range.count)
      bytes.replaceSubrange(start..<start + 4, with: word(user.range.count + added.count))
    } else {
      bytes += box("udta", added)
    }
    bytes.replaceSubrange(0..<4, with: word(bytes.count))
    guard pwrite(descriptor, bytes, bytes.count, movie.range.lowerBound) == bytes.count else {
      throw FileError(shownPath, "cannot be written: \(String(cString: strerror(errno)).lowercased())")
    }
  }

  /// The boxes in a part of a file; those before it makes no sense.
  private static func boxes(_ descriptor: Int32, in range: Range<Int>) -> [MovieBox] {
    var found: [MovieBox] = []
    var offset = range.lowerBound
    while let header = read(descriptor, offset..<offset + 8) {
      var (size, headerBytes) = (number(header[..<4]), 8)
      if size == 1, let large = read(descriptor, offset + 8..<offset + 16), large[0] < 0x40 {
        (size, headerBytes) = (number(large[...]), 16)
      }
      guard size >= headerBytes, size <= range.upperBound - offset else { break }
      let name = String(decoding: header[4...], as: Unicode.ASCII.self)
      found.append(MovieBox(name: name, range: offset..<offset + size, headerBytes: headerBytes))
      offset += size
    }
    return found
  }

  private static func read(_ descriptor: Int32, _ range: Range<Int>) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: range.count)
    return pread(descriptor, &bytes, bytes.count, range.lowerBound) == bytes.count ? bytes : nil
  }

  private static func box(_ name: String, _ content: [UInt8]) -> [UInt8] {
    word(content.count + 8) + Array(name.utf8) + content
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
  private static func word(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
