public import ArgumentParser
import Experiments
public import SwiftDL
import SwiftDLModels

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List, describe and make models.",
    subcommands: [List.self, Info.self, Init.self, Import.self, Convert.self, Export.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the presets, and the models that come trained.")
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let descriptions = ModelFile.presetNames.compactMap { name in
        ModelFile.preset(name).map { ModelDescription(name: name, $0) }
      }
      if json {
        print(ModelDescription.json(descriptions))
        return
      }
      print(ModelDescription.table(descriptions))
      print("\ntrained, for separate, live and infer:\n\(TrainedModels.table)")
      if !TrainedModels.ownNames.isEmpty {
        print("\nyours, in \(TrainedModels.own):\n  \(TrainedModels.ownNames.joined(separator: "\n  "))")
      }
    }
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Describe a preset or a model file.",
      discussion: """
        Parameters, window lengths, receptive field, latency and multiply–adds. With --json also every tensor, \
        with the permutation that turns PyTorch's layout of it into ours.
        """)
    @Argument(help: "A preset's name, a .safetensors file, or a model that comes trained, whose card is shown too.")
    var model: String
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let network = try ModelFile.find(model)
      let name = ModelFile.name(of: model)
      let description = ModelDescription(name: name, network)
      print(json ? description.json : description.text)
      if !json, let card = TrainedModels.card(of: model) { print("\n" + card, terminator: "") }
    }
  }

  struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copy a model with its numbers stored in fewer bits.",
      discussion: "Half the size: bfloat16 keeps the range and 2 digits, float16 a smaller range and 3 digits.")
    @Argument(help: "A .safetensors file or a run's folder.")
    var model: String
    @Option(help: "bfloat16, float16 or float32.")
    var type = StoredFloat.bfloat16
    @Option(name: [.customShort("o"), .long], help: "The file to write.")
    var output: String

    func run() throws {
      try ModelFile.convert(model, to: output, as: type)
      print(output)
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a causal model as one file that the C library runs frame by frame.",
      discussion: """
        For audio hosts and other programs that link CKernels: ck_stream_read_program makes a stream of the file's \
        bytes, with float32, 24-bit or bfloat16 weights; Examples/Consumers/c/stream.c is such a program. The file's \
        note is JSON: the model's name, architecture, sample rate, receptive field, and the vocabulary of a text model.
        """)
    @Argument(help: "A preset's name, a .safetensors file or a run's folder.")
    var model: String
    @Option(name: [.customShort("o"), .long], help: "The file to write.")
    var output: String

    func run() throws {
      try StreamFile.write(model, to: output)
      print(output)
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a model of weights that a network's author published.",
      discussion: """
        Wave-U-Net's TensorFlow variables as .npz or .safetensors under their names (separator/conv1d_3/kernel), and \
        the state of Wave-U-Net-Pytorch's modules as .safetensors.

          swiftdl models import m5.npz --preset wave-u-net-m5 -o m5.safetensors
        """)
    @Argument(help: "A .safetensors or .npz file.")
    var file: String
    @Option(help: "The network it is of.")
    var preset: String
    @Argument(help: "model.KEY=VALUE, where the network is not quite the preset's.")
    var settings: [String] = []
    @Option(name: [.customShort("o"), .long], help: "The file to write.")
    var output: String

    func run() throws {
      let unused = try ModelImport.run(file, preset: preset, settings: settings, to: output)
      if unused > 0 { note("\(unused) tensors of \(file) were not needed") }
      print(output)
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

extension StoredFloat: ExpressibleByArgument {}
