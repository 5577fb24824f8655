internal import CKernels
import Glibc

/// What a process may use of a machine's processors, as Linux tells it, and how many threads that is worth.
///
/// Three things count: the processors of its affinity mask; the cores these lie on, since two threads on the two halves of
/// a core wait for the same arithmetic units; and the time that control groups allow (a container's `--cpus`), of both
/// versions. Where the machine does not tell, nothing is taken off.
public struct ProcessorShare: Sendable, Equatable {
  /// The logical processors of the affinity mask.
  public let processors: Int
  /// The physical cores they lie on.
  public let cores: Int
  /// The processors' time that the control groups allow, 1.5 for one and a half; nil without a limit.
  public let quota: Double?

  /// A thread for every core, and no more than the quota rounded up: a part of a processor is still worth a thread.
  public var threads: Int { quota.map { min(cores, max(1, Int($0.rounded(.up)))) } ?? cores }

  /// This process's.
  public static let own = ProcessorShare()

  /// - Parameter root: the folder in which the system's `proc` and `sys` lie.
  public init(root: String = "") {
    let affinity = Self.affinity(in: root)
    processors = affinity.count
    cores = Set(affinity.map { Self.siblings(of: $0, in: root) }).count
    quota = Self.groups(in: root).flatMap { Self.quotas(of: $0, in: root) }.min()
  }

  /// The processors that share a core with one, as the system lists them: the same text for all of them.
  private static func siblings(of processor: Int, in root: String) -> String {
    let topology = "\(root)/sys/devices/system/cpu/cpu\(processor)/topology"
    return firstLine("\(topology)/core_cpus_list") ?? firstLine("\(topology)/thread_siblings_list") ?? "\(processor)"
  }

  /// A control group that the process is in.
  private struct Group {
    /// Nil for the one hierarchy of version 2.
    let controllers: String?
    /// Below the hierarchy's root.
    let path: String
  }

  /// `0::/path` for version 2, `4:cpu,cpuacct:/path` for version 1.
  private static func groups(in root: String) -> [Group] {
    lines("\(root)/proc/self/cgroup").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3 else { return nil }
      if fields[0] == "0" && fields[1].isEmpty { return Group(controllers: nil, path: fields[2]) }
      return fields[1].split(separator: ",").contains("cpu") ? Group(controllers: fields[1], path: fields[2]) : nil
    }
  }

  /// The limits of a group and of all above it. Inside a container the path may be the host's, of which only the end of
  /// the way, the hierarchy's root, is to be seen.
  private static func quotas(of group: Group, in root: String) -> [Double] {
    let hierarchies = (group.controllers.map { [$0, "cpu"] } ?? ["", "unified"]).map { "\(root)/sys/fs/cgroup/\($0)" }
    let steps = group.path.split(separator: "/").filter { $0 != ".." }
    return hierarchies.flatMap { hierarchy in
      (0...steps.count).compactMap { count in
        let folder = ([Substring(hierarchy)] + steps.prefix(count)).joined(separator: "/")
        return group.controllers == nil ? unifiedQuota(folder) : separateQuota(folder)
      }
    }
  }

  /// Of version 2: `cpu.max` holds the microseconds of every period, or `max`, and the period.
  private static func unifiedQuota(_ folder: String) -> Double? {
    let words = (firstLine("\(folder)/cpu.max") ?? "").split(separator: " ").map { Double($0) }
    guard words.count == 2, let time = words[0], let period = words[1] else { return nil }
    return share(time, of: period)
  }

  /// Of version 1, where -1 is no limit.
  private static func separateQuota(_ folder: String) -> Double? {
    guard let time = firstLine("\(folder)/cpu.cfs_quota_us").flatMap(Double.init),
      let period = firstLine("\(folder)/cpu.cfs_period_us").flatMap(Double.init)
    else { return nil }
    return share(time, of: period)
  }

  private static func share(_ time: Double, of period: Double) -> Double? {
    let share = time / period
    return time > 0 && period > 0 && share.isFinite && share < 1e6 ? share : nil
  }

  private static func firstLine(_ path: String) -> String? { lines(path).first }

  /// The lines of a small file; none where it cannot be read.
  private static func lines(_ path: String) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The processors of the mask that are switched on, from `Cpus_allowed_list` and the list of those; the kernels' count
  /// where the mask is not told.
  private static func affinity(in root: String) -> [Int] {
    let name = "Cpus_allowed_list:"
    let told = lines("\(root)/proc/self/status").first { $0.hasPrefix(name) }
    let allowed = numbers(told?.dropFirst(name.count) ?? "")
    let online = Set(numbers(firstLine("\(root)/sys/devices/system/cpu/online")?[...] ?? ""))
    let both = online.isEmpty ? allowed : allowed.filter(online.contains)
    return both.isEmpty ? Array(0..<Int(ck_available_cores())) : both
  }

  /// `0-3,8` is 0, 1, 2, 3 and 8; nothing for what is no such list.
  private static func numbers(_ list: Substring) -> [Int] {
    var numbers: [Int] = []
    for part in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 0, first <= last,
        last < 1 << 16
      else { return [] }
      numbers += first...last
    }
    return numbers
  }
}
