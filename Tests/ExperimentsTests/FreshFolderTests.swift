import Experiments
import SwiftDL
import TestSupport
import Testing

@Suite("Folders that are filled") struct FreshFolderTests {
  private struct Failure: Error {}

  @Test("a failure leaves nothing, and no folder that was not there") func failure() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/outer/inner"
    #expect(throws: Failure.self) {
      try FreshFolder.fill(path) {
        try Folders.create(path)
        try AtomicFile.write("half", to: "\(path)/song.txt")
        throw Failure()
      }
    }
    #expect(!Folders.exists("\(folder.path)/outer"))
  }

  @Test("a folder that holds something is refused, before anything is made") func notEmpty() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("mine", to: "\(folder.path)/song.txt")
    #expect(throws: FileError(folder.path, "is not empty", hint: "name a new folder, or empty this one")) {
      try FreshFolder.fill(folder.path) { Issue.record("it was filled") }
    }
    #expect(try Folders.names(in: folder.path) == ["song.txt"])
  }

  @Test("an empty folder may be there") func empty() throws {
    let folder = try TemporaryFolder()
    #expect(try FreshFolder.fill(folder.path) { 3 } == 3)
  }
}
