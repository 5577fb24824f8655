import Foundation
import Glibc
import SwiftDL
import Synchronization

/// A file of JSON lines that only grows, line by line. A line torn by a crash is cut off when the
/// file is opened.
final class MetricsFile: Sendable {
  let path: String
  private let descriptor: Int32
  /// The bytes of whole lines.
  private let length: Mutex<Int>

  init(_ path: String) throws(FileError) {
    self.path = path
    let whole = Folders.exists(path) ? try Self.read(path).last?.end ?? 0 : 0
    length = Mutex(whole)
    descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0, ftruncate(descriptor, whole) == 0 else { throw Self.failure(path) }
  }

  deinit { close(descriptor) }

  /// Appends a line whole, or leaves the file as it was.
  func append(_ line: String) throws(FileError) {
    let bytes = Array(line.utf8)
    let complete = length.withLock { length in
      var done = 0
      while done < bytes.count {
        let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EINTR { break }
        done += max(count, 0)
      }
      if done < bytes.count {
        let reason = errno
        ftruncate(descriptor, length)
        errno = reason
        return false
      }
      length += bytes.count
      return true
    }
    if !complete { throw Self.failure(path) }
  }

  func truncate(to newLength: Int) throws(FileError) {
    let done = length.withLock { length in
      length = newLength
      return ftruncate(descriptor, newLength) == 0
    }
    if !done { throw Self.failure(path) }
  }

  /// The whole lines with the byte behind each. An unfinished last line is left out.
  static func read(_ path: String) throws(FileError) -> [(fields: JSONObject, end: Int)] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path, "cannot be read")
    }
    var lines: [(fields: JSONObject, end: Int)] = []
    var start = data.startIndex
    while let end = data[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let text = String(decoding: data[start..<end], as: UTF8.self)
      do {
        guard let fields = try JSONValue(parsing: text).object else {
          throw FileError("\(path):\(lines.count + 1)", "this line is no JSON object")
        }
        lines.append((fields, data.distance(from: data.startIndex, to: end) + 1))
      } catch {
        throw (error as? FileError) ?? FileError("\(path):\(lines.count + 1)", "\(error)")
      }
      start = data.index(after: end)
    }
    return lines
  }

  private static func failure(_ path: String) -> FileError {
    FileError(
      path, "cannot be written: \(String(cString: strerror(errno)).lowercased())",
      hint: errno == ENOSPC ? "free some space on the disk and resume" : nil)
  }
}
