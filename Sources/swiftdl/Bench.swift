public import ArgumentParser
public import Experiments
import SwiftDL

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speed, and compare two measurements.",
    subcommands: [BenchSequence.self, BenchLive.self, BenchCompare.self])
}

struct BenchSequence: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sequence",
    abstract: "Compare the speed of Seq-U-Net, TCN and WaveNet.",
    discussion: """
      Needs no data and takes minutes (--quick: under one). Networks as published, with matched receptive fields, \
      and with matched parameters too; training steps, forward passes and generation; sweeps over context, length, \
      batch, threads and precision. Networks that are compared take turns. Writes FOLDER/results.json (Google Benchmark's \
      format), FOLDER/report.html and FOLDER/cost-versus-context.svg. Ctrl-C leaves what was measured.
      """)
  @Flag(help: "Less of everything: under a minute.")
  var quick = false
  @Option(parsing: .upToNextOption, help: "Only networks whose names contain one of these: seq-u-net, tcn, wavenet, …")
  var models: [String] = []
  @Option(parsing: .upToNextOption, help: "Only these: train, inference, generation_naive, generation_cached.")
  var measure: [SequenceMeasurement] = SequenceMeasurement.allCases
  @Option(
    parsing: .upToNextOption,
    help: """
      Only these: as-published, matched-context, matched-parameters, context-sweep, length-sweep, batch-sweep, \
      threads-sweep, precision-sweep.
      """)
  var divisions: [BenchmarkSubject.Division] = BenchmarkSubject.Division.allCases
  @Option(parsing: .upToNextOption, help: "Of the networks as published, only these tasks: char, word, muse, jsb, audio.")
  var tasks: [String] = SequenceBenchmarkPlan.tasks
  @Option(parsing: .upToNextOption, help: "Receptive fields of the sweep over context.")
  var contexts: [Int] = []
  @Option(help: "Windows per training step of raw audio; the paper's figures are for 2.")
  var audioBatch = 1
  @Option(help: "Repetitions of each benchmark, whatever they take.")
  var repetitions: Int?
  @Option(
    help: """
      A Python with PyTorch, whose networks then run in turn with ours; “none” for no peer. (default: \
      .venv/bin/python, where it is)
      """)
  var peer: String?
  @Flag(help: "Also run the peer's networks as published compiled; each takes up to minutes to compile.")
  var compile = false
  @Option(name: [.customShort("o"), .long], help: "The folder for results.")
  var output = "runs/bench-sequence"
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if let repetitions, repetitions < 1 || repetitions > 1000 {
      throw ValidationError("--repetitions \(repetitions): 1 to 1000 are possible.")
    }
    if audioBatch < 1 || audioBatch > 64 { throw ValidationError("--audio-batch \(audioBatch): 1 to 64 are possible.") }
    if let wrong = contexts.first(where: { $0 < 64 || $0 > 1 << 18 }) {
      throw ValidationError("--contexts \(wrong): 64 to \(1 << 18) are possible.")
    }
    if let wrong = tasks.first(where: { !SequenceBenchmarkPlan.tasks.contains($0) }) {
      throw ValidationError("--tasks \(wrong): \(SequenceBenchmarkPlan.tasks.joined(separator: ", ")) are possible.")
    }
    if let wrong = models.first(where: { name in !SequenceBenchmarkPlan.modelNames.contains { $0.contains(name) } }) {
      throw ValidationError("--models \(wrong): there are \(SequenceBenchmarkPlan.modelNames.joined(separator: ", ")).")
    }
  }

  func run() throws {
    Interrupt.install()
    let (summary, paths) = try compute.run {
      try job.run(style: progressOptions.style) { !Interrupt.requested }
    }
    if !paths.isEmpty {
      print(summary.table)
      print(([""] + summary.claim + [summary.noise?.sentence ?? ""] + paths).joined(separator: "\n"))
    }
    if Interrupt.requested {
      note(paths.isEmpty ? "stopped before anything was measured" : "stopped; what was measured is in \(output)")
      throw ExitCode(130)
    }
  }

  private var job: SequenceBenchmarkRun {
    get throws {
      var settings = SequenceBenchmarkSettings(quick: quick)
      (settings.models, settings.measurements, settings.divisions) = (models, measure, divisions)
      (settings.tasks, settings.audioBatch) = (tasks, audioBatch)
      if !contexts.isEmpty { settings.contexts = contexts }
      if let repetitions { settings.repetitions = repetitions...repetitions }
      let context = ComputeContext.current
      let environment = RunEnvironment.current(
        programVersion: programVersion,
        adding: ["instruction set": context.instructionSet, "precision": context.precision.rawValue])
      var job = SequenceBenchmarkRun(settings, folder: output, environment: environment)
      job.compilesPeer = compile
      if peer != "none" {
        job.peer = SequenceBenchmarkRun.findPeer(python: peer ?? ".venv/bin/python")
        if let peer, job.peer == nil {
          throw FileError(
            peer, "finds no PyTorch", hint: "`make peers` puts one into .venv; run from the project's folder")
        }
      }
      return job
    }
  }
}

struct BenchCompare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two files of benchmarks, name by name.",
    discussion: """
      Ratios of medians with an interval of 95 %, and whether chance would show such a difference (Mann–Whitney, on \
      the repetitions in the files). Sure changes first, large ones first. Reads what `swiftdl bench sequence` \
      writes, and Google Benchmark's files with repetitions.
      """)
  @Argument(help: "The file to compare with.")
  var before: String
  @Argument(help: "The file to judge.")
  var after: String
  @Option(help: "Fail (status 1) when a benchmark is slower by more than this percentage, beyond chance.")
  var failOnRegression: Double?

  func validate() throws {
    if let failOnRegression, !(failOnRegression >= 0 && failOnRegression < 10_000) {
      throw ValidationError("--fail-on-regression \(failOnRegression): 0 or more is needed.")
    }
  }

  func run() throws {
    let comparison = try BenchmarkComparison(reading: before, after)
    print(comparison.text)
    guard let failOnRegression else { return }
    let slower = comparison.regressions(percent: failOnRegression)
    if !slower.isEmpty {
      let more = slower.count > 1 ? ", …" : ""
      note("\(slower.count) slower by more than \(failOnRegression) %: \(slower[0].name)\(more)")
      throw ExitCode(1)
    }
  }
}

extension SequenceMeasurement: ExpressibleByArgument {}

extension BenchmarkSubject.Division: ExpressibleByArgument {}
