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
  @Option(help: "The folder or file of the data, as data.path=.")
  var data: String?
  @OptionGroup var options: TrainingOptions

  func run() throws {
    let request = options.request(task: task.rawValue, adding: data.map { ["data.path=\($0)"] } ?? [])
    let recipe = FactorGANRecipe(task: task, request)
    switch try options.run(settings: recipe.resolvedYAML, train: { try recipe.train(style: $0) }) {
    case .interrupted(let update?)?:
      throw options.stopped(at: "update \(update)", of: request, command: "factor-gan \(task.rawValue)")
    case .interrupted(nil)?:
      note("stopped before the run began")
      throw ExitCode(130)
    case .finished(let result)?:
      let scores = result.scores.entries.compactMap { name, value in
        value.number.map { "\(name.replacing("_", with: " ")) \($0.text(decimals: 3))" }
      }
      note(scores.joined(separator: ", "))
      print("\(request.folder)/checkpoints/last")
    case nil: break
    }
  }
}

extension FactorGANTask: ExpressibleByArgument {}
