import Foundation
import Glibc
import SwiftDL

/// Where and with what a run was made: the facts that explain its speed and let it be repeated.
public struct RunEnvironment: Sendable, Equatable {
  /// The facts in the order in which they are told.
  public var facts: JSONObject

  public init(facts: JSONObject) { self.facts = facts }

  /// The machine and the moment, the program's version and its command line, and what the caller
  /// adds (instruction set, threads, precision).
  public static func current(programVersion: String, adding details: JSONObject = [:])
    -> RunEnvironment
  {
    let facts: JSONObject = [
      "date": timestamp(Date()),
      "program version": programVersion,
      "commit": commit,
      "command": command,
      "processor": processor,
      "cores": ProcessInfo.processInfo.activeProcessorCount,
      "memory (GiB)": (memoryInGiB * 10).rounded() / 10,
      "operating system": operatingSystem,
      "compiler": compiler,
    ]
    return RunEnvironment(facts: facts.merging(details))
  }

  /// The same with what computes: instruction set, threads, precision.
  static func computing(programVersion: String) -> RunEnvironment {
    let context = ComputeContext.current
    return current(
      programVersion: programVersion,
      adding: [
        "instruction_set": context.instructionSet, "threads": context.threads, "precision": context.precision.rawValue,
        "subnormals": ComputeContext.flushesSubnormals ? "zero" : "kept",
      ])
  }

  /// The program by its name alone: reports travel, and folders of a machine are nobody's business.
  private static var command: String {
    let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? ""
    return ([program] + CommandLine.arguments.dropFirst()).joined(separator: " ")
  }

  /// The commit that is checked out where the program or the working folder lies; null elsewhere.
  private static var commit: String? {
    let program = Bundle.main.executableURL?.deletingLastPathComponent().path(percentEncoded: false) ?? ""
    for var place in [program, FileManager.default.currentDirectoryPath] {
      if place.hasSuffix("/") { place.removeLast() }
      while !place.isEmpty && place != "/" {
        if let commit = commit(in: "\(place)/.git") { return commit }
        place = place.split(separator: "/").dropLast().map { "/\($0)" }.joined()
      }
    }
    return nil
  }

  private static func commit(in folder: String) -> String? {
    func line(_ name: String) -> String? {
      (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    guard let head = line("HEAD") else { return nil }
    guard head.hasPrefix("ref: ") else { return String(head.prefix(12)) }
    let name = String(head.dropFirst(5))
    let packed = line("packed-refs")?.split(separator: "\n").first { $0.hasSuffix(" \(name)") }
    return (line(name) ?? packed.map(String.init)).map { String($0.prefix(12)) }
  }

  /// UTC, to the second: `2026-03-01T12:00:00Z`.
  static func timestamp(_ date: Date) -> String { date.formatted(.iso8601) }

  private static var processor: String {
    let lines =
      (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    for name in ["model name", "Model", "cpu model", "uarch"] {
      if let line = lines.first(where: { $0.hasPrefix(name) }), let colon = line.firstIndex(of: ":") {
        return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
    }
    return architecture
  }

  private static var memoryInGiB: Double { Double(ProcessInfo.processInfo.physicalMemory) / 0x1p30 }

  private static var operatingSystem: String {
    var names = utsname()
    uname(&names)
    let kernel = withUnsafeBytes(of: names.release) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let release =
      (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8))?.split(separator: "\n")
      ?? []
    let title = release.first { $0.hasPrefix("PRETTY_NAME=") }?.dropFirst("PRETTY_NAME=".count)
    let name = title.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "\"")) } ?? "Linux"
    return "\(name), kernel \(kernel), \(architecture)"
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "arm64"
    #elseif arch(riscv64)
      "riscv64"
    #else
      "unknown processor"
    #endif
  }

  /// The compiler this was built with, as far as conditional compilation can tell.
  private static var compiler: String {
    #if compiler(>=6.5)
      "Swift 6.5 or later"
    #elseif compiler(>=6.4)
      "Swift 6.4"
    #elseif compiler(>=6.3)
      "Swift 6.3"
    #else
      "Swift 6.2"
    #endif
  }
}
