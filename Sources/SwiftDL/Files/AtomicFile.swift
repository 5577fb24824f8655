import Glibc
import Synchronization

/// A file that appears whole or not at all: written under a temporary name beside its place, synced to disk,
/// then renamed. Dropped without `commit()`, it leaves nothing behind.
public final class AtomicFile {
  /// Where the file will be.
  public let path: String
  /// Where it is until `commit()`: for libraries that want to open the file themselves.
  public let temporaryPath: String
  private var descriptor: Int32
  private var finished = false

  /// Creates the temporary file; missing parent folders are an error that says so.
  public init(_ path: String) throws(FileError) {
    self.path = path
    var status = stat()
    if stat(path, &status) == 0, (status.st_mode & S_IFMT) != S_IFREG {
      // Found out now, not after hours of work; and a device is not replaced by a file.
      throw FileError(
        path, Folders.isDirectory(path) ? "is a folder" : "is not a regular file",
        hint: "choose the name of a file")
    }
    let serial = Self.serial.add(1, ordering: .relaxed).newValue
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    temporaryPath = "\(path[..<slash]).\(path[slash...]).\(getpid()).\(serial).part"
    descriptor = open(temporaryPath, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw Self.failure(path, "cannot be created") }
  }

  /// Appends bytes.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw Self.failure(path, "cannot be written")
      }
      rest = rest.dropFirst(written)
    }
  }

  /// Appends text as UTF-8.
  public func write(_ text: String) throws(FileError) {
    var text = text
    let result: Result<Void, FileError> = text.withUTF8 { bytes in
      do throws(FileError) { return .success(try write(UnsafeRawBufferPointer(bytes))) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Syncs, closes and renames the file into place.
  public func commit() throws(FileError) {
    finished = true
    let synced = fsync(descriptor)
    let closed = close(descriptor)
    guard synced == 0, closed == 0, rename(temporaryPath, path) == 0 else {
      let error = Self.failure(path, "cannot be written")
      unlink(temporaryPath)
      throw error
    }
    // The rename itself lives in the folder: sync that too, so that a power cut keeps the new file.
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let folderDescriptor = open(folder, O_RDONLY | O_CLOEXEC)
    if folderDescriptor >= 0 {
      fsync(folderDescriptor)
      close(folderDescriptor)
    }
  }

  deinit {
    if !finished {
      close(descriptor)
      unlink(temporaryPath)
    }
  }

  /// Writes a whole text file.
  public static func write(_ text: String, to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(text)
    try file.commit()
  }

  private static let serial = Atomic<Int>(0)

  private static func failure(_ path: String, _ what: String) -> FileError {
    let hint: String? =
      switch errno {
      case ENOSPC, EDQUOT: "free some space on the disk and try again"
      case ENOENT: "create its folder first"
      case EACCES, EPERM, EROFS: "choose a folder you may write to"
      default: nil
      }
    return FileError(path, "\(what): \(String(cString: strerror(errno)).lowercased())", hint: hint)
  }
}
