import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Import of weights")
struct ModelImportTests {
  private func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Fixtures/\(name)", ofType: nil))
  }

  private static let tensorFlow = [
    "model.levels=3", "model.filters=4", "model.downKernel=5", "model.upKernel=3",
    "model.sources=[bass, drums, other, vocals]",
  ]
  private static let pyTorch = ["model.channels=2", "model.kernel=3"]

  @Test("TensorFlow's variables make the network that wrote them")
  func tensorFlow() throws {
    let folder = try TemporaryFolder()
    let output = "\(folder.path)/model.safetensors"
    let unused = try ModelImport.run(
      try fixture("author-tensorflow.npz"), preset: "wave-u-net-m5", settings: Self.tensorFlow, to: output)
    // The optimiser's ten, and the step.
    #expect(unused == 11)
    let model = try ModelFile.load(WaveUNet.self, from: output)
    let golden = try SafeTensorsFile(try fixture("author-tensorflow.safetensors"))
    expectClose(model(try golden.tensor("input")), try golden.tensor("output"), tolerance: 1e-5)
  }

  @Test("PyTorch's modules make the network that wrote them")
  func pyTorch() throws {
    let folder = try TemporaryFolder()
    let output = "\(folder.path)/model.safetensors"
    let file = try fixture("author-pytorch.safetensors")
    let unused = try ModelImport.run(file, preset: "wave-u-net-pytorch-tiny", settings: Self.pyTorch, to: output)
    // The resampling filters, the input and the output.
    #expect(unused == 6)
    let model = try ModelFile.load(ResamplingWaveUNet.self, from: output)
    let golden = try SafeTensorsFile(file)
    expectClose(model(try golden.tensor("input")), try golden.tensor("output"), tolerance: 1e-5)
  }

  @Test("files that do not fit are refused in one line, and nothing is written")
  func refusals() throws {
    let folder = try TemporaryFolder()
    let output = "\(folder.path)/model.safetensors"
    let archive = try fixture("author-tensorflow.npz")
    func refusal(_ path: String, _ preset: String, _ settings: [String]) -> String {
      do {
        _ = try ModelImport.run(path, preset: preset, settings: settings, to: output)
        return "nothing"
      } catch { return "\(error)" }
    }
    #expect(refusal(archive, "wave-u-net-m5", []).contains("where the network has"))
    #expect(refusal(archive, "wave-u-net-m5", Self.tensorFlow + ["model.levels=4"]).contains("where the network has"))
    #expect(refusal(archive, "wave-u-net-pytorch-tiny", []).contains("has no tensor"))
    #expect(refusal(archive, "tcn-jsb", []).contains("published nowhere"))
    #expect(refusal("weights.pt", "wave-u-net-m5", []).contains("pickled"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: archive))
    for count in [0, 10, 1000, bytes.count / 2, bytes.count - 1] {
      let path = "\(folder.path)/cut.npz"
      try bytes.prefix(count).write(to: URL(fileURLWithPath: path))
      #expect(refusal(path, "wave-u-net-m5", Self.tensorFlow).contains("cut.npz"), "\(count) bytes")
    }
    // Any byte that changes is an error or another number, never a crash.
    for place in stride(from: 0, to: bytes.count, by: 97) {
      var spoiled = bytes
      spoiled[place] ^= 0x55
      let path = "\(folder.path)/spoiled.npz"
      try spoiled.write(to: URL(fileURLWithPath: path))
      _ = refusal(path, "wave-u-net-m5", Self.tensorFlow)
      try? FileManager.default.removeItem(atPath: output)
    }
    #expect(!Folders.exists(output))
  }
}
