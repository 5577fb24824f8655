import Experiments
import Foundation
import Testing

/// What a machine of plain files says of its memory.
struct MemoryShareTests {
  private let root: TemporaryFolder
  init() throws { root = try TemporaryFolder() }

  private func write(_ text: String, to name: String) throws {
    let path = "\(root.path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  @Test func theMachinesAndTheContainers() throws {
    #expect(MemoryShare(root: root.path).text == "")
    try write("MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n", to: "proc/meminfo")
    #expect(MemoryShare(root: root.path).text == "16.0 GiB, 8.0 GiB free")
    try write("0::/a/b\n5:memory:/a\n", to: "proc/self/cgroup")
    try write("max\n", to: "sys/fs/cgroup/a/b/memory.max")
    try write("9223372036854771712\n", to: "sys/fs/cgroup/memory/a/memory.limit_in_bytes")
    #expect(MemoryShare(root: root.path).limit == nil)
    try write("4294967296\n", to: "sys/fs/cgroup/a/memory.max")
    #expect(MemoryShare(root: root.path).text == "16.0 GiB, 8.0 GiB free, 4.0 GiB allowed")
    try write("1073741824\n", to: "sys/fs/cgroup/memory/a/memory.limit_in_bytes")
    #expect(MemoryShare(root: root.path).limit == 1 << 30)
  }

  @Test(arguments: ["MemTotal:", "MemTotal: x kB", "MemTotal: 99999999999999999999 kB", "MemTotal: -5 kB", "\u{0}"])
  func nonsenseIsNothing(_ text: String) throws {
    try write(text, to: "proc/meminfo")
    try write("0::/\n", to: "proc/self/cgroup")
    try write("x\n", to: "sys/fs/cgroup/memory.max")
    #expect(MemoryShare(root: root.path) == MemoryShare(root: "\(root.path)/nowhere"))
  }

  @Test func thisMachineHasSome() { #expect((MemoryShare().total ?? 0) > 1 << 20) }
}
