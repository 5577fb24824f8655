import Glibc
import SwiftDL

/// Keeps a folder to one process. The lock goes when the value is released or the process ends,
/// however it ends.
final class RunLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock, or says who has it. (A throw behind the assignment runs `deinit`, which closes
  /// the file.)
  init(folder: String) throws(FileError) {
    let path = "\(folder)/.lock"
    descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    if descriptor < 0 {
      throw FileError(
        path, "cannot be created: \(String(cString: strerror(errno)).lowercased())",
        hint: "choose a folder you may write to")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let refused = errno == EWOULDBLOCK
      let owner = Self.text(of: descriptor)
      throw FileError(
        folder,
        refused
          ? "another process\(owner) is writing this run" : "this file system cannot lock files",
        hint: refused ? "wait for it, or stop it" : "put runs on a local disk")
    }
    ftruncate(descriptor, 0)
    let owner = "\(getpid())\n"
    pwrite(descriptor, owner, owner.utf8.count, 0)
  }

  deinit {
    // Said outright: a process forked a moment ago may still hold a copy of the descriptor.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func text(of descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let number = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).prefix { $0.isNumber }
    return number.isEmpty ? "" : " (\(number))"
  }
}
