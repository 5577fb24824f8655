import Foundation
import SwiftDL
import Testing

/// What a machine of plain files says of its processors.
final class ProcessorShareTests {
  private let root = NSTemporaryDirectory() + "swiftdl-processors-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func write(_ text: String, to name: String) throws {
    let path = "\(root)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  /// With a process that may run on these processors.
  private func share(_ allowed: String) throws -> ProcessorShare {
    try write("Name:\tswiftdl\nCpus_allowed:\tff\nCpus_allowed_list:\t\(allowed)\n", to: "proc/self/status")
    return ProcessorShare(root: root)
  }

  @Test func withoutAnyWordEveryProcessorIsACore() throws {
    let share = try share("0-1,5")
    #expect(share.processors == 3 && share.cores == 3 && share.quota == nil && share.threads == 3)
  }

  @Test func halvesOfACoreCountOnce() throws {
    // Four cores with two threads each, numbered as Intel does; processor 7 knows only the older file.
    for processor in 0..<8 {
      let name = processor == 7 ? "thread_siblings_list" : "core_cpus_list"
      let first = processor % 4
      try write("\(first),\(first + 4)\n", to: "sys/devices/system/cpu/cpu\(processor)/topology/\(name)")
    }
    #expect(try share("0-7").threads == 4)
    #expect(try share("0-7").processors == 8)
    // A mask that takes one core's two halves and another's one.
    #expect(try share("1,5,7").threads == 2)
    #expect(try share("3").threads == 1)
  }

  @Test func quotasOfUnifiedGroups() throws {
    try write("0::/work.slice/one.scope\n", to: "proc/self/cgroup")
    try write("max 100000\n", to: "sys/fs/cgroup/work.slice/one.scope/cpu.max")
    #expect(try share("0-3").quota == nil)
    // What lies above binds too.
    try write("250000 100000\n", to: "sys/fs/cgroup/work.slice/cpu.max")
    #expect(try share("0-3").quota == 2.5)
    #expect(try share("0-3").threads == 3)
    #expect(try share("0-1").threads == 2)
    try write("5000 100000\n", to: "sys/fs/cgroup/work.slice/one.scope/cpu.max")
    #expect(try share("0-3").quota == 0.05 && share("0-3").threads == 1)
  }

  @Test func aContainerSeesItsOwnGroupAtTheTop() throws {
    try write("0::/../../docker/abc\n", to: "proc/self/cgroup")
    try write("200000 100000\n", to: "sys/fs/cgroup/cpu.max")
    #expect(try share("0-15").threads == 2)
  }

  @Test func quotasOfSeparateGroups() throws {
    try write("9:memory:/x\n4:cpu,cpuacct:/docker/abc\n0::/\n", to: "proc/self/cgroup")
    try write("-1\n", to: "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us")
    try write("100000\n", to: "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us")
    #expect(try share("0-7").quota == nil)
    try write("150000\n", to: "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us")
    #expect(try share("0-7").quota == 1.5 && share("0-7").threads == 2)
  }

  @Test func aControllerMountedByItsOwnName() throws {
    try write("1:cpu:/\n0::/\n", to: "proc/self/cgroup")
    try write("300000\n", to: "sys/fs/cgroup/cpu/cpu.cfs_quota_us")
    try write("100000\n", to: "sys/fs/cgroup/cpu/cpu.cfs_period_us")
    #expect(try share("0-7").threads == 3)
  }

  @Test(arguments: ["", "max", "-5 100000", "100000 0", "nan 100000", "9e999 1", "a b", "1 2 3", "\u{0}\u{0}"])
  func nonsenseIsNoLimit(_ text: String) throws {
    try write("0::/\nnonsense\n:::\n7\n", to: "proc/self/cgroup")
    try write(text, to: "sys/fs/cgroup/cpu.max")
    try write("", to: "sys/devices/system/cpu/cpu0/topology/core_cpus_list")
    #expect(try share("0-2").threads == 3)
  }

  @Test func theMaskMayNameProcessorsThatAreOff() throws {
    try write("0-2\n", to: "sys/devices/system/cpu/online")
    #expect(try share("0-63").threads == 3)
    #expect(try share("1,2,40").threads == 2)
  }

  @Test(arguments: ["", "x", "0-", "3-1", "-4", "0-99999999999", "0-9-9", "0,,\u{0}"])
  func aMaskThatSaysNothingIsCountedByTheKernels(_ list: String) throws {
    #expect(try share(list) == ProcessorShare(root: "\(root)/nowhere"))
  }

  @Test func thisProcessHasSome() {
    let own = ProcessorShare.own
    #expect(own.threads >= 1 && own.threads <= own.cores && own.cores <= own.processors)
    #expect(ComputeContext().threads == own.threads)
  }
}
