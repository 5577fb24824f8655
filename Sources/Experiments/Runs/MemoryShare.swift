import SwiftDL

/// What a process may use of a machine's memory, as Linux tells it.
public struct MemoryShare: Sendable, Equatable {
  /// The machine's, in bytes; nil where it is not told.
  public let total: Int?
  /// What is free, or would be at need.
  public let available: Int?
  /// What the control groups allow, a container's `--memory`; nil without a limit below the machine's.
  public let limit: Int?

  /// - Parameter root: the folder in which the system's `proc` and `sys` lie.
  public init(root: String = "") {
    let lines = SystemFile.lines("\(root)/proc/meminfo")
    func bytes(_ name: String) -> Int? {
      let words = lines.first { $0.hasPrefix(name + ":") }?.split(separator: " ") ?? []
      guard words.count > 1, let kibibytes = Int(words[1]), 0..<1 << 50 ~= kibibytes else { return nil }
      return kibibytes << 10
    }
    total = bytes("MemTotal")
    available = bytes("MemAvailable")
    let most = total ?? .max
    limit = ControlGroups(root: root).folders(of: "memory").compactMap { folder in
      SystemFile.firstLine("\(folder.path)/\(folder.isUnified ? "memory.max" : "memory.limit_in_bytes")").flatMap { Int($0) }
    }.filter { 0..<most ~= $0 }.min()
  }

  /// In a line for people.
  public var text: String {
    func told(_ bytes: Int?, _ what: String) -> String? {
      bytes.map { "\((Double($0) / 0x1p30 * 10).rounded() / 10) GiB\(what)" }
    }
    return [told(total, ""), told(available, " free"), told(limit, " allowed")].compactMap { $0 }.joined(separator: ", ")
  }
}
