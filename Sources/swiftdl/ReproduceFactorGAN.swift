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
    var reproduction = FactorGANReproduction(data: data, runs: runs, programVersion: programVersion)
    if !pairs.isEmpty { reproduction.pairs = pairs }
    if !sameClass.isEmpty { reproduction.sameClass = sameClass }
    reproduction.overrides = options.settings
    let isComplete = try options.train { try reproduction.train(style: $0, note: $1) }
    let rows = try reproduction.rows()
    if rows.isEmpty { throw options.nothing(in: runs, "runs") }
    print(FactorGANReproduction.table(rows))
    try FactorGANReproduction.writePage(rows, to: "\(runs)/index.html")
    if let svg { try AtomicFile.write(FactorGANReproduction.curve(rows).svg(standalone: true), to: svg) }
    if let json = options.json { try FactorGANReproduction.write(rows, to: json) }
    if let markdown = options.markdown { try AtomicFile.write(FactorGANReproduction.markdown(rows), to: markdown) }
    try options.end(isComplete: isComplete)
  }
}
