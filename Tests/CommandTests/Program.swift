import Foundation
import Glibc
import Testing

/// The built program, run from outside.
enum Program {
  /// What came of a run.
  struct Outcome: Sendable {
    /// The exit status; 128 + N when signal N ended the program, as shells say it.
    let status: Int32
    let output: String
    let errors: String
    /// The largest memory seen in use, in bytes.
    let peakMemory: Int

    var errorLines: [Substring] { errors.split(separator: "\n") }
  }

  /// `swiftdl` in the folder of the test bundle.
  static let path: String = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    // On Linux the tests lie beside the program; a bundle would lie a few folders deeper.
    for _ in 0..<4 {
      let path = folder.appendingPathComponent("swiftdl").path
      if FileManager.default.isExecutableFile(atPath: path) { return path }
      folder.deleteLastPathComponent()
    }
    return ""
  }()

  /// A run that has begun.
  final class Process {
    private let identifier: pid_t
    private let output: FileHandle
    private let errors: FileHandle
    private var peakMemory = 0

    /// Starts the program, or a shell that does.
    init(_ arguments: [String], environment: [String: String], fileSizeLimit: Int?, input: String) throws {
      try #require(!Program.path.isEmpty, "swiftdl is not beside \(CommandLine.arguments[0])")
      var words = [Program.path] + arguments
      if let fileSizeLimit {
        // A limit on the size of files stands for a full disk, where a write fails too.
        words =
          ["/bin/bash", "-c", "trap '' XFSZ; ulimit -f \(fileSizeLimit); exec \"$@\"", "sh"] + words
      }
      let variables = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
      Self.spawning.lock()
      defer { Self.spawning.unlock() }
      let outputPipe = try Self.pipe()
      let errorPipe = try Self.pipe()
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      defer { posix_spawn_file_actions_destroy(&actions) }
      posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, outputPipe.write, 1)
      posix_spawn_file_actions_adddup2(&actions, errorPipe.write, 2)
      // Threads of the test runner may hold signals back, and a child inherits that.
      var attributes = posix_spawnattr_t()
      posix_spawnattr_init(&attributes)
      defer { posix_spawnattr_destroy(&attributes) }
      var none = sigset_t()
      sigemptyset(&none)
      posix_spawnattr_setsigmask(&attributes, &none)
      posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
      var argumentTexts: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
      var variableTexts: [UnsafeMutablePointer<CChar>?] =
        variables.map { strdup("\($0)=\($1)") } + [nil]
      defer { for text in argumentTexts + variableTexts { free(text) } }
      var identifier: pid_t = 0
      let failure = posix_spawn(
        &identifier, words[0], &actions, &attributes, &argumentTexts, &variableTexts)
      close(outputPipe.write)
      close(errorPipe.write)
      output = FileHandle(fileDescriptor: outputPipe.read, closeOnDealloc: true)
      errors = FileHandle(fileDescriptor: errorPipe.read, closeOnDealloc: true)
      self.identifier = identifier
      try #require(
        failure == 0, "\(words[0]) cannot be started: \(String(cString: strerror(failure)))")
    }

    /// One at a time, so that no program inherits the pipes of another.
    private static let spawning = NSLock()

    /// A pipe roomy enough for all a command says: it is read when the command has ended.
    private static func pipe() throws -> (read: Int32, write: Int32) {
      var ends: [Int32] = [0, 0]
      try #require(Glibc.pipe(&ends) == 0)
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      let setPipeSize: Int32 = 1031
      _ = fcntl(ends[1], setPipeSize, 1 << 20)
      return (ends[0], ends[1])
    }

    func interrupt() { kill(identifier, SIGINT) }

    /// Whether the program has ended within a moment, with how.
    private func poll() -> Int32? {
      // The kernel keeps the high-water mark of the memory of this very program.
      let text = (try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)) ?? ""
      if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) {
        let kilobytes = Int(line.filter(\.isNumber)) ?? 0
        peakMemory = max(peakMemory, kilobytes * 1024)
      }
      var status: Int32 = 0
      if waitpid(identifier, &status, WNOHANG) == identifier { return status }
      usleep(2000)
      return nil
    }

    /// Waits until a condition holds; fails when the program ends or two minutes pass before.
    func wait(until condition: () -> Bool) throws {
      let started = ContinuousClock.now
      while !condition() {
        usleep(2000)
        try #require(ContinuousClock.now - started < .seconds(120), "waited in vain")
        try #require(kill(identifier, 0) == 0)
      }
    }

    /// Whether the program has written anything to its standard error yet.
    var hasSaidSomething: Bool {
      var waiting: Int32 = 0
      return ioctl(errors.fileDescriptor, UInt(FIONREAD), &waiting) == 0 && waiting > 0
    }

    /// Waits for the end.
    func finish() -> Outcome {
      var ended: Int32?
      while ended == nil { ended = poll() }
      let status = ended ?? 0
      let signal = status & 0x7f
      return Outcome(
        status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
        output: String(decoding: output.readDataToEndOfFile(), as: UTF8.self),
        errors: String(decoding: errors.readDataToEndOfFile(), as: UTF8.self),
        peakMemory: peakMemory)
    }
  }

  static func start(
    _ arguments: [String], environment: [String: String] = [:], fileSizeLimit: Int? = nil, input: String = "/dev/null"
  ) throws -> Process {
    try Process(arguments, environment: environment, fileSizeLimit: fileSizeLimit, input: input)
  }

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - fileSizeLimit: the largest file it can write, in KiB, as if the disk were full.
  ///   - input: what its standard input reads.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], fileSizeLimit: Int? = nil, input: String = "/dev/null"
  ) throws -> Outcome {
    try start(arguments, environment: environment, fileSizeLimit: fileSizeLimit, input: input).finish()
  }

  /// Runs the program, which must succeed, and returns what it printed.
  @discardableResult
  static func succeed(
    _ arguments: [String], environment: [String: String] = [:],
    at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let outcome = try run(arguments, environment: environment)
    try #require(
      outcome.status == 0, "\(arguments): status \(outcome.status), \(outcome.errors)",
      sourceLocation: location)
    return outcome.output
  }
}

/// Expects one clear line on standard error that names what is wrong, and a status other than 0.
func expectRefusal(
  _ outcome: Program.Outcome, naming words: String...,
  at location: SourceLocation = #_sourceLocation
) {
  let told = Comment(rawValue: "status \(outcome.status): \(outcome.errors)")
  #expect((1..<128).contains(outcome.status), told, sourceLocation: location)
  #expect(outcome.errorLines.count == 1, told, sourceLocation: location)
  #expect(outcome.errors.hasPrefix("Error: "), told, sourceLocation: location)
  #expect(outcome.output.isEmpty, "\(outcome.output)", sourceLocation: location)
  for word in words { #expect(outcome.errors.contains(word), told, sourceLocation: location) }
}

/// Expects a refusal of the command line itself: the problem in one line, then the usage.
func expectUsageError(
  _ outcome: Program.Outcome, naming word: String, at location: SourceLocation = #_sourceLocation
) {
  let told = Comment(rawValue: "status \(outcome.status): \(outcome.errors)")
  #expect((1..<128).contains(outcome.status), told, sourceLocation: location)
  #expect(outcome.errorLines.first?.hasPrefix("Error: ") == true, told, sourceLocation: location)
  #expect(
    word.isEmpty || outcome.errorLines.first?.contains(word) == true, told, sourceLocation: location
  )
}
