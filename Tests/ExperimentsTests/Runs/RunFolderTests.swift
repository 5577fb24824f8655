import Experiments
import Foundation
import SwiftDL
import Testing

/// A path in the temporary folder that is free, and is cleared away afterwards.
func withFreePath<Result>(body: (String) throws -> Result) throws -> Result {
  let path = NSTemporaryDirectory() + "/run-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

let here = RunEnvironment(facts: ["machine": "a test"])

func problem(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return "nothing went wrong"
  } catch { return "\(error)" }
}

func contents(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

@Suite struct RunFolderTests {
  @Test func aFreshRunHoldsWhatItIsMadeFrom() throws {
    try withFreePath { path in
      let settings = try load(nil, ["steps=3"])
      let run = try RunFolder.create("\(path)/deep/run", configuration: settings, environment: here)
      for part in ["checkpoints", "samples"] { #expect(Folders.isDirectory("\(run.path)/\(part)")) }
      try run.log(["step": 1, "loss": Float(0.1)])
      try run.log(["step": 2, "loss": Double.nan, "rate": 1e-4])
      #expect(
        try contents("\(run.path)/metrics.jsonl")
          == "{\"step\":1,\"loss\":0.1}\n{\"step\":2,\"loss\":null,\"rate\":0.0001}\n")
      // Read while the run is still open.
      let record = try RunRecord(run.path)
      #expect(try record.configuration(as: ExampleSettings.self) == settings)
      #expect(record.environment == here.facts)
      #expect(record.summary == nil)
      #expect(record.series("rate").map(\.step) == [2])
      #expect(record.series("loss").map(\.value.isNaN) == [false, true])
      try run.finish(["step": 2])
      #expect(try run.record().summary?["step"] == 2)
      #expect(try run.record().summary?["finished"]?.string?.hasSuffix("Z") == true)
    }
  }

  @Test func occupiedFoldersAreRefusedAndLeftAlone() throws {
    try withFreePath { path in
      try Folders.create(path)
      try "mine".write(toFile: "\(path)/notes.txt", atomically: false, encoding: .utf8)
      func create() throws -> RunFolder {
        try RunFolder.create(path, configuration: ExampleSettings(), environment: here)
      }
      #expect(
        problem(create) == "\(path): the folder is not empty (choose a new folder for the run)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["notes.txt"])
      try FileManager.default.removeItem(atPath: "\(path)/notes.txt")
      _ = try create()
      #expect(
        problem(create)
          == "\(path): a run is here already (continue it with --resume, or choose another folder)")
      #expect(
        problem {
          try RunFolder.create(
            "\(path)/config.yaml", configuration: ExampleSettings(), environment: here)
        }
        .contains("this is a file, not a folder"))
    }
  }

  @Test func resumingSaysWhyItCannot() throws {
    try withFreePath { path in
      #expect(
        problem { try RunFolder.resume(path) }
          == "\(path): there is no run here (start one without --resume)")
      try Folders.create(path)
      #expect(problem { try RunFolder.resume(path) }.contains("the folder is empty"))
      let run = try RunFolder.create(path, configuration: ExampleSettings(), environment: here)
      #expect(
        problem { try RunFolder.resume(path) }.contains(
          "another process (\(getpid())) is writing this run"))
      withExtendedLifetime(run) {}
    }
    try withFreePath { path in
      try RunFolder.create(path, configuration: ExampleSettings(), environment: here).log(["step": 1])
      // Stopped before its first checkpoint: it begins again.
      try FileManager.default.removeItem(atPath: "\(path)/checkpoints")
      var again: RunFolder? = try RunFolder.resume(path)
      #expect(again?.hasCheckpoint == false)
      #expect(try again?.record().metrics.isEmpty == true)
      again = nil
      try "x".write(toFile: "\(path)/checkpoints/last", atomically: false, encoding: .utf8)
      #expect(try RunFolder.resume(path).hasCheckpoint)
      try RunFolder.resume(path).finish(["step": 7])
      #expect(problem { try RunFolder.resume(path) }.contains("this run is finished at step 7"))
      try FileManager.default.removeItem(atPath: "\(path)/config.yaml")
      #expect(
        problem { try RunFolder.resume(path) }.contains(
          "this is no complete run: config.yaml is missing"))
    }
  }

  /// A run cut off at any byte behind a checkpoint, and resumed there, ends with the file of an
  /// uninterrupted run.
  @Test(arguments: [0, 1, 2, 4, 9])
  func metricsOfAResumedRunEqualThoseOfOneUninterrupted(checkpoint: Int) throws {
    func line(_ step: Int) -> JSONObject { ["step": step, "loss": 1 / Double(step + 1)] }
    let uninterrupted = (1...9).map { line($0).json.text + "\n" }.joined()
    let atCheckpoint = (1...9).prefix(checkpoint).map { line($0).json.text + "\n" }.joined().utf8
      .count
    for cut in stride(from: atCheckpoint, through: uninterrupted.utf8.count, by: 7) {
      try withFreePath { path in
        _ = try RunFolder.create(path, configuration: ExampleSettings(), environment: here)
        try "x".write(toFile: "\(path)/checkpoints/last", atomically: false, encoding: .utf8)
        try String(uninterrupted.prefix(cut)).write(
          toFile: "\(path)/metrics.jsonl", atomically: false, encoding: .utf8)
        let run = try RunFolder.resume(path, environment: here)
        try run.rewind(toStep: checkpoint)
        for step in (checkpoint + 1)..<10 { try run.log(line(step)) }
        #expect(try contents("\(path)/metrics.jsonl") == uninterrupted)
        #expect(try run.record().environment["resumed"]?.array?.count == 1)
      }
    }
  }

  @Test func aDamagedLineIsNamed() throws {
    try withFreePath { path in
      _ = try RunFolder.create(path, configuration: ExampleSettings(), environment: here)
      try "{\"step\":1}\n{\"step\":\n{\"step\":3}\n".write(
        toFile: "\(path)/metrics.jsonl", atomically: false, encoding: .utf8)
      #expect(problem { try RunRecord(path) }.contains("metrics.jsonl:2: not valid JSON"))
    }
  }

  /// The lock holds against another process, and ends with the run.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/flock")))
  func anotherProcessIsLockedOut() throws {
    try withFreePath { path in
      func otherProcessGetsTheLock() throws -> Bool {
        let other = Process()
        other.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        other.arguments = ["--nonblock", "\(path)/.lock", "true"]
        try other.run()
        other.waitUntilExit()
        return other.terminationStatus == 0
      }
      let run = try RunFolder.create(path, configuration: ExampleSettings(), environment: here)
      #expect(try !otherProcessGetsTheLock())
      withExtendedLifetime(run) {}
    }
    try withFreePath { path in
      _ = try RunFolder.create(path, configuration: ExampleSettings(), environment: here)
      #expect(problem { try RunFolder.resume(path) } == "nothing went wrong")
    }
  }

  @Test func theEnvironmentTellsTheMachine() {
    let facts = RunEnvironment.current(
      programVersion: "1.2", adding: ["threads": 2, "isa": "generic"]
    ).facts
    for key in ["date", "processor", "operating system", "compiler", "command", "isa"] {
      #expect(facts[key]?.string?.isEmpty == false, "\(key) in \(facts.json.text)")
    }
    #expect(facts["cores"]?.integer ?? 0 >= 1)
    #expect(facts["memory (GiB)"]?.number ?? 0 > 0)
    #expect(facts["threads"] == 2)
  }
}
