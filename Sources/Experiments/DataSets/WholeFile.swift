import Foundation
import SwiftDL

/// Files small enough to be held whole.
enum WholeFile {
  /// The bytes of a file of at most `limit` bytes.
  static func bytes(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw FileError(path, "cannot be read: \(String(cString: strerror(errno)).lowercased())")
    }
    if status.st_mode & S_IFMT == S_IFDIR { throw FileError(path, "is a folder where a file is needed") }
    if status.st_size > limit {
      throw FileError(path, "has \(status.st_size) bytes; at most \(limit) are read", hint: "split the file")
    }
    do { return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) } catch {
      throw FileError(path, "cannot be read", hint: "check its permissions")
    }
  }

  /// The UTF-8 text of a file.
  static func text(_ path: String) throws(FileError) -> String {
    guard let text = String(validating: try bytes(path), as: UTF8.self) else {
      throw FileError(path, "is no UTF-8 text", hint: "convert it: iconv -f latin1 -t utf8")
    }
    return text
  }
}
