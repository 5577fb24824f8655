import ArgumentParser
import Experiments
import SwiftDL

struct Meta: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Learn a task of your own from few examples.", subcommands: [Adapt.self])

  struct Adapt: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fine-tune a universal network on a task's few labelled sounds.",
      discussion: """
        A task is a folder: task.yaml with the line “kind: K”, train/labels.csv, and the sounds it names; with test/ beside \
        train/ the result is judged. The columns of labels.csv are file, song, and

          activity start,end      onsets, beats time      chords start,end,chord     notes start,end,pitch
          source target           tempo bpm               key key                    classes class

        A song's clips have the song in common; a sound without labels has a line whose last columns are empty. The result \
        runs with `swiftdl infer`.

          swiftdl meta adapt --init runs/meta --task mine -o mine.safetensors
        """)
    @Option(name: .customLong("init"), help: "A universal network: a run of `swiftdl train meta`, a file, or a preset.")
    var initial: String
    @Option(help: "The folder of the task.")
    var task: String
    @Option(name: [.customShort("o"), .long], help: "The file to write.")
    var output: String
    @Option(help: "Examples to learn from; all when absent.")
    var examples: Int?
    @Option(help: "Steps.")
    var steps = MetaAdaptation().steps
    @Option(help: "Size of a step.")
    var rate = MetaAdaptation().rate
    @Option(help: "Examples in a step.")
    var batchSize = MetaAdaptation().batchSize
    @Option(help: "The seed of the new head, and of which examples come when.")
    var seed = 0
    @OptionGroup var progressOptions: ProgressOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
      if steps < 1 || steps > 1_000_000 { throw ValidationError("--steps \(steps): 1 to 1000000 are possible.") }
      if let examples, examples < 1 { throw ValidationError("--examples \(examples): 1 or more is needed.") }
      if batchSize < 1 || batchSize > 256 { throw ValidationError("--batch-size \(batchSize): 1 to 256 are possible.") }
      if !(rate > 0 && rate < 10) { throw ValidationError("--rate \(rate): more than 0, less than 10.") }
      if seed < 0 { throw ValidationError("--seed \(seed): 0 or more is possible.") }
    }

    func run() throws {
      var adaptation = MetaAdaptation()
      (adaptation.steps, adaptation.rate, adaptation.batchSize, adaptation.seed) = (steps, rate, batchSize, seed)
      Interrupt.install()
      let bar = ProgressMeter(total: steps, label: "adapting", style: progressOptions.style)
      let outcome = try compute.run {
        try adaptation.adapt(initial, to: task, examples: examples, output: output) { step, loss in
          bar.update(step, fields: ["loss": loss])
          return !Interrupt.requested
        }
      }
      bar.finish()
      guard let (task, result) = outcome else {
        note("stopped; nothing was written")
        throw ExitCode(130)
      }
      for (step, score) in result.scores { note("\(task.kind.metric) after \(step) steps: \(score.text(decimals: 3))") }
      print(output)
    }
  }
}
