internal import CKernels

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
    quota = ControlGroups(root: root).folders(of: "cpu").compactMap(Self.quota).min()
  }

  /// The processors that share a core with one, as the system lists them: the same text for all of them.
  private static func siblings(of processor: Int, in root: String) -> String {
    let topology = "\(root)/sys/devices/system/cpu/cpu\(processor)/topology"
    let lists = ["core_cpus_list", "thread_siblings_list"].lazy.compactMap { SystemFile.firstLine("\(topology)/\($0)") }
    return lists.first ?? "\(processor)"
  }

  /// Of version 2 `cpu.max` holds the microseconds of every period, or `max`, and the period; version 1 has a file for
  /// each, and -1 for no limit.
  private static func quota(_ folder: ControlGroups.Folder) -> Double? {
    if folder.isUnified {
      let words = (SystemFile.firstLine("\(folder.path)/cpu.max") ?? "").split(separator: " ").map { Double($0) }
      guard words.count == 2, let time = words[0], let period = words[1] else { return nil }
      return share(time, of: period)
    }
    guard let time = SystemFile.firstLine("\(folder.path)/cpu.cfs_quota_us").flatMap(Double.init),
      let period = SystemFile.firstLine("\(folder.path)/cpu.cfs_period_us").flatMap(Double.init)
    else { return nil }
    return share(time, of: period)
  }

  private static func share(_ time: Double, of period: Double) -> Double? {
    let share = time / period
    return time > 0 && period > 0 && share.isFinite && share < 1e6 ? share : nil
  }

  /// The processors of the mask that are switched on, from `Cpus_allowed_list` and the list of those; the kernels' count
  /// where the mask is not told.
  private static func affinity(in root: String) -> [Int] {
    let name = "Cpus_allowed_list:"
    let told = SystemFile.lines("\(root)/proc/self/status").first { $0.hasPrefix(name) }
    let allowed = numbers(told?.dropFirst(name.count) ?? "")
    let online = Set(numbers(SystemFile.firstLine("\(root)/sys/devices/system/cpu/online")?[...] ?? ""))
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
