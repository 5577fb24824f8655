import Foundation
import Glibc
import SwiftDL

/// A folder that is about to be filled, which can be put back to what it was when that fails.
public struct FreshFolder: Sendable {
  private let path: String
  private let wasEmpty: Bool
  /// What was in the folder, hidden names too.
  private let names: Set<String>
  /// The folders that have to be made, outermost first.
  private let missing: [String]

  /// Looks at the folder as it is now; it need not exist.
  public init(_ path: String) {
    self.path = path
    var missing: [String] = []
    var folder = path
    while !folder.isEmpty, !Folders.exists(folder) {
      missing.append(folder)
      folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
    }
    self.missing = missing.reversed()
    names = Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
    wasEmpty = !missing.isEmpty || names.allSatisfy { $0.hasPrefix(".") }
  }

  /// Removes what came into the folder, if it was new or empty, and the folders made for it.
  public func discard() {
    if wasEmpty, Folders.isDirectory(path) {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      where !names.contains(name) {
        try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
    }
    discardFolders()
  }

  /// Removes the folders that were made, as far as nothing is in them.
  public func discardFolders() {
    for folder in missing.reversed() { rmdir(folder) }
  }

  /// Runs what fills a folder; when it fails, the folder is as it was.
  ///
  /// - Throws: `FileError` for a folder that holds something, with which what comes would be mixed, and what `body` throws.
  public static func fill<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    let folder = FreshFolder(path)
    guard folder.wasEmpty else { throw FileError(path, "is not empty", hint: "name a new folder, or empty this one") }
    do { return try body() } catch {
      folder.discard()
      throw error
    }
  }
}
