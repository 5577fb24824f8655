import Foundation
import Testing

/// The speed suite and the comparison of two of its files.
@Suite struct BenchTests {
  private func arguments(_ workshop: Workshop, _ more: String...) -> [String] {
    [
      "bench", "sequence", "--quick", "--divisions", "as-published", "--tasks", "jsb", "--repetitions", "2",
      "--peer", "none", "--quiet", "-o", workshop("bench"),
    ] + more
  }

  @Test func aSmallRunWritesFileAndPage() throws {
    let workshop = try Workshop()
    let output = try Program.succeed(arguments(workshop, "--measure", "train", "inference"))
    #expect(output.contains("seq-u-net-jsb") && output.contains("tcn-jsb"))
    let page = try workshop.text("bench/report.html")
    #expect(page.contains("paper") && page.contains("tcn-jsb"))
    let comparison = try Program.succeed([
      "bench", "compare", workshop("bench/results.json"), workshop("bench/results.json"), "--fail-on-regression", "0",
    ])
    #expect(comparison.contains("4 benchmarks, geometric mean of the ratios 1.000"))
  }

  @Test func aSweepDrawsCostOverContext() throws {
    let workshop = try Workshop()
    try Program.succeed([
      "bench", "sequence", "--quick", "--divisions", "context-sweep", "--contexts", "64", "256", "--repetitions", "1",
      "--peer", "none", "--quiet", "-o", workshop("bench"),
    ])
    #expect(try workshop.text("bench/cost-versus-context.svg").contains("receptive field"))
    #expect(try workshop.text("bench/report.html").contains("Cost over context"))
  }

  @Test func anInterruptLeavesWhatWasMeasured() throws {
    let workshop = try Workshop()
    // Far more repetitions than anybody waits for; the folder is made when signals are listened to already.
    let run = try Program.start(arguments(workshop, "--measure", "train").map { $0 == "2" ? "1000" : $0 })
    try run.wait { FileManager.default.fileExists(atPath: workshop("bench")) }
    usleep(500_000)
    run.interrupt()
    let outcome = run.finish()
    #expect(outcome.status == 130)
    #expect(outcome.errors.contains("stopped"))
    if FileManager.default.fileExists(atPath: workshop("bench/results.json")) {
      let path = workshop("bench/results.json")
      #expect(try Program.succeed(["bench", "compare", path, path]).contains("train"))
    }
  }

  @Test func aRegressionFailsWhereItIsAsked() throws {
    let workshop = try Workshop()
    func file(_ name: String, _ times: [Double]) throws {
      let runs = times.map { #"{"name": "a", "run_type": "iteration", "real_time": \#($0), "time_unit": "ms"}"# }
      try workshop.write(Data("{\"benchmarks\": [\(runs.joined(separator: ","))]}".utf8), to: name)
    }
    try file("a.json", [1, 1.01, 1.02, 0.99, 0.98])
    try file("b.json", [1.3, 1.31, 1.32, 1.29, 1.28])
    let compare = ["bench", "compare", workshop("a.json"), workshop("b.json")]
    #expect(try Program.succeed(compare).contains("slower"))
    try Program.succeed(compare + ["--fail-on-regression", "40"])
    let outcome = try Program.run(compare + ["--fail-on-regression", "10"])
    #expect(outcome.status == 1 && outcome.errors.contains("slower by more than 10"))
  }

  @Test func otherFilesAreRefused() throws {
    let workshop = try Workshop()
    try workshop.write(Data("{".utf8), to: "broken.json")
    try workshop.write(Data("{\"a\": 1}".utf8), to: "other.json")
    let flaws = [("broken.json", "not valid JSON"), ("other.json", "no benchmarks"), ("none.json", "no such file")]
    for (name, word) in flaws {
      let path = workshop(name)
      expectRefusal(try Program.run(["bench", "compare", path, path]), naming: name, word)
    }
    expectRefusal(try Program.run(arguments(workshop).map { $0 == "none" ? "/bin/false" : $0 }), naming: "/bin/false")
  }

  @Test(arguments: [
    (["--models", "lstm"], "lstm"), (["--tasks", "opera"], "opera"), (["--repetitions", "0"], "--repetitions"),
    (["--contexts", "7"], "--contexts"), (["--measure", "dreaming"], "dreaming"),
    (["--audio-batch", "0"], "--audio-batch"),
  ])
  func nonsenseIsRefused(_ options: [String], _ word: String) throws {
    expectUsageError(try Program.run(["bench", "sequence"] + options), naming: word)
  }
}
