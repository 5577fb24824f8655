public import ArgumentParser
public import Experiments
import SwiftDL

struct TrainCharacters: ParsableCommand {
  static let configuration = SequenceTrainingOptions.command(
    .characters, "Train a network to predict the next character of a text.", example: "data.path=penn")
  @OptionGroup var options: SequenceTrainingOptions
  func run() throws { try options.train(.characters) }
}

struct TrainWords: ParsableCommand {
  static let configuration = SequenceTrainingOptions.command(
    .words, "Train a network to predict the next word of a text.", example: "data.path=penn")
  @OptionGroup var options: SequenceTrainingOptions
  func run() throws { try options.train(.words) }
}

struct TrainMusic: ParsableCommand {
  static let configuration = SequenceTrainingOptions.command(
    .music, "Train a network to predict the next frame of a piano roll.", example: "data.path=JSB_Chorales.mat")
  @OptionGroup var options: SequenceTrainingOptions
  func run() throws { try options.train(.music) }
}

struct TrainAudio: ParsableCommand {
  static let configuration = SequenceTrainingOptions.command(
    .audio, "Train a network to predict the next sample of audio.", example: "data.path=piano")
  @OptionGroup var options: SequenceTrainingOptions
  func run() throws { try options.train(.audio) }
}

struct TrainCopyMemory: ParsableCommand {
  static let configuration = SequenceTrainingOptions.command(
    .copyMemory, "Train a network to remember symbols over a thousand frames.", example: "")
  @OptionGroup var options: SequenceTrainingOptions
  func run() throws { try options.train(.copyMemory) }
}

extension SequenceModelKind: ExpressibleByArgument {}

/// What the commands that train sequence networks have in common.
struct SequenceTrainingOptions: ParsableArguments {
  @Option(help: "The network: seq-u-net, tcn or wavenet; preset=NAME chooses more finely.")
  var model: SequenceModelKind?
  @OptionGroup var options: TrainingOptions

  static func command(_ task: SequenceTask, _ abstract: String, example: String) -> CommandConfiguration {
    let data = example.isEmpty ? "" : " \(example)"
    return CommandConfiguration(
      commandName: task.rawValue, abstract: abstract,
      discussion: """
        Settings come from the defaults (the paper's), then the file, then key=value, later ones winning:

          swiftdl train \(task.rawValue)\(data) --model seq-u-net --run runs/mine
          swiftdl train \(task.rawValue)\(data) epochs=20 optimizer.rate=3e-4 --run runs/other
          swiftdl train \(task.rawValue) --resume --run runs/mine

        --print-config shows every key. Ctrl-C saves; --resume continues to the same bits.
        """)
  }

  func train(_ task: SequenceTask) throws {
    let request = options.request(task: task.rawValue)
    let recipe = SequenceRecipe(task: task, model: model, request)
    switch try options.run(settings: recipe.resolvedYAML, train: recipe.train) {
    case .interrupted(let step)?: throw options.stopped(at: "step \(step)", of: request, command: task.rawValue)
    case .finished(let result, let metric)?:
      note(
        "\(metric.name): \(result.validation.text(decimals: 3)) validation, \(result.test.text(decimals: 3)) test"
          + (result.accuracy.map { ", \((100 * $0).text(decimals: 1)) % right" } ?? ""))
      print("\(request.folder)/checkpoints/best")
    case nil: break
    }
  }
}
