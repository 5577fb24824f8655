import Glibc

/// What appearing whole or not at all takes for folders of plain files.
extension Folders {
  /// A hidden name beside a folder's own.
  static func temporaryName(for folder: String) -> String {
    let slash = folder.lastIndex(of: "/").map { folder.index(after: $0) } ?? folder.startIndex
    return "\(folder[..<slash]).\(folder[slash...]).\(getpid()).part"
  }

  /// Removes a folder and the files in it, or a file, if it is there. Folders inside make it stay.
  static func remove(_ path: String) {
    if !isDirectory(path) || destination(ofLink: path) != nil {
      unlink(path)
      return
    }
    let names = ((try? self.names(in: path)) ?? []) + hiddenNames(in: path)
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// The names in a folder that begin with a dot, without the folder itself and its parent.
  static func hiddenNames(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix("."), name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Renames a finished folder into its place; what was there before is put aside until the new one
  /// is there.
  static func replace(_ folder: String, with temporary: String) throws(FileError) {
    let aside = temporary + ".old"
    remove(aside)
    let replaces = rename(folder, aside) == 0
    if rename(temporary, folder) != 0 {
      let error = FileError(
        folder, "cannot be written: \(String(cString: strerror(errno)).lowercased())",
        hint: "choose a folder you may write to")
      if replaces { rename(aside, folder) }
      throw error
    }
    sync(parentOf: folder)
    remove(aside)
  }

  /// Makes a name point to a neighbour in the same folder, instead of what it pointed to before.
  static func link(_ path: String, to name: String) throws(FileError) {
    let temporary = temporaryName(for: path)
    unlink(temporary)
    guard symlink(name, temporary) == 0, rename(temporary, path) == 0 else {
      let error = FileError(
        path, "cannot be written: \(String(cString: strerror(errno)).lowercased())",
        hint: isDirectory(path) ? "something else has this name" : nil)
      unlink(temporary)
      throw error
    }
    sync(parentOf: path)
  }

  /// What a link points to.
  static func destination(ofLink path: String) -> String? {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
      }
    }
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  /// A rename lives in the folder: synced, a power cut keeps it.
  private static func sync(parentOf path: String) {
    let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(parent, O_RDONLY | O_CLOEXEC)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
  }
}
