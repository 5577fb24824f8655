import Foundation
import SwiftDL
import Testing

/// Wrong settings, and runs that cannot be continued.
@Suite struct BadSettingTests {
  @Test(arguments: [
    ("optimiser.rate=1", "optimizer"), ("batchsize=2", "batchSize"), ("optimizer.ratee=1", "rate"),
    ("model.filter=3", "filters"), ("batchSize=many", "batchSize"), ("batchSize=0", "batchSize"),
    ("loss=l3", "l1"), ("preset=wave-u-net-m9", "wave-u-net-m"), ("batchSize", "key=value"),
    ("model.sources=[a,a]", "model"), ("seed=-1", "seed"), ("data.path=", "data.path"),
    ("model.downKernel=4", "downKernel"), ("augmentation.gain=[1]", "augmentation.gain"),
  ])
  func wrongSettingsAreNamed(_ setting: String, _ word: String) throws {
    let workshop = try Workshop()
    try workshop.corpus()
    let before = try workshop.listing()
    var arguments = workshop.training("run")
    arguments.insert(setting, at: arguments.count - 3)
    expectRefusal(try Program.run(arguments), naming: word)
    #expect(try workshop.listing() == before)
  }

  @Test(arguments: ["sse9", "AVX2"])
  func unknownInstructionSetsAreRefusedInOneLine(_ name: String) throws {
    for arguments in [["doctor"], ["models", "list"]] {
      let outcome = try Program.run(arguments, environment: ["CK_ISA": name])
      #expect(outcome.status == 64)
      #expect(outcome.errorLines.count == 1 && outcome.errors.contains("CK_ISA=\(name)"))
    }
  }

  @Test(arguments: [
    ("optimiser:\n  rate: 1\n", "wrong.yaml:1"), ("batchSize: 2\nlos: l1\n", "wrong.yaml:2"),
    ("batchSize: [1\n", "wrong.yaml:"), ("- a\n- b\n", "wrong.yaml"),
    ("batchSize: 2\nbatchSize: 3\n", "twice"),
  ])
  func wrongFilesAreNamedWithTheLine(_ text: String, _ word: String) throws {
    let workshop = try Workshop()
    try workshop.corpus()
    try workshop.write(Data(text.utf8), to: "wrong.yaml")
    let before = try workshop.listing()
    expectRefusal(
      try Program.run(workshop.training("run") + ["-c", workshop("wrong.yaml")]), naming: word)
    expectRefusal(
      try Program.run(workshop.training("run") + ["-c", workshop("nowhere.yaml")]),
      naming: "nowhere.yaml")
    #expect(try workshop.listing() == before)
  }

  @Test func corporaThatCannotBeTrainedOnAreNamed() throws {
    let workshop = try Workshop()
    try workshop.corpus()
    try workshop.sound("single/test/song/vocals.wav")
    try Folders.create(workshop("void"))
    let before = try workshop.listing()
    for (setting, word) in [
      ("data.path=\(workshop("nowhere"))", workshop("nowhere")),
      ("data.path=\(workshop("void"))", workshop("void")),
      ("data.path=\(workshop("single"))", workshop("single")),
      ("model.sources=[guitar,vocals]", "guitar"),
    ] {
      var arguments = workshop.training("run")
      arguments.insert(setting, at: arguments.count - 3)
      expectRefusal(try Program.run(arguments), naming: word)
    }
    expectRefusal(
      try Program.run(["data", "check", workshop("nowhere")]), naming: workshop("nowhere"))
    expectRefusal(try Program.run(["data", "check", workshop("void")]), naming: workshop("void"))
    #expect(try workshop.listing() == before)
  }

  @Test func settingsCanBeSeenBeforeTraining() throws {
    let workshop = try Workshop()
    let text = try Program.succeed(workshop.training("run") + ["--print-config"])
    for line in ["preset: wave-u-net-tiny", "sampleRate: 8000", "batchSize: 2"] {
      #expect(text.contains(line))
    }
    #expect(try workshop.listing().isEmpty)
    // What is printed is a file that says the same.
    try workshop.write(Data(text.utf8), to: "all.yaml")
    #expect(
      try Program.succeed(["train", "separation", "-c", workshop("all.yaml"), "--print-config"])
        == text)
  }

  @Test func runsThatCannotBeContinuedSayWhy() throws {
    let workshop = try Workshop()
    try workshop.corpus()
    let resume = ["train", "separation", "--resume", "--quiet", "--run"]
    expectRefusal(
      try Program.run(resume + [workshop("nowhere")]), naming: workshop("nowhere"), "no run here")
    try Folders.create(workshop("void"))
    expectRefusal(try Program.run(resume + [workshop("void")]), naming: workshop("void"))
    try workshop.write(Data("hello".utf8), to: "other/notes.txt")
    expectRefusal(try Program.run(resume + [workshop("other")]), naming: workshop("other"))

    try Program.succeed(workshop.training("run"))
    let finished = try workshop.listing()
    expectRefusal(try Program.run(resume + [workshop("run")]), naming: workshop("run"), "finished")
    expectRefusal(
      try Program.run(resume + [workshop("run"), "batchSize=3"]), naming: "batchSize",
      "cannot become")
    // A new run does not go into the folder of another.
    expectRefusal(try Program.run(workshop.training("run")), naming: workshop("run"), "--resume")
    #expect(try workshop.listing() == finished)
  }

  @Test(arguments: [
    "weights cut", "state cut", "no state", "no settings", "bad settings", "bad metrics",
  ])
  func halfWrittenRunsSayWhatIsMissing(_ flaw: String) throws {
    let workshop = try Workshop()
    try workshop.corpus()
    try Program.succeed(workshop.training("run"))
    try FileManager.default.removeItem(atPath: workshop("run/summary.json"))
    let weights = "run/checkpoints/step-000000004/weights.safetensors"
    let state = "run/checkpoints/step-000000004/state.safetensors"
    switch flaw {
    case "weights cut": try workshop.write(try workshop.bytes(weights).dropLast(50), to: weights)
    case "state cut": try workshop.write(try workshop.bytes(state).dropLast(50), to: state)
    case "no state": try FileManager.default.removeItem(atPath: workshop(state))
    case "no settings": try FileManager.default.removeItem(atPath: workshop("run/config.yaml"))
    case "bad settings": try workshop.write(Data("batchSize: [".utf8), to: "run/config.yaml")
    default:
      try workshop.write(
        Data("not json\n".utf8) + (try workshop.bytes("run/metrics.jsonl")), to: "run/metrics.jsonl"
      )
    }
    let checkpoints = try workshop.listing().filter { $0.key.hasPrefix("run/checkpoints") }
    let outcome = try Program.run(
      ["train", "separation", "--resume", "--quiet", "--run", workshop("run"), "maximumSteps=8"])
    expectRefusal(outcome, naming: workshop("run"))
    #expect(try workshop.listing().filter { $0.key.hasPrefix("run/checkpoints") } == checkpoints)
    #expect(try !workshop.listing().keys.contains { $0.hasSuffix(".part") })
  }
}
