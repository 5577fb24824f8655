import SwiftDL

/// The files of a folder in three parts: those of its folders `train`, `valid` and `test`, or, where it has none,
/// its files by name, of which every tenth is for validation and another for the test (of fewer than ten the last
/// two).
enum HeldOutFiles {
  /// - Parameters:
  ///   - what: what the files are, for errors.
  ///   - list: the usable files of a folder.
  static func parts(
    of path: String, _ what: String, list: (String) throws(FileError) -> [String]
  ) throws(FileError) -> (train: [String], valid: [String], test: [String]) {
    guard Folders.isDirectory(path) else {
      throw FileError(path, Folders.exists(path) ? "is a file" : "does not exist", hint: "a folder of \(what) is needed")
    }
    if Folders.isDirectory("\(path)/train") {
      func part(_ name: String) throws(FileError) -> [String] {
        guard Folders.isDirectory("\(path)/\(name)") else {
          throw FileError(path, "has a folder train but no \(name)", hint: "train, valid and test belong together")
        }
        return try list("\(path)/\(name)").sorted()
      }
      return (try part("train"), try part("valid"), try part("test"))
    }
    let all = try list(path).sorted()
    guard all.count >= 3 else {
      throw FileError(
        path, "has \(all.count) \(what); at least 3 are needed", hint: "one for each of training, validation and test")
    }
    func part(_ index: Int) -> Int {
      if all.count < 10 { return index == all.count - 2 ? 1 : index == all.count - 1 ? 2 : 0 }
      return index % 10 == 8 ? 1 : index % 10 == 9 ? 2 : 0
    }
    let parts = (0..<3).map { wanted in all.indices.filter { part($0) == wanted }.map { all[$0] } }
    return (parts[0], parts[1], parts[2])
  }
}
