import Foundation
import SwiftDLModels

/// PyTorch in a process of its own, which makes the networks it is told and does a unit of work when asked: so its
/// repetitions stand between ours.
///
/// Requests and answers are lines of JSON; `Benchmarks/peers/sequence_bench.py` says which.
public final class PyTorchPeer {
  /// PyTorch's version, as it says.
  public let version: String
  private let process: Process
  private let requests: FileHandle
  private let answers: FileHandle
  private var rest: Data

  /// Starts the process; nil when it cannot be, or finds no PyTorch.
  public init?(python: String, script: String) {
    // A peer that has died shall be noticed by its silence, not end us by a broken pipe.
    signal(SIGPIPE, SIG_IGN)
    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [script]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    var rest = Data()
    guard let hello = Self.line(output.fileHandleForReading, &rest), let version = hello["version"]?.string else {
      process.waitUntilExit()
      return nil
    }
    (self.process, self.version, self.rest) = (process, version, rest)
    (requests, answers) = (input.fileHandleForWriting, output.fileHandleForReading)
  }

  deinit {
    try? requests.close()
    process.waitUntilExit()
  }

  /// Makes the network and its data; nil when it cannot.
  func make(_ entry: SequenceBenchmarkPlan.Entry) -> BenchmarkContender? {
    let subject = entry.subject
    let request: JSONObject = [
      "make": entry.model.peerDescription, "measurement": subject.measurement.rawValue, "batch": subject.batch,
      "input": subject.window.input, "output": subject.window.output, "threads": subject.threads,
      "compiled": subject.system == .compiled,
    ]
    guard let answer = ask(request), let number = answer["number"]?.integer else { return nil }
    var peak: Int?
    return BenchmarkContender(subject: subject, peakMemory: { peak }) { [self] iterations in
      guard let answer = ask(["run": number, "iterations": iterations]), let seconds = answer["seconds"]?.number
      else { return nil }
      peak = answer["peak_memory"]?.integer ?? peak
      return (seconds, answer["cpu_seconds"]?.number ?? seconds)
    }
  }

  /// Forgets all networks.
  func clear() { _ = ask(["clear": true]) }

  private func ask(_ request: JSONObject) -> JSONObject? {
    guard process.isRunning, (try? requests.write(contentsOf: Data((request.json.text + "\n").utf8))) != nil
    else { return nil }
    return Self.line(answers, &rest)
  }

  /// The next line as an object; nil when there is none.
  private static func line(_ handle: FileHandle, _ rest: inout Data) -> JSONObject? {
    while true {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let text = String(decoding: rest[..<end], as: UTF8.self)
        rest = Data(rest[rest.index(after: end)...])
        return (try? JSONValue(parsing: text))?.object
      }
      let more = handle.availableData
      if more.isEmpty { return nil }
      rest += more
    }
  }
}
