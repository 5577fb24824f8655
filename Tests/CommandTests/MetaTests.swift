import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

/// Meta-learning by command: tasks in, an initialisation and adapted models out, and what is refused in one line.
@Suite struct MetaTests {
  /// A workshop with two tasks, the class and the onsets of tones and clicks, for the tiny network.
  private func workshop() throws -> Workshop {
    let workshop = try Workshop()
    for (task, kind, column) in [("pitch", "classes", "class"), ("clicks", "onsets", "time")] {
      try workshop.write(Data("kind: \(kind)\n".utf8), to: "tasks/\(task)/task.yaml")
      for (part, clips) in [("train", 8), ("test", 4)] {
        var lines = ["file,song,\(column)"]
        for clip in 0..<clips {
          try workshop.sound("tasks/\(task)/\(part)/\(clip).wav", frames: 256, rate: 4000, seed: UInt64(clip))
          lines.append("\(clip).wav,\(part)-\(clip / 2)," + (kind == "classes" ? ["low", "high"][clip % 2] : "0.02"))
        }
        try workshop.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: "tasks/\(task)/\(part)/labels.csv")
      }
    }
    return workshop
  }

  private func settings(_ workshop: Workshop) -> [String] {
    [
      "tasks.path=\(workshop("tasks"))", "preset=universal-mir-tiny", "inner.steps=1", "support=2", "query=2",
      "updatesPerLine=1",
    ]
  }

  @Test func anInitialisationIsLearntAdaptedAndRun() throws {
    let workshop = try workshop()
    let train = ["train", "meta"] + settings(workshop) + ["updates=3", "--run", workshop("run"), "--progress", "json"]
    let outcome = try Program.run(train)
    #expect(outcome.status == 0 && outcome.output == workshop("run") + "/model.safetensors\n", "\(outcome.errors)")
    #expect(outcome.errors.contains("will hold about"), "\(outcome.errors)")
    let further = try Program.run(["train", "meta", "--resume", "--run", workshop("run"), "updates=4", "-q"])
    #expect(further.status == 0, "\(further.errors)")
    #expect(try RunRecord(workshop("run")).series("loss").map(\.step) == [1, 2, 3, 4])

    let model = workshop("mine.safetensors")
    let adapted = try Program.run([
      "meta", "adapt", "--init", workshop("run"), "--task", workshop("tasks/pitch"), "-o", model, "--steps", "3", "-q",
    ])
    #expect(adapted.status == 0 && adapted.output == model + "\n", "\(adapted.errors)")
    #expect(adapted.errors.contains("accuracy after 3 steps"))
    var random = RandomStream(seed: 2)
    try NumPyFile.write(random.uniform([2, 256, 1], in: -0.3..<0.3), to: workshop("x.npy"))
    try Program.succeed(["infer", model, "--input", workshop("x.npy"), "--output", workshop("y.npy")])
    let y = try NumPyFile.read(workshop("y.npy"))
    #expect(y.shape == [2, 1, 2] && y.isFinite)
    let told = try JSONValue(parsing: try Program.succeed(["models", "info", model, "--json"])).object
    #expect(told?["outputFrames"]?.integer == 1)
  }

  @Test func aRunThatIsInterruptedGoesOn() throws {
    let workshop = try workshop()
    let run = try Program.start(
      ["train", "meta"] + settings(workshop) + ["updates=1000000", "--run", workshop("run"), "-q"])
    try run.wait { ((try? workshop.text("run/metrics.jsonl")) ?? "").contains("\n") }
    run.interrupt()
    let outcome = run.finish()
    #expect(outcome.status == 130 && outcome.errors.contains("--resume --run"), "\(outcome.errors)")
    #expect(Folders.exists(workshop("run/checkpoints/last/weights.safetensors")))
  }

  @Test func theGridTellsWhatThereIs() throws {
    let workshop = try workshop()
    let command = ["reproduce", "meta", "--runs", workshop("runs"), "--tasks", workshop("tasks"), "--examples", "2"]
    expectRefusal(try Program.run(command + ["--table"]), naming: "no figures")
    let sets = (settings(workshop).dropFirst() + ["updates=2"]).flatMap { ["--set", $0] }
    let outputs = ["--json", workshop("t.json"), "--markdown", workshop("t.md"), "--begin", "random", "reptile", "-q"]
    let outcome = try Program.run(command + sets + outputs)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.split(separator: "\n").count == 5, "\(outcome.output)")
    #expect(try Program.run(command + ["--table"]).output == outcome.output)
    expectRefusal(try Program.run(command + ["--set", "updates=3"]), naming: "updates", "another --runs")
    #expect(try workshop.text("t.md").contains("reconstruction") && workshop.text("t.json").contains("reptile"))
    #expect(Folders.exists(workshop("runs/index.html")))
  }

  @Test func sineWavesAreLearnt() throws {
    let output = try Program.succeed(["train", "meta", "sinusoid", "--updates", "3", "-q"])
    #expect(output.split(separator: "\n").count == 12, "\(output)")
    expectUsageError(try Program.run(["train", "meta", "sinusoid", "--updates", "0"]), naming: "--updates")
  }

  @Test(arguments: [
    (["tasks.path=NOWHERE"], "nowhere"), ([], "tasks.path"), (["tasks.path=TASKS", "tasks.heldOut=pich"], "pitch"),
    (["tasks.path=TASKS", "algorithm=mam"], "algorithm"), (["tasks.path=TASKS", "inner.rates=1"], "inner.rate"),
    (["tasks.path=BROKEN"], "labels.csv:2"),
  ])
  func whatCannotBeTrainedOnIsNamed(_ arguments: [String], _ word: String) throws {
    let workshop = try workshop()
    try workshop.write(Data("kind: tempo\n".utf8), to: "broken/tempo/task.yaml")
    try workshop.write(Data("file,song,bpm\na.wav,a,90\n".utf8), to: "broken/tempo/train/labels.csv")
    let places = ["NOWHERE": "nowhere", "TASKS": "tasks", "BROKEN": "broken"]
    let resolved = arguments.map { argument in
      places.reduce(argument) { $0.replacingOccurrences(of: "=\($1.key)", with: "=\(workshop($1.value))") }
    }
    let before = try workshop.listing()
    let rest = ["--run", workshop("run"), "-q"]
    let outcome = try Program.run(["train", "meta", "preset=universal-mir-tiny"] + resolved + rest)
    expectRefusal(outcome, naming: word)
    #expect(try workshop.listing() == before)
  }

  @Test func whatCannotBeAdaptedIsNamed() throws {
    let workshop = try workshop()
    let command = ["meta", "adapt", "-o", workshop("m.safetensors"), "-q"]
    let task = ["--task", workshop("tasks/pitch")]
    expectRefusal(try Program.run(command + task + ["--init", "wave-u-net-tiny"]), naming: "no universal network")
    expectRefusal(try Program.run(command + task + ["--init", "universal-mir-tin"]), naming: "universal-mir-tiny")
    let nowhere = ["--task", workshop("none"), "--init", "universal-mir-tiny"]
    expectRefusal(try Program.run(command + nowhere), naming: "none", "does not exist")
    expectUsageError(try Program.run(command + task + ["--init", "x", "--steps", "0"]), naming: "--steps")
    let elsewhere = ["meta", "adapt", "--init", "universal-mir-tiny", "-q", "-o", workshop("no/m.safetensors")]
    expectRefusal(try Program.run(elsewhere + task), naming: "no/m.safetensors")
    #expect(!Folders.exists(workshop("m.safetensors")))
  }
}
