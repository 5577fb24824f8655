import Foundation
import SwiftDL
import Testing

/// Model files and arrays that are damaged or of another kind.
@Suite struct BadModelTests {
  @Test(arguments: ModelFlaw.allCases)
  func everyReaderOfModelsRefuses(_ flaw: ModelFlaw) throws {
    let workshop = try Workshop()
    let model = try flaw.model(in: workshop)
    try workshop.sound("song.wav")
    try NumPyFile.write(Tensor.zeros([1, 512, 1]), to: workshop("x.npy"))
    let before = try workshop.listing()
    expectRefusal(
      try Program.run([
        "separate", workshop("song.wav"), "-m", model, "-o", workshop("out"), "--quiet",
      ]),
      naming: model)
    expectRefusal(try Program.run(["models", "info", model]), naming: model)
    expectRefusal(
      try Program.run(["infer", model, "--input", workshop("x.npy"), "--output", workshop("y.npy")]
      ),
      naming: model)
    #expect(try workshop.listing() == before)
  }

  @Test func unknownPresetsGetASuggestion() throws {
    let workshop = try Workshop()
    expectRefusal(
      try Program.run(["models", "info", "wave-u-net-m9"]), naming: "wave-u-net-m9", "did you mean")
    expectRefusal(
      try Program.run(["models", "init", "wave-unet-m4", "-o", workshop("m.safetensors")]),
      naming: "did you mean wave-u-net-m4?")
    #expect(try workshop.listing().isEmpty)
  }

  @Test(arguments: [
    "missing", "empty", "text", "truncated", "nan", "channels", "frames", "rank", "nobody",
  ])
  func inferRefusesAnArray(_ flaw: String) throws {
    let workshop = try Workshop()
    let model = try workshop.model()
    var x = Tensor.zeros([1, 512, 1])
    switch flaw {
    case "nan": x = Tensor([1, 8, 1], [0, 0, 0, .nan, 0, 0, 0, 0])
    case "channels": x = Tensor.zeros([1, 512, 2])
    case "frames": x = Tensor.zeros([1, 511, 1])
    case "rank": x = Tensor.zeros([512, 1])
    case "nobody": x = Tensor.zeros([1, 0, 1])
    default: break
    }
    try NumPyFile.write(x, to: workshop("x.npy"))
    switch flaw {
    case "missing": try FileManager.default.removeItem(atPath: workshop("x.npy"))
    case "empty": try workshop.write(Data(), to: "x.npy")
    case "text": try workshop.write(Data("1, 2, 3\n".utf8), to: "x.npy")
    case "truncated": try workshop.write(try workshop.bytes("x.npy").dropLast(7), to: "x.npy")
    default: break
    }
    let before = try workshop.listing()
    expectRefusal(
      try Program.run(["infer", model, "--input", workshop("x.npy"), "--output", workshop("y.npy")]
      ),
      naming: workshop("x.npy"))
    #expect(try workshop.listing() == before)
  }
}
