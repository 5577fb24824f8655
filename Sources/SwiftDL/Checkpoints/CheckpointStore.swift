/// The checkpoints of one run: a folder per kept step, and the links `last` and `best`.
///
/// A folder is complete when it has its name, and older ones go only after the links have moved:
/// whenever the machine stops, there is a checkpoint to go on from.
public struct CheckpointStore: Sendable {
  /// The folder of the checkpoints.
  public let path: String
  /// How many of the newest checkpoints are kept, besides the best one.
  public let newestKept: Int

  public init(_ path: String, keepingNewest newestKept: Int = 1) {
    precondition(newestKept > 0, "CheckpointStore: keeping \(newestKept) checkpoints")
    self.path = path
    self.newestKept = newestKept
  }

  /// Writes a checkpoint, which becomes the last one, and drops those no longer kept.
  ///
  /// Checkpoints of later steps belong to a continuation that was given up; they go too.
  public func write(
    _ model: some Module, _ state: TrainingState, metadata: [String: String] = [:],
    isBest: Bool = false
  ) throws(FileError) {
    try Folders.create(path)
    for leftover in Folders.hiddenNames(in: path) where leftover.hasPrefix(".step-") {
      Folders.remove("\(path)/\(leftover)")
    }
    let name = Self.name(of: state.step)
    try Checkpoint.write(model, state, metadata: metadata, to: "\(path)/\(name)")
    try Folders.link("\(path)/last", to: name)
    if isBest { try Folders.link("\(path)/best", to: name) }

    let kept = try steps().filter { $0 <= state.step }.suffix(newestKept).map(Self.name)
    let best = Folders.destination(ofLink: "\(path)/best")
    for name in try steps().map(Self.name) where !kept.contains(name) && name != best {
      Folders.remove("\(path)/\(name)")
    }
  }

  /// The folder of the last checkpoint: `nil` before the first.
  public func last() throws(FileError) -> String? {
    if let linked = linked("last") { return linked }
    return try steps().last.map { "\(path)/\(Self.name(of: $0))" }
  }

  /// The folder of the best checkpoint: `nil` when none was called so.
  public func best() -> String? { linked("best") }

  /// The steps of the checkpoints present, in increasing order.
  public func steps() throws(FileError) -> [Int] {
    guard Folders.isDirectory(path) else { return [] }
    return try Folders.names(in: path).compactMap { name in
      name.hasPrefix("step-") ? Int(name.dropFirst(5)) : nil
    }.sorted()
  }

  private func linked(_ name: String) -> String? {
    guard let destination = Folders.destination(ofLink: "\(path)/\(name)") else { return nil }
    let folder = "\(path)/\(destination)"
    return Folders.isDirectory(folder) ? folder : nil
  }

  private static func name(of step: Int) -> String {
    let digits = "\(step)"
    return "step-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
  }
}
