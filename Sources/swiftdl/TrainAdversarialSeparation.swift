import ArgumentParser
import Experiments
import SwiftDL

struct TrainAdversarialSeparation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adversarial-separation",
    abstract: "Train a separator on few songs with stems, and on mixtures and solo recordings that belong to nothing else.",
    discussion: """
      data.path names a list in YAML:

        train:
          paired: [songs/train]                                    songs with their stems
          mixtures: [radio]                                        music whose stems nobody has
          unpaired: {vocals: [solo/voice], accompaniment: [solo/band]}
        validation: {paired: [songs/valid]}
        test: {paired: [songs/test]}                               what training must not have heard

      Settings come from the defaults (the authors'), then the file, then key=value, later ones winning:

        swiftdl train adversarial-separation data.path=list.yaml --run runs/va
        swiftdl train adversarial-separation data.path=list.yaml variant=v lead=vocals --run runs/v
        swiftdl train adversarial-separation data.path=list.yaml model.sources=[guitar,rest] variant=base --run runs/base
        swiftdl train adversarial-separation --resume --run runs/va

      --print-config shows every key. Ctrl-C saves; --resume continues to the same bits.
      """)

  @Argument(help: "Settings as key=value.")
  var settings: [String] = []
  @Option(name: .shortAndLong, help: "A YAML file with settings.")
  var config: String?
  @Option(name: .customLong("run"), help: "The run's folder.")
  var folder = "runs/adversarial-separation"
  @Flag(help: "Continue the run in the folder.")
  var resume = false
  @Flag(help: "Print the resolved settings and stop.")
  var printConfig = false
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func run() throws {
    let recipe = AdversarialRecipe(
      configurationFile: config, overrides: settings, folder: folder, resumes: resume, programVersion: programVersion)
    if printConfig {
      print(try recipe.resolvedYAML(), terminator: "")
      return
    }
    let outcome = try compute.run { try recipe.train(style: progressOptions.style) }
    if case .interrupted(let update) = outcome {
      note("stopped at update \(update); continue with: swiftdl train adversarial-separation --resume --run \(folder)")
      throw ExitCode(130)
    }
    print("\(folder)/checkpoints/best")
  }
}
