import ArgumentParser
import Experiments
import SwiftDL

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model.", subcommands: [
      TrainSeparation.self, TrainCharacters.self, TrainWords.self, TrainMusic.self, TrainAudio.self,
      TrainCopyMemory.self, TrainFactorGAN.self, TrainMeta.self,
    ])
}

struct TrainSeparation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "separation",
    abstract: "Train a network to separate stems.",
    discussion: """
      Settings come from the defaults (the paper's), then the file, then key=value, later ones winning:

        swiftdl train separation data.path=musdb18hq preset=wave-u-net-m4 --run runs/m4
        swiftdl train separation -c train.yaml optimizer.rate=3e-4 batchSize=8 --run runs/mine
        swiftdl train separation --resume --run runs/mine

      --print-config shows every key. Ctrl-C saves; --resume continues to the same bits.
      """)

  @Option(name: .shortAndLong, help: "A YAML file with settings.")
  var config: String?
  @Argument(help: "Settings as key=value.")
  var settings: [String] = []
  @Option(name: .customLong("run"), help: "The run's folder.")
  var folder = "runs/separation"
  @Flag(help: "Continue the run in the folder.")
  var resume = false
  @Flag(help: "Print the resolved settings and stop.")
  var printConfig = false
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func run() throws {
    let recipe = SeparationRecipe(
      configurationFile: config, overrides: settings, folder: folder, resumes: resume,
      programVersion: programVersion)
    if printConfig {
      print(try recipe.resolvedYAML(), terminator: "")
      return
    }
    let outcome = try compute.run { try recipe.train(style: progressOptions.style) }
    if case .interrupted(let step) = outcome {
      note("stopped at step \(step); continue with: swiftdl train separation --resume --run \(folder)")
      throw ExitCode(130)
    }
    print("\(folder)/checkpoints/best")
  }
}
