import ArgumentParser
import Experiments

extension DataPreparation {
  struct SketchesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sketches",
      abstract: "Outlines of clothes beside their pictures in colour: a stand-in for Edges2Shoes.",
      discussion: """
        What `swiftdl train factor-gan image-pairs` learns from. Uses the Debian package dataset-fashion-mnist.
        """)
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String
    @Option(help: "A folder of MNIST's IDX files, or a CSV table; the package dataset-fashion-mnist when absent.")
    var images = ""
    @Option(help: "Pairs to learn from.")
    var train = 10_000
    @Option(help: "Pairs to judge by.")
    var test = 1000
    @Option(help: "The seed.")
    var seed: UInt64 = 0
    @OptionGroup var progressOptions: ProgressOptions

    func validate() throws { try DataPreparation.validateCounts(train, test, atMost: (60_000, 10_000)) }

    func run() throws {
      var corpus = try SketchCorpus(images: images)
      (corpus.trainCount, corpus.testCount, corpus.seed) = (train, test, seed)
      try DataPreparation.fill(output, corpus.pictureCount, progressOptions.style, corpus.write)
    }
  }

  struct ScenesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "scenes",
      abstract: "Scenes with exact labels for every pixel: a stand-in for Cityscapes.",
      discussion: """
        What `swiftdl train factor-gan segmentation` learns from: clothes before a wall, on a ground. Uses the Debian \
        packages dataset-fashion-mnist and python3-skimage.
        """)
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String
    @Option(help: "A folder of MNIST's IDX files, or a CSV table; the package dataset-fashion-mnist when absent.")
    var images = ""
    @Option(help: "A folder with brick.png, grass.png and gravel.png.")
    var textures = SceneCorpus.installedTextures
    @Option(help: "Scenes to learn from.")
    var train = 2975
    @Option(help: "Scenes to judge by.")
    var test = 500
    @Option(help: "The seed.")
    var seed: UInt64 = 0
    @OptionGroup var progressOptions: ProgressOptions

    func validate() throws { try DataPreparation.validateCounts(train, test, atMost: (90_000, 90_000)) }

    func run() throws {
      var corpus = try SceneCorpus(images: images, textures: textures)
      (corpus.trainCount, corpus.testCount, corpus.seed) = (train, test, seed)
      try DataPreparation.fill(output, corpus.pictureCount, progressOptions.style, corpus.write)
    }
  }

  private static func validateCounts(_ train: Int, _ test: Int, atMost: (Int, Int)) throws {
    for (name, count, most) in [("--train", train, atMost.0), ("--test", test, atMost.1)] where count < 1 || count > most {
      throw ValidationError("\(name) \(count): 1 to \(most) are possible.")
    }
  }

  /// Writes pictures into a new folder; after Ctrl-C nothing is left of them.
  private static func fill(
    _ output: String, _ count: Int, _ style: ProgressMeter.Style, _ write: (String, (Int) -> Bool) throws -> Bool
  ) throws {
    Interrupt.install()
    let bar = ProgressMeter(total: count, label: "preparing", unit: "pictures", style: style)
    let fresh = FreshFolder(output)
    let isComplete = try FreshFolder.fill(output) {
      try write(output) { done in
        bar.update(done)
        return !Interrupt.requested
      }
    }
    if isComplete { bar.update(count) }
    bar.finish()
    if !isComplete {
      fresh.discard()
      throw ExitCode(130)
    }
    print(output)
  }
}
