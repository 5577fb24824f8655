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

  @OptionGroup var options: TrainingOptions

  func run() throws {
    let request = options.request(task: AdversarialConfiguration.taskName)
    let recipe = AdversarialRecipe(request)
    switch try options.run(settings: recipe.resolvedYAML, train: { try recipe.train(style: $0) }) {
    case .interrupted(let update)?:
      throw options.stopped(at: "update \(update)", of: request, command: AdversarialConfiguration.taskName)
    case .finished?: print("\(request.folder)/checkpoints/best")
    case nil: break
    }
  }
}
