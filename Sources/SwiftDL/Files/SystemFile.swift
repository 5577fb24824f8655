import Glibc

/// The small files in which Linux tells how it is.
package enum SystemFile {
  /// Its lines; none where it cannot be read.
  package static func lines(_ path: String) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  package static func firstLine(_ path: String) -> String? { lines(path).first }
}
