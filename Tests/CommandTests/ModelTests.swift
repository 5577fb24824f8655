import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

/// What outside programs check this one with: descriptions as JSON and raw forward passes.
@Suite struct ModelTests {
  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// Expects the keys programs rely on and numbers that agree with each other.
  private func check(_ text: String, name: String, parameters: Int) throws {
    let object = try json(text)
    #expect(object["name"] as? String == name)
    #expect(object["parameters"] as? Int == parameters)
    for key in ["inputFrames", "outputFrames", "receptiveField"] {
      #expect(try #require(object[key] as? Int) > 0, "\(key)")
    }
    let tensors = try #require(object["tensors"] as? [[String: Any]])
    var count = 0
    for tensor in tensors {
      let shape = try #require(tensor["shape"] as? [Int])
      let axes = try #require(tensor["fromPyTorch"] as? [Int])
      #expect((tensor["name"] as? String)?.isEmpty == false)
      #expect(axes.sorted() == Array(shape.indices), "a permutation of the axes")
      count += shape.reduce(1, *)
    }
    #expect(count == parameters)
    #expect(Set(tensors.compactMap { $0["name"] as? String }).count == tensors.count)
  }

  @Test(arguments: ModelFile.presetNames)
  func presetsAreDescribed(_ preset: String) throws {
    let network = try #require(ModelFile.preset(preset))
    try check(
      try Program.succeed(["models", "info", preset, "--json"]), name: preset,
      parameters: network.parameterCount)
    #expect(try Program.succeed(["models", "list"]).contains(preset))
    #expect(try Program.succeed(["models", "info", preset]).contains("receptive field"))
  }

  @Test func freshWeightsFollowTheSeed() throws {
    let workshop = try Workshop()
    func make(_ name: String, seed: String) throws -> Data {
      try Program.succeed([
        "models", "init", "wave-u-net-tiny", "--seed", seed, "-o", workshop(name),
      ])
      return try workshop.bytes(name)
    }
    let first = try make("a.safetensors", seed: "7")
    #expect(try make("b.safetensors", seed: "7") == first)
    #expect(try make("c.safetensors", seed: "8") != first)
    let model = try ModelFile.load(WaveUNet.self, from: workshop("a.safetensors"))
    try check(
      try Program.succeed(["models", "info", workshop("a.safetensors"), "--json"]), name: "a",
      parameters: model.parameterCount)
  }

  @Test func aCausalModelIsExportedForTheCLibrary() throws {
    let workshop = try Workshop()
    try Program.succeed(["models", "export", "wavenet-tiny", "-o", workshop("model.ckstream")])
    let bytes = try workshop.bytes("model.ckstream")
    #expect(bytes.prefix(8) == Data("CKSTREAM".utf8))
    #expect(String(decoding: bytes.prefix(400), as: UTF8.self).contains("\"receptive_field\":15"))
    expectRefusal(
      try Program.run(["models", "export", "wave-u-net-tiny", "-o", workshop("other.ckstream")]), naming: "no causal model")
    expectRefusal(
      try Program.run(["models", "export", "wavenet-tiny", "-o", workshop("nowhere/a.ckstream")]), naming: "nowhere")
  }

  @Test(arguments: ["wave-u-net-tiny", "wave-u-net-m3"])
  func inferenceEqualsTheLibrary(_ preset: String) throws {
    let workshop = try Workshop()
    let file = workshop("model.safetensors")
    try Program.succeed(["models", "init", preset, "--seed", "3", "-o", file])
    let model = try ModelFile.load(WaveUNet.self, from: file)
    let window = model.configuration.window(forOutputFrames: 64)
    var random = RandomStream(seed: 1)
    let x = random.normal([2, window.input, model.configuration.channels])
    try NumPyFile.write(x, to: workshop("x.npy"))
    try Program.succeed([
      "infer", file, "--input", workshop("x.npy"), "--output", workshop("y.npy"),
    ])
    let y = try NumPyFile.read(workshop("y.npy"))
    #expect(
      y.shape == [
        2, window.output, model.configuration.sources.count * model.configuration.channels,
      ])
    #expect(y.scalars == model(x).scalars)
    // The answer does not depend on the number of threads.
    try Program.succeed([
      "infer", file, "--input", workshop("x.npy"), "--output", workshop("z.npy"), "--threads", "3",
    ])
    #expect(try workshop.bytes("z.npy") == workshop.bytes("y.npy"))
  }

  @Test func theDoctorFindsTheMachineFit() throws {
    let told = try Program.succeed(["doctor"])
    for word in [
      "instruction set", "threads", "may use", "core", "WAV", "decoder", "memory", "GiB", "own models", "swiftdl/models",
      "ok",
    ] { #expect(told.contains(word)) }
    #expect(!told.contains("FAIL"))
  }
}
