import Glibc

/// A regular file open for reading at any position, from any thread; or bytes that stand for one.
final class InputFile: Sendable {
  let path: String
  let size: Int
  private let descriptor: Int32
  private let bytes: [UInt8]?

  /// Bytes under the name of where they come from.
  init(_ path: String, holding bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    size = bytes.count
    descriptor = -1
  }

  init(_ path: String) throws(FileError) {
    self.path = path
    bytes = nil
    // Not blocking: opening a pipe without a writer must not wait for one.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 {
      throw FileError(
        path, "cannot be opened: \(String(cString: strerror(errno)).lowercased())",
        hint: errno == ENOENT ? "check the path" : nil)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError(path, "is not a regular file")
    }
    size = Int(status.st_size)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Fills `bytes` from `offset` on; a file that ends before is an error.
  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    if let held = self.bytes {
      guard offset + bytes.count <= held.count else {
        throw FileError(path, "ends at byte \(held.count), before its data does", hint: "copy it again")
      }
      bytes.copyBytes(from: held[offset..<offset + bytes.count])
      return
    }
    var done = 0
    while done < bytes.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path, "cannot be read: \(String(cString: strerror(errno)).lowercased())")
      }
      if count == 0 {
        throw FileError(
          path, "ends at byte \(offset + done), before its data does", hint: "copy it again")
      }
      done += count
    }
  }

  /// `count` bytes from `offset` on.
  func read(_ count: Int, at offset: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result: Result<Void, FileError> = bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) { return .success(try read(into: buffer, at: offset)) } catch {
        return .failure(error)
      }
    }
    try result.get()
    return bytes
  }
}
