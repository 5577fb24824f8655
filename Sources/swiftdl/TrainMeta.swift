public import ArgumentParser
public import Experiments
import SwiftDL

struct TrainMeta: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meta", abstract: "Learn, from many tasks, where learning a new one should begin.",
    subcommands: [Tasks.self, Sinusoid.self], defaultSubcommand: Tasks.self)

  struct Tasks: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tasks",
      abstract: "The initialisation of a universal network, from tasks of music information retrieval.",
      discussion: """
        Algorithms: \(MetaAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")). Settings come from the defaults, \
        then the file, then key=value, later ones winning:

          swiftdl data prepare mir-tasks -o tasks
          swiftdl train meta tasks.path=tasks tasks.heldOut=chords --run runs/without-chords
          swiftdl train meta tasks.path=tasks algorithm=reptile inner.steps=8 --run runs/reptile
          swiftdl train meta --resume --run runs/reptile

        A reconstruction: of the thesis' chapter no more is public than the abstract. --print-config shows every key. \
        Ctrl-C saves; --resume continues to the same bits.
        """)

    @OptionGroup var options: TrainingOptions

    func run() throws {
      let request = options.request(task: "meta")
      let recipe = MetaRecipe(request)
      switch try options.run(settings: recipe.resolvedYAML, train: { try recipe.train(style: $0) }) {
      case .interrupted(let update)?: throw options.stopped(at: "update \(update)", of: request, command: "meta")
      case .finished?: print("\(request.folder)/model.safetensors")
      case nil: break
      }
    }
  }

  struct Sinusoid: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sinusoid",
      abstract: "The field's own example: sine waves, each to be learnt from ten points.",
      discussion: """
        Finn, Abbeel, Levine, "Model-agnostic meta-learning", ICML 2017, section 5.1. Prints the squared error on 600 new \
        waves after 0 to 10 steps on ten points of each.
        """)
    @Option(help: "maml, first-order-maml, anil or reptile.")
    var algorithm = MetaAlgorithm.maml
    @Option(help: "Updates, on 25 waves each.")
    var updates = 15000
    @Option(help: "Steps on the points of a wave before it is judged.")
    var innerSteps = 1
    @Option(help: "Size of these steps.")
    var innerRate: Float = 0.01
    @Flag(help: "Learn a rate for every tensor (Meta-SGD).")
    var learnRates = false
    @Option(help: "The seed.")
    var seed = 0
    @OptionGroup var progressOptions: ProgressOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
      if updates < 1 || updates > 10_000_000 { throw ValidationError("--updates \(updates): 1 to 10000000 are possible.") }
      if innerSteps < 1 || innerSteps > 100 { throw ValidationError("--inner-steps \(innerSteps): 1 to 100 are possible.") }
      if !(innerRate > 0 && innerRate < 10) {
        throw ValidationError("--inner-rate \(innerRate): more than 0, less than 10.")
      }
      if seed < 0 { throw ValidationError("--seed \(seed): 0 or more is possible.") }
    }

    func run() throws {
      var training = SinusoidTraining(algorithm: algorithm, seed: seed)
      (training.innerSteps, training.innerRate, training.learnsRates) = (innerSteps, innerRate, learnRates)
      Interrupt.install()
      let bar = ProgressMeter(total: updates, label: algorithm.rawValue, unit: "updates", style: progressOptions.style)
      compute.run {
        while training.updates < updates, !Interrupt.requested {
          bar.update(training.updates, fields: ["loss": training.update()])
        }
      }
      bar.finish()
      print("steps  squared error")
      for (step, loss) in training.losses(waves: 600, steps: 10).enumerated() {
        print("\(step < 10 ? " " : "")\(step)     \(loss.mean.text(decimals: 3)) ± \(loss.halfInterval.text(decimals: 3))")
      }
      if Interrupt.requested {
        note("stopped after \(training.updates) updates")
        throw ExitCode(130)
      }
    }
  }
}

extension MetaAlgorithm: ExpressibleByArgument {}
