/// What went wrong with a file, in the caller's words: the file, the problem, and what to do about it.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  public let problem: String
  public let hint: String?

  public init(_ path: String, _ problem: String, hint: String? = nil) {
    self.path = path
    self.problem = problem
    self.hint = hint
  }

  /// One line: `path: problem (hint)`.
  public var description: String {
    hint.map { "\(path): \(problem) (\($0))" } ?? "\(path): \(problem)"
  }
}
