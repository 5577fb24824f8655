/// The control groups that a process is in, of both versions, as Linux tells them in plain files.
package struct ControlGroups: Sendable {
  /// The folder of a group.
  package struct Folder: Sendable {
    package let path: String
    /// Of version 2.
    package let isUnified: Bool
  }

  private struct Group {
    /// None in the one hierarchy of version 2.
    let controllers: [Substring]
    /// The hierarchy's names below `sys/fs/cgroup`.
    let names: [String]
    /// Below the hierarchy's root.
    let path: String
  }

  private let root: String
  private let groups: [Group]

  /// - Parameter root: the folder in which the system's `proc` and `sys` lie.
  package init(root: String = "") {
    self.root = root
    // `0::/path` for version 2, `4:cpu,cpuacct:/path` for version 1.
    groups = SystemFile.lines("\(root)/proc/self/cgroup").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      let controllers = fields[1].split(separator: ",")
      if controllers.isEmpty { return Group(controllers: [], names: ["", "unified"], path: String(fields[2])) }
      let names = [String(fields[1])] + controllers.map(String.init)
      return Group(controllers: controllers, names: names, path: String(fields[2]))
    }
  }

  /// The folders that may hold a controller's limits: of its groups and of all above them, for all of them bind. Inside a
  /// container the path may be the host's, of which only the end of the way, the hierarchy's root, is to be seen.
  package func folders(of controller: String) -> [Folder] {
    groups.filter { $0.controllers.isEmpty || $0.controllers.contains(controller[...]) }.flatMap { group in
      let steps = group.path.split(separator: "/").filter { $0 != ".." }
      return group.names.flatMap { name in
        (0...steps.count).map { count in
          let path = (["\(root)/sys/fs/cgroup/\(name)"] + steps.prefix(count).map(String.init)).joined(separator: "/")
          return Folder(path: path, isUnified: group.controllers.isEmpty)
        }
      }
    }
  }
}
