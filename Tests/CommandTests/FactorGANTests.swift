import Experiments
import Foundation
import SwiftDL
import Testing

/// FactorGAN by command: what comes out, and what is refused in one line.
@Suite struct FactorGANTests {
  /// A workshop with 60 and 20 images of noise as IDX files.
  private func workshop() throws -> Workshop {
    let workshop = try Workshop()
    var random = RandomStream(seed: 1)
    for (name, count) in [("train", 60), ("t10k", 20)] {
      func extent(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) } }
      let pixels = (0..<count * 784).map { _ in UInt8(random.integer(below: 256)) }
      let labels = (0..<count).map { UInt8($0 % 10) }
      try workshop.write(
        Data([0, 0, 8, 3] + extent(count) + extent(28) + extent(28) + pixels), to: "digits/\(name)-images-idx3-ubyte")
      try workshop.write(Data([0, 0, 8, 1] + extent(count) + labels), to: "digits/\(name)-labels-idx1-ubyte")
    }
    return workshop
  }

  private static let tiny = [
    "data.pairs=10", "generatorFeatures=6", "discriminatorFeatures=6", "noiseChannels=4", "updatesPerEpoch=5", "epochs=1",
  ]

  @Test func pairsAreLearntResumedAndGenerated() throws {
    let workshop = try workshop()
    let data = ["--data", workshop("digits")]
    let command = ["train", "factor-gan", "paired-digits"]
    let first = try Program.run(command + Self.tiny + data + ["--run", workshop("run"), "--progress", "json"])
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output == workshop("run") + "/checkpoints/last\n")
    #expect(first.errors.contains("fid") && first.errors.contains("10 pairs known"), "\(first.errors)")
    #expect(Folders.exists(workshop("run/report.html")) && Folders.exists(workshop("run/samples/epoch-001.png")))
    let further = try Program.run(command + ["--resume", "--run", workshop("run"), "epochs=2", "-q"])
    #expect(further.status == 0, "\(further.errors)")
    #expect(try RunRecord(workshop("run")).series("fid").map(\.step) == [5, 10])

    for model in [workshop("run"), workshop("run/generators/epoch-001.safetensors"), "factor-gan-generator-fc"] {
      let made = try Program.run(["generate", "--model", model, "--count", "5", "-o", workshop("new.png")])
      #expect(made.status == 0 && made.output == workshop("new.png") + "\n", "\(made.errors)")
      let picture = try workshop.bytes("new.png")
      #expect(picture.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
      // Five pairs of 28 × 56 pixels, with lines between them.
      #expect(Array(picture[16..<24]) == [0, 0, 0, 146, 0, 0, 0, 58])
    }
    let last = ["generate", "--model", workshop("run")]
    expectRefusal(try Program.run(last), naming: "-o")
    expectRefusal(try Program.run(last + ["-o", workshop("new.jpg")]), naming: "new.jpg")
    expectRefusal(try Program.run(last + ["-o", workshop("x.png"), "--prompt", "7"]), naming: "--prompt")
    let other = ["generate", "--model", "factor-gan-discriminator-fc", "-o", workshop("x.png")]
    expectRefusal(try Program.run(other), naming: "discriminator")
  }

  @Test func picturesArePreparedLearntAndMade() throws {
    let workshop = try workshop()
    var random = RandomStream(seed: 2)
    for name in ["brick", "grass", "gravel"] {
      let bytes = (0..<3 * 512 * 256).map { _ in UInt8(random.integer(below: 256)) }
      try Folders.create(workshop("textures"))
      try RGBImage(width: 512, height: 256, bytes: bytes).write(to: workshop("textures/\(name).png"))
    }
    let counts = ["--images", workshop("digits"), "--train", "6", "--test", "3", "-q"]
    let textures = ["--textures", workshop("textures")]
    try Program.succeed(["data", "prepare", "scenes", "-o", workshop("scenes")] + textures + counts)
    try Program.succeed(["data", "prepare", "sketches", "-o", workshop("sketches")] + counts)
    #expect(try Folders.names(in: workshop("scenes")) == ["README", "palette.csv", "train", "val"])
    expectRefusal(
      try Program.run(["data", "prepare", "scenes", "-o", workshop("x"), "--textures", workshop("digits")] + counts),
      naming: "python3-skimage")
    let small = [
      "data.size=16", "generatorFeatures=2", "discriminatorFeatures=2", "noiseChannels=3", "updatesPerEpoch=2", "epochs=1",
      "batchSize=2", "judge.repeats=1", "judge.epochs=1", "data.pairs=2", "data.cache=\(workshop("cache"))", "-q",
    ]
    let scene = workshop("scenes/val/\(try Folders.names(in: workshop("scenes/val"))[0])")
    for (task, data, prompt) in [("segmentation", "scenes", ["--prompt", scene]), ("image-pairs", "sketches", [])] {
      let run = workshop("run-\(task)")
      try Program.succeed(["train", "factor-gan", task, "--data", workshop(data), "--run", run] + small)
      try Program.succeed(["generate", "--model", run, "--count", "2", "-o", workshop("made.png")] + prompt)
      // Two samples of two pictures of 16 × 16 pixels, with lines between them.
      let picture = try ImageFile.read(workshop("made.png"))
      #expect((picture.width, picture.height) == (2 * 33 + 1, 18))
    }
    expectRefusal(
      try Program.run(["generate", "--model", workshop("run-segmentation"), "-o", workshop("x.png")]), naming: "--prompt")

    let command = [
      "reproduce", "factor-gan", "segmentation", "--runs", workshop("runs"), "--pairs", "2", "--seeds", "1", "2",
    ]
    expectRefusal(try Program.run(command + ["--table"]), naming: "no runs")
    let settings = small.dropLast(3).flatMap { ["--set", $0] }
    let outputs = ["--json", workshop("t.json"), "--markdown", workshop("t.md")]
    let table = try Program.succeed(command + ["--data", workshop("scenes"), "-q"] + settings + outputs)
    #expect(table.split(separator: "\n").count == 3, "\(table)")
    #expect(try workshop.text("t.md").contains("| 2 | factor-gan |"))
    let results = try JSONValue(parsing: try workshop.text("t.json")).object?["results"]?.array ?? []
    #expect(results.map { $0.object?["pixel_accuracy"]?.array?.count } == [2, 2])
    let digits = try Program.run(["reproduce", "factor-gan", "paired-digits"])
    #expect(digits.status != 0 && digits.errors.contains("factor-gan-paired"), "\(digits.errors)")
  }

  @Test func aRunThatIsInterruptedGoesOn() throws {
    let workshop = try workshop()
    let arguments = ["train", "factor-gan", "paired-digits", "--data", workshop("digits")] + Self.tiny
    let run = try Program.start(arguments + ["updatesPerEpoch=1000000", "updatesPerLine=1", "--run", workshop("run"), "-q"])
    try run.wait { ((try? workshop.text("run/metrics.jsonl")) ?? "").contains("\n") }
    run.interrupt()
    let outcome = run.finish()
    #expect(outcome.status == 130, "\(outcome.errors)")
    #expect(outcome.errors.contains("--resume --run"), "\(outcome.errors)")
    #expect(Folders.exists(workshop("run/checkpoints/last/weights.safetensors")))
  }

  @Test(arguments: [
    (["--data", "NOWHERE"], "nowhere"), (["--data", "VOID"], "train-images-idx3-ubyte"), (["--data", "BAD"], "IDX"),
    (["--data", "DIGITS", "data.pairs=61"], "60 images"), (["--data", "DIGITS", "data.pairs=-1"], "data.pairs"),
    (["--data", "DIGITS", "factorisation=gans"], "factorisation"), (["--data", "DIGITS", "optimizer.rate=0"], "rate"),
    (["--data", "TABLE"], "table.csv:1"), (["--data", "DIGITS", "pairs=3"], "data.pairs"),
  ])
  func whatCannotBeTrainedOnIsNamed(_ arguments: [String], _ word: String) throws {
    let workshop = try workshop()
    try Folders.create(workshop("void"))
    try workshop.write(Data([1, 2, 3]), to: "table.csv")
    for name in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
      try workshop.write(Data([1, 2, 3]), to: "bad/\(name)-ubyte")
    }
    let places = ["NOWHERE": "nowhere", "VOID": "void", "BAD": "bad", "DIGITS": "digits", "TABLE": "table.csv"]
    let resolved = arguments.map { argument in places[argument].map { workshop($0) } ?? argument }
    let before = try workshop.listing()
    let folders = ["data.cache=\(workshop("cache"))", "--run", workshop("run"), "-q"]
    let outcome = try Program.run(["train", "factor-gan", "paired-digits"] + resolved + folders)
    expectRefusal(outcome, naming: word)
    #expect(try workshop.listing().filter { !$0.key.hasPrefix("cache") } == before)
  }

  @Test func theCurveTellsWhatThereIs() throws {
    let workshop = try workshop()
    let command = [
      "reproduce", "factor-gan-paired", "--runs", workshop("runs"), "--pairs", "10", "0", "--same-class", "0.9",
    ]
    expectRefusal(try Program.run(command + ["--table"]), naming: "no runs")
    let settings = Self.tiny.dropFirst().flatMap { ["--set", $0] }
    let outputs = ["--json", workshop("t.json"), "--markdown", workshop("t.md"), "--svg", workshop("t.svg")]
    let outcome = try Program.run(command + ["--data", workshop("digits"), "-q"] + settings + outputs)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.split(separator: "\n").count == 5, "\(outcome.output)")
    #expect(try Program.run(command + ["--table"]).output == outcome.output)
    let results = try JSONValue(parsing: try workshop.text("t.json")).object?["results"]?.array ?? []
    #expect(results.count == 4)
    for result in results {
      #expect(result.object?["fid"]?.number != nil && result.object?["paper_fid"]?.number != nil)
    }
    #expect(try workshop.text("t.md").contains("| 0.9 | all | factor-gan | 5 |"))
    #expect(try workshop.text("t.svg").hasPrefix("<svg"))
    #expect(Folders.exists(workshop("runs/index.html")))
  }

  @Test func modelsAreKnownByTheirNames() throws {
    let counts = [
      "factor-gan-generator-fc": 225_312, "factor-gan-discriminator-fc": 117_121,
      "factor-gan-discriminator-fc-pair": 217_473, "adversarial-unet": 958_596, "wgan-critic": 1_869_344,
    ]
    for (name, count) in counts {
      let told = try JSONValue(parsing: try Program.succeed(["models", "info", name, "--json"])).object
      #expect(told?["parameters"]?.integer == count, "\(name)")
    }
    let workshop = try Workshop()
    let shapes: [(name: String, input: Shape, output: Shape)] = [
      ("factor-gan-generator-fc", [3, 50], [3, 1568]), ("factor-gan-discriminator-fc", [3, 784], [3, 1]),
      ("factor-gan-discriminator-fc-pair", [3, 1568], [3, 1]), ("factor-gan-digit-classifier", [3, 28, 28, 1], [3, 10]),
      ("adversarial-unet", [1, 350, 158, 1], [1, 258, 66, 2]), ("wgan-critic", [2, 256, 64, 1], [2, 1]),
    ]
    for (name, input, output) in shapes {
      try Program.succeed(["models", "init", name, "-o", workshop("m.safetensors")])
      var random = RandomStream(seed: 2)
      try NumPyFile.write(random.uniform(input), to: workshop("x.npy"))
      try Program.succeed([
        "infer", workshop("m.safetensors"), "--input", workshop("x.npy"), "--output", workshop("y.npy"),
      ])
      let y = try NumPyFile.read(workshop("y.npy"))
      #expect(y.shape == output && y.isFinite)
    }
  }
}
