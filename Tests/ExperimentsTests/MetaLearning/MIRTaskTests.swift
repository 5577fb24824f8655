import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Tasks in folders") struct MIRTaskTests {
  @Test("a task of every kind is read, cut into clips", arguments: MIRTaskKind.allCases)
  func kinds(kind: MIRTaskKind) throws {
    let folder = try TemporaryFolder()
    let tasks = TaskFolders(folder.path)
    try tasks.write("task", kind: kind)
    let task = try MIRTask("\(folder.path)/task", for: .tiny)
    #expect(task.kind == kind && task.name == "task")
    #expect(task.train.count == 8 && task.examples[.test]?.count == 4 && task.examples[.validation] == nil)
    #expect(task.classes == (kind == .classes ? ["low", "high"] : []))
  }

  @Test("long sounds become clips, the rest of at least half a clip too") func clips() throws {
    let folder = try TemporaryFolder()
    let tasks = TaskFolders(folder.path)
    try tasks.write("task", kind: .onsets)
    try tasks.sound("task/train/0.wav", frames: 256 * 3 + 130)
    try tasks.sound("task/train/1.wav", frames: 256 + 120)
    // Four, one, and the six others.
    #expect(try MIRTask("\(folder.path)/task", for: .tiny).train.count == 11)
  }

  /// What is said when a file of a good task is replaced.
  private func complaint(_ kind: MIRTaskKind, _ name: String, _ text: String?) throws -> String {
    let folder = try TemporaryFolder()
    let tasks = TaskFolders(folder.path)
    try tasks.write("task", kind: kind)
    if let text {
      try tasks.text(text, "task/\(name)")
    } else {
      try FileManager.default.removeItem(atPath: "\(folder.path)/task/\(name)")
    }
    do {
      _ = try MIRTask("\(folder.path)/task", for: .tiny)
      return ""
    } catch { return "\(error)" }
  }

  private static let notes = "file,song,start,end,pitch\n"

  @Test(
    "labels that cannot be are told by file and line",
    arguments: [
      (MIRTaskKind.onsets, "file,song\n", "labels.csv:1", "file,song,time"),
      (.onsets, "file;song;time\n0.wav;a;1\n", "labels.csv:1", "file,song,time"),
      (.onsets, "file,song,time\n0.wav,a\n", "labels.csv:2", "2 columns"),
      (.onsets, "file,song,time\n0.wav,a,0.01\n1.wav,b,-0.01\n", "labels.csv:3", "before the beginning"),
      (.onsets, "file,song,time\n0.wav,a,0.01\n1.wav,b,soon\n", "labels.csv:3", "no time"),
      (.onsets, "file,song,time\n0.wav,a,0.01\n1.wav,b,nan\n", "labels.csv:3", "no time"),
      (.onsets, "file,song,time\n0.wav,a,3.5\n", "labels.csv:2", "behind the end"),
      (.onsets, "file,song,time\n9.wav,a,0.01\n", "labels.csv:2", "9.wav is not in the folder"),
      (.onsets, "file,song,time\n0.wav,a,0.01\n0.wav,b,0.02\n", "labels.csv:3", "belongs to “b”"),
      (.onsets, "file,song,time\n,a,0.01\n", "labels.csv:2", "names no file"),
      (.onsets, "file,song,time\n0.wav,a,0.01\n", "1.wav", "has no line"),
      (.notes, notes + "0.wav,a,0.03,0.02,60\n", "labels.csv:2", "not after it begins"),
      (.notes, notes + "0.wav,a,0.01,0.02,C4\n", "labels.csv:2", "no key"),
      (.notes, notes + "0.wav,a,0.01,0.02,128\n", "labels.csv:2", "21 to 108"),
      (
        .chords, "file,song,start,end,chord\n0.wav,a,0,0.04,C\n0.wav,a,0.03,0.05,G\n", "labels.csv:3", "overlaps with line 2"
      ),
      (.chords, "file,song,start,end,chord\n0.wav,a,0,0.04,H\n", "labels.csv:2", "no chord"),
      (.tempo, "file,song,bpm\n0.wav,a,20\n", "labels.csv:2", "40 to 300"),
      (.tempo, "file,song,bpm\n0.wav,a,90\n0.wav,a,95\n", "labels.csv:3", "2 labels"),
      (.key, "file,song,key\n0.wav,a,C dorian\n", "labels.csv:2", "no key"),
      (.key, "file,song,key\n0.wav,a,\n", "labels.csv:2", "0 labels"),
      (.source, "file,song,target\n0.wav,a,none.wav\n", "labels.csv:2", "none.wav is not in the folder"),
    ])
  func badLabels(kind: MIRTaskKind, text: String, place: String, problem: String) throws {
    let told = try complaint(kind, "train/labels.csv", text)
    #expect(told.contains(place) && told.contains(problem), "\(told)")
    #expect(!told.contains("\n"))
  }

  @Test("tasks that cannot be are told") func badTasks() throws {
    func expect(_ kind: MIRTaskKind, _ name: String, _ text: String?, _ problems: String..., at line: Int = #line) throws {
      let told = try complaint(kind, name, text)
      for problem in problems { #expect(told.contains(problem), "line \(line): \(told)") }
    }
    try expect(.onsets, "task.yaml", nil, "task.yaml", "kind: onsets")
    try expect(.onsets, "task.yaml", "kind: onset\n", "did you mean onsets?")
    try expect(.onsets, "train/labels.csv", nil, "labels.csv", "file,song,time")
    let rest = (1..<8).map { "\($0).wav,a,0.01\n" }.joined()
    try expect(.onsets, "train/labels.csv", "file,song,time\n0.wav,a,0.01\n" + rest, "8 examples of 1 songs")
    let low = (0..<8).map { "\($0).wav,s\($0),low\n" }.joined()
    try expect(.classes, "train/labels.csv", "file,song,class\n" + low, "one class “low”")
    let silent = (0..<8).map { "\($0).wav,s\($0),,\n" }.joined()
    try expect(.activity, "train/labels.csv", "file,song,start,end\n" + silent, "nowhere")
    let full = (0..<8).map { "\($0).wav,s\($0),0,0.064\n" }.joined()
    try expect(.activity, "train/labels.csv", "file,song,start,end\n" + full, "everywhere")
    // A song on both sides, and a class nobody has learnt.
    let shared = (0..<4).map { "\($0).wav,train-1,0.01\n" }.joined()
    try expect(.onsets, "test/labels.csv", "file,song,time\n" + shared, "test/labels.csv:2", "“train-1” is also in train")
    let unknown = (0..<4).map { "\($0).wav,t,loud\n" }.joined()
    try expect(.classes, "test/labels.csv", "file,song,class\n" + unknown, "“loud”", "low, high")
  }

  @Test("a folder of tasks finds them by name") func folders() throws {
    let folder = try TemporaryFolder()
    let tasks = TaskFolders(folder.path)
    try tasks.write("one", kind: .onsets)
    try tasks.write("two", kind: .key)
    let all = try MIRTaskFolder(folder.path, for: .tiny)
    #expect(all.tasks.map(\.name) == ["one", "two"])
    #expect(throws: ConfigurationError.self) { try all.task("tow", "tasks.heldOut") }
    #expect(throws: FileError.self) { try MIRTaskFolder("\(folder.path)/none", for: .tiny) }
  }
}
