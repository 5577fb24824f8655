import Glibc

/// The few questions we ask a file system.
public enum Folders {
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  public static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR
  }

  /// Creates a folder and those above it.
  public static func create(_ path: String) throws(FileError) {
    if path.isEmpty || isDirectory(path) { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try create(String(path[..<slash])) }
    if mkdir(path, 0o755) != 0, !isDirectory(path) {
      throw FileError(
        path, "cannot create the folder: \(String(cString: strerror(errno)).lowercased())",
        hint: "choose a folder you may write to")
    }
  }

  /// The names in a folder, sorted, without hidden ones.
  public static func names(in path: String) throws(FileError) -> [String] {
    guard let directory = opendir(path) else {
      throw FileError(path, "cannot read the folder: \(String(cString: strerror(errno)).lowercased())")
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
