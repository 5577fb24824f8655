import ArgumentParser
import Experiments
import SwiftDL

struct ReproduceFactorGANPaired: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "factor-gan-paired",
    abstract: "Train GAN and FactorGAN on more and more pairs of digits, and set their figures beside the paper's.",
    discussion: """
      Finished runs are not repeated, interrupted ones go on. A run of the published length makes 200,000 updates.

        swiftdl reproduce factor-gan-paired --set epochs=2              a twentieth of them
        swiftdl reproduce factor-gan-paired --data mnist                days
        swiftdl reproduce factor-gan-paired --table --runs DIR          what there is so far
      """)

  @Option(help: "A folder of MNIST's IDX files, or a CSV table; the package dataset-fashion-mnist when absent.")
  var data = ""
  @Option(parsing: .upToNextOption, help: "Numbers of pairs; 0 stands for all. (default: 10 20 50 100 1000 5000 0)")
  var pairs: [Int] = []
  @Option(parsing: .upToNextOption, help: "How often both digits are taken from one class. (default: 0.1 0.9)")
  var sameClass: [Double] = []
  @Option(help: "The folder of the runs.")
  var runs = "runs/factor-gan-paired"
  @Option(help: "Also write the curve into this SVG file.")
  var svg: String?
  @OptionGroup var options: ReproductionOptions

  func validate() throws {
    if let wrong = pairs.first(where: { $0 < 0 }) { throw ValidationError("--pairs \(wrong): 0 or more is possible.") }
    if let wrong = sameClass.first(where: { !(0...1).contains($0) }) {
      throw ValidationError("--same-class \(wrong): probabilities from 0 to 1 are possible.")
    }
  }

  func run() throws {
    var reproduction = PairedDigitsReproduction(data: data, runs: runs, programVersion: programVersion)
    if !pairs.isEmpty { reproduction.pairs = pairs }
    if !sameClass.isEmpty { reproduction.sameClass = sameClass }
    reproduction.overrides = options.settings
    let isComplete = try options.train { try reproduction.train(style: $0, note: $1) }
    let rows = try reproduction.rows()
    if rows.isEmpty { throw options.nothing(in: runs, "runs") }
    print(PairedDigitsReproduction.table(rows))
    try PairedDigitsReproduction.writePage(rows, to: "\(runs)/index.html")
    if let svg { try AtomicFile.write(PairedDigitsReproduction.curve(rows).svg(standalone: true), to: svg) }
    if let json = options.json { try PairedDigitsReproduction.write(rows, to: json) }
    if let markdown = options.markdown { try AtomicFile.write(PairedDigitsReproduction.markdown(rows), to: markdown) }
    try options.end(isComplete: isComplete)
  }
}

struct ReproduceFactorGAN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "factor-gan",
    abstract: "Train GAN and FactorGAN on few and many pairs of pictures, labels or songs, beside the paper's figures.",
    discussion: """
      Tasks: image-pairs, segmentation, audio-separation (pairs of digits: factor-gan-paired). Finished runs are not \
      repeated, interrupted ones go on. A run of the published length makes 200,000 updates of large networks: days.

        swiftdl data prepare scenes -o scenes
        swiftdl reproduce factor-gan segmentation --data scenes --set generatorFeatures=8 --set epochs=1
        swiftdl reproduce factor-gan segmentation --table       what there is so far
      """)

  @Argument(help: "The task.")
  var task: FactorGANTask
  @Option(help: "The folder of the data.")
  var data = ""
  @Option(parsing: .upToNextOption, help: "Numbers of pairs, or songs; 0 stands for all. (default: the paper's)")
  var pairs: [Int] = []
  @Option(parsing: .upToNextOption, help: "Seeds.")
  var seeds = [1337]
  @Option(help: "The folder of the runs.")
  var runs = "runs/factor-gan"
  @OptionGroup var options: ReproductionOptions

  func validate() throws {
    if task == .pairedDigits { throw ValidationError("Pairs of digits have a command of their own: factor-gan-paired.") }
    if let wrong = pairs.first(where: { $0 < 0 }) { throw ValidationError("--pairs \(wrong): 0 or more is possible.") }
    if let wrong = seeds.first(where: { $0 < 0 }) { throw ValidationError("--seeds \(wrong): 0 or more is possible.") }
    if seeds.isEmpty { throw ValidationError("--seeds: one at least.") }
  }

  func run() throws {
    var reproduction = FactorGANReproduction(task: task, data: data, runs: runs, programVersion: programVersion)
    if !pairs.isEmpty { reproduction.pairs = pairs }
    reproduction.seeds = seeds
    reproduction.overrides = options.settings
    let isComplete = try options.train { try reproduction.train(style: $0, note: $1) }
    let rows = try reproduction.rows()
    if rows.isEmpty { throw options.nothing(in: runs, "runs") }
    print(FactorGANReproduction.table(rows))
    if let json = options.json { try reproduction.write(rows, to: json) }
    if let markdown = options.markdown { try AtomicFile.write(reproduction.markdown(rows), to: markdown) }
    try options.end(isComplete: isComplete)
  }
}
