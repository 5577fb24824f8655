import Glibc
import SwiftDL

/// A look at a WAV file's chunks: libsndfile quietly shortens a file that was cut off while it was
/// copied or written; for a data set, that is an error to hear about.
enum RIFFHeader {
  /// Throws if the file is a RIFF WAVE whose sound chunk ends beyond the end of the file.
  ///
  /// A size of 0, and sizes just below 2 GiB and 4 GiB, are what programs write that do not know
  /// the length yet (sound piped to a file): those are taken as "to the end of the file".
  static func checkComplete(
    _ descriptor: Int32, path: String, fileSize: Int
  ) throws(FileError) {
    guard tag(descriptor, at: 0) == "RIFF", tag(descriptor, at: 8) == "WAVE" else { return }
    var offset = 12
    while let name = tag(descriptor, at: offset), let size = word(descriptor, at: offset + 4) {
      if name == "data" {
        let unknown = (0x7FFF_F000...0x7FFF_FFFF).contains(size) || size >= 0xFFFF_F000
        if !unknown, offset + 8 + size > fileSize {
          throw FileError(
            path, "is cut short: \(fileSize - offset - 8) of \(size) bytes of sound are there",
            hint: "export or download it again")
        }
        return
      }
      offset += 8 + size + size % 2
    }
  }

  /// The number of the track where ffmpeg writes it, which libsndfile does not read: `IPRT` in an INFO list before the
  /// sound. Nil without.
  static func part(_ descriptor: Int32) -> String? {
    guard ["RIFF", "RF64"].contains(tag(descriptor, at: 0)), tag(descriptor, at: 8) == "WAVE" else { return nil }
    var (offset, end) = (12, Int.max)
    while offset < end, let name = tag(descriptor, at: offset), let size = word(descriptor, at: offset + 4), name != "data" {
      if name == "LIST", tag(descriptor, at: offset + 8) == "INFO" {
        (offset, end) = (offset + 12, offset + 8 + size)
      } else if name == "IPRT", end < .max {
        let text = (0..<min(size, 64)).compactMap { byte(descriptor, at: offset + 8 + $0) }.prefix { $0 != 0 }
        return String(decoding: text, as: Unicode.ASCII.self)
      } else {
        offset += 8 + size + size % 2
      }
    }
    return nil
  }

  private static func byte(_ descriptor: Int32, at offset: Int) -> UInt8? {
    var byte: UInt8 = 0
    return pread(descriptor, &byte, 1, offset) == 1 ? byte : nil
  }

  private static func bytes(_ descriptor: Int32, at offset: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4)
    return pread(descriptor, &bytes, 4, offset) == 4 ? bytes : nil
  }

  private static func tag(_ descriptor: Int32, at offset: Int) -> String? {
    bytes(descriptor, at: offset).map { String(decoding: $0, as: Unicode.ASCII.self) }
  }

  private static func word(_ descriptor: Int32, at offset: Int) -> Int? {
    bytes(descriptor, at: offset).map { $0.reversed().reduce(0) { $0 << 8 | Int($1) } }
  }
}
