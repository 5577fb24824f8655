import ArgumentParser
import Experiments
import SwiftDL
import SwiftDLModels

struct Infer: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model once on an array.",
    discussion: """
      Reads [batch, frames, channels] as float32 .npy and writes the network's output likewise, so that any \
      other program can check this one.
      """)
  @Argument(help: "A model file (.safetensors).")
  var model: String
  @Option(help: "The input array (.npy).")
  var input: String
  @Option(help: "The output array (.npy).")
  var output: String
  @OptionGroup var compute: ComputeOptions

  func run() throws {
    let network = try ModelFile.load(model)
    let x = try NumPyFile.read(input)
    if let problem = network.problem(withInput: x.shape) {
      throw FileError(input, problem)
    }
    if let bad = x.scalars.firstIndex(where: { !$0.isFinite }) {
      throw FileError(input, "element \(bad) is \(x.scalars[bad])", hint: "every number must be finite")
    }
    let y = compute.run { network(x) }
    try NumPyFile.write(y, to: output)
    print("\(output) \(y.shape)")
  }
}
