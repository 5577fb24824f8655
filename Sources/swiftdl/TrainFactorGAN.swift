public import ArgumentParser
public import Experiments
import SwiftDL

struct TrainFactorGAN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "factor-gan",
    abstract: "Train a generator on samples of which few are complete.",
    discussion: """
      Tasks: \(FactorGANTask.allCases.map(\.rawValue).joined(separator: ", ")). Settings come from the defaults (the \
      authors'), then the file, then key=value, later ones winning:

        swiftdl train factor-gan paired-digits data.path=mnist data.pairs=100 --run runs/mine
        swiftdl train factor-gan paired-digits factorisation=gan epochs=4 --run runs/gan
        swiftdl train factor-gan paired-digits --resume --run runs/mine

      --print-config shows every key. Ctrl-C saves; --resume continues to the same bits.
      """)

  @Argument(help: "The task.")
  var task: FactorGANTask
  @Argument(help: "Settings as key=value.")
  var settings: [String] = []
  @Option(name: .shortAndLong, help: "A YAML file with settings.")
  var config: String?
  @Option(help: "The folder or file of the data, as data.path=.")
  var data: String?
  @Option(name: .customLong("run"), help: "The run's folder; runs/TASK when absent.")
  var folder: String?
  @Flag(help: "Continue the run in the folder.")
  var resume = false
  @Flag(help: "Print the resolved settings and stop.")
  var printConfig = false
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func run() throws {
    let folder = folder ?? "runs/\(task.rawValue)"
    let recipe = FactorGANRecipe(
      task: task, configurationFile: config, overrides: settings + (data.map { ["data.path=\($0)"] } ?? []),
      folder: folder, resumes: resume, programVersion: programVersion)
    if printConfig {
      print(try recipe.resolvedYAML(), terminator: "")
      return
    }
    switch try compute.run({ try recipe.train(style: progressOptions.style) }) {
    case .interrupted(let update):
      note(
        update.map {
          "stopped at update \($0); continue with: swiftdl train factor-gan \(task.rawValue) --resume --run \(folder)"
        } ?? "stopped before the run began")
      throw ExitCode(130)
    case .finished(let result):
      let scores = result.scores.entries.compactMap { name, value in
        value.number.map { "\(name.replacing("_", with: " ")) \($0.text(decimals: 3))" }
      }
      note(scores.joined(separator: ", "))
      print("\(folder)/checkpoints/last")
    }
  }
}

extension FactorGANTask: ExpressibleByArgument {}
