import ArgumentParser
import Experiments
import SwiftDL
import SwiftDLModels

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List, describe and make models.",
    subcommands: [List.self, Info.self, Init.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the presets.")
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let descriptions = ModelFile.presetNames.compactMap { name in
        ModelFile.preset(name).map { ModelDescription(name: name, $0) }
      }
      print(json ? ModelDescription.json(descriptions) : ModelDescription.table(descriptions))
    }
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Describe a preset or a model file.",
      discussion: """
        Parameters, window lengths, receptive field, latency and multiply–adds. With --json also every tensor, \
        with the permutation that turns PyTorch's layout of it into ours.
        """)
    @Argument(help: "A preset's name or a .safetensors file.")
    var model: String
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let network = try ModelFile.find(model)
      let name = ModelFile.name(of: model)
      let description = ModelDescription(name: name, network)
      print(json ? description.json : description.text)
    }
  }

  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a preset with fresh weights.")
    @Argument(help: "A preset's name.")
    var preset: String
    @Option(help: "The seed of the weights.")
    var seed: UInt64 = 0
    @Option(name: [.customShort("o"), .long], help: "The file to write.")
    var output: String

    func run() throws {
      let network = try ModelFile.makePreset(preset, seed: seed)
      try ModelFile.save(network, to: output)
      print(output)
    }
  }
}
