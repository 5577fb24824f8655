import ArgumentParser
import Experiments
import SwiftDL

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model.",
    subcommands: [
      TrainSeparation.self, TrainCharacters.self, TrainWords.self, TrainMusic.self, TrainAudio.self,
      TrainCopyMemory.self, TrainFactorGAN.self, TrainDetectSeparate.self, TrainAdversarialSeparation.self, TrainMeta.self,
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

  @OptionGroup var options: TrainingOptions

  func run() throws {
    let request = options.request(task: "separation")
    let recipe = SeparationRecipe(request)
    switch try options.run(settings: recipe.resolvedYAML, train: recipe.train) {
    case .interrupted(let step)?: throw options.stopped(at: "step \(step)", of: request, command: "separation")
    case .finished?: print("\(request.folder)/checkpoints/best")
    case nil: break
    }
  }
}
