import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

/// The tasks of pictures and of sources, with networks of a few weights.
@Suite("Tasks of FactorGANs", .serialized) struct FactorGANTasksTests {
  private static let pictures = ["data.size=16", "generatorFeatures=2", "discriminatorFeatures=2"]

  private static func settings(_ task: FactorGANTask) -> [String] {
    let shared = [
      "noiseChannels=3", "batchSize=3", "updatesPerEpoch=3", "updatesPerLine=2", "epochs=2", "judge.repeats=2",
      "judge.epochs=2", "judge.features=2",
    ]
    return switch task {
    case .pairedDigits: shared
    case .imagePairs, .segmentation: shared + pictures + ["data.pairs=4"]
    case .audioSeparation:
      shared + pictures + ["data.pairs=1", "data.source=voice", "data.sampleRate=8000", "judge.griffinLimRounds=1"]
    }
  }

  /// Data of a few pieces.
  private func data(_ task: FactorGANTask, in folder: TemporaryFolder) throws -> String {
    let path = "\(folder.path)/data"
    if Folders.exists(path) { return path }
    var random = RandomStream(seed: 1)
    switch task {
    case .audioSeparation:
      for (part, songs) in [("train", 3), ("test", 1)] {
        for song in 0..<songs {
          let seconds = 4
          for (index, stem) in ["voice", "drums", "bass"].enumerated() {
            try folder.write(
              noise(seconds * 8000, seed: UInt64(10 * song + index + 1)), channels: 1, to: "data/\(part)/\(song)/\(stem).wav"
            )
          }
        }
      }
    default:
      for (part, count) in [("train", 8), ("val", 5)] {
        try Folders.create("\(path)/\(part)")
        for number in 0..<count {
          var bytes = (0..<3 * 32 * 16).map { _ in UInt8(random.integer(below: 256)) }
          if task == .segmentation {
            // The right half in colours of the palette.
            for pixel in 0..<32 * 16 where pixel % 32 >= 16 {
              let colour: [UInt8] = random.number() < 0.5 ? [255, 0, 0] : [0, 0, 255]
              bytes.replaceSubrange(3 * pixel..<3 * pixel + 3, with: colour)
            }
          }
          try RGBImage(width: 32, height: 16, bytes: bytes).write(to: "\(path)/\(part)/\(number).png")
        }
      }
      if task == .segmentation { try AtomicFile.write("red,255,0,0\nblue,0,0,255\n", to: "\(path)/palette.csv") }
    }
    return path
  }

  private func recipe(
    _ task: FactorGANTask, _ folder: TemporaryFolder, run: String, resumes: Bool = false, _ more: [String] = []
  ) throws -> FactorGANRecipe {
    let fixed = ["data.path=\(try data(task, in: folder))", "data.cache=\(folder.path)/cache"] + Self.settings(task)
    return FactorGANRecipe(
      task: task,
      RunRequest(
        overrides: (resumes ? [] : fixed) + more, folder: "\(folder.path)/\(run)", resumes: resumes, programVersion: "test"))
  }

  private func weights(_ run: String) throws -> [String: [UInt32]] {
    var tensors: [String: [UInt32]] = [:]
    for name in ["weights", "state"] {
      let file = try SafeTensorsFile("\(run)/checkpoints/last/\(name).safetensors")
      for entry in file.entries { tensors["\(name) \(entry.name)"] = try file.tensor(entry.name).scalars.map(\.bitPattern) }
    }
    return tensors
  }

  @Test(
    "a run in two parts ends with the bits of one, on any number of threads, and is judged",
    arguments: [FactorGANTask.imagePairs, .segmentation, .audioSeparation])
  func resumes(task: FactorGANTask) throws {
    let folder = try TemporaryFolder()
    _ = try recipe(task, folder, run: "whole").train(style: .quiet)
    var updates = 0
    let outcome = try ComputeContext.$current.withValue(ComputeContext(threads: 3)) {
      try recipe(task, folder, run: "parts").train(style: .quiet) {
        updates += 1
        return updates == 2
      }
    }
    guard case .interrupted(update: .some) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    _ = try recipe(task, folder, run: "parts", resumes: true).train(style: .quiet)
    #expect(try weights("\(folder.path)/whole") == weights("\(folder.path)/parts"))
    let summary = try #require(try RunRecord("\(folder.path)/whole").summary)
    let figures =
      switch task {
      case .pairedDigits: ["fid"]
      case .imagePairs: ["ls", "ls_deviation"]
      case .segmentation: ["mse", "pixel_accuracy", "mean_iou", "mean_dice"]
      case .audioSeparation: ["spectrogram_mse", "voice_sdr_median", "accompaniment_sdr_mean"]
      }
    for figure in figures + ["peak_tensor_bytes"] { #expect(summary[figure]?.number?.isFinite == true, "\(figure)") }
    #expect(try Folders.names(in: "\(folder.path)/whole/samples") == ["epoch-001.png", "epoch-002.png"])
    #expect(Folders.exists("\(folder.path)/whole/report.html"))
  }

  @Test("an ordinary GAN has one discriminator, and given scenes have no marginal") func factors() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(.segmentation, folder, run: "parts", ["epochs=1"]).train(style: .quiet)
    _ = try recipe(.segmentation, folder, run: "gan", ["epochs=1", "factorisation=gan"]).train(style: .quiet)
    func names(_ run: String) throws -> Set<String> {
      let line = try #require(try RunRecord("\(folder.path)/\(run)").metrics.first)
      return Set(line.entries.map(\.key).filter { $0.hasSuffix("_accuracy") })
    }
    #expect(try names("parts") == ["d2_accuracy", "dP_accuracy", "dQ_accuracy"])
    #expect(try names("gan") == ["d_accuracy"])
  }

  @Test("the last checkpoint of separation is a separator") func separator() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(.audioSeparation, folder, run: "run", ["epochs=1"]).train(style: .quiet)
    let separator = try ModelFile.load(GeneratorSeparator.self, from: "\(folder.path)/run")
    #expect(separator.configuration.sources == ["accompaniment", "voice"])
    #expect(separator.configuration.sampleRate == 8000)
  }

  @Test("data that cannot be trained on are refused in a line, and no folder is left")
  func refusals() throws {
    func message(
      _ task: FactorGANTask, _ settings: [String] = [], _ spoil: (String) throws -> Void = { _ in }
    ) throws -> String {
      let folder = try TemporaryFolder()
      try spoil(try data(task, in: folder))
      defer { #expect(!Folders.exists("\(folder.path)/run")) }
      do {
        _ = try recipe(task, folder, run: "run", settings).train(style: .quiet)
        return ""
      } catch { return "\(error)" }
    }
    func picture(_ width: Int, _ height: Int, _ value: UInt8 = 9) -> RGBImage {
      RGBImage(width: width, height: height, bytes: [UInt8](repeating: value, count: 3 * width * height))
    }
    #expect(try message(.imagePairs, ["data.pairs=9"]).contains("8 pairs"))
    #expect(try message(.imagePairs, ["data.size=20"]).contains("data.size"))
    #expect(try message(.imagePairs, ["data.path="]).contains("data.path"))
    #expect(try message(.imagePairs) { try picture(32, 18).write(to: "\($0)/train/3.png") }.contains("train/3.png"))
    #expect(try message(.imagePairs) { try picture(31, 16).write(to: "\($0)/train/0.png") }.contains("31 pixels"))
    #expect(try message(.imagePairs) { try FileManager.default.removeItem(atPath: "\($0)/val") }.contains("val"))
    #expect(try message(.segmentation) { try picture(32, 16).write(to: "\($0)/val/1.png") }.contains("#090909"))
    #expect(
      try message(.segmentation) { try AtomicFile.write("red,255,0\n", to: "\($0)/palette.csv") }.contains("palette.csv:1"))
    #expect(try message(.audioSeparation, ["data.pairs=4"]).contains("3 songs"))
    #expect(try message(.audioSeparation, ["data.source=flute"]).contains("bass, drums, voice"))
    #expect(try message(.audioSeparation) { try FileManager.default.removeItem(atPath: "\($0)/test") }.contains("test"))
  }

  @Test("Cityscapes is known by its folders") func cityscapes() throws {
    let folder = try TemporaryFolder()
    let root = "\(folder.path)/data"
    for (part, count) in [("train", 4), ("val", 2)] {
      try Folders.create("\(root)/leftImg8bit/\(part)/city")
      try Folders.create("\(root)/gtFine/\(part)/city")
      for number in 0..<count {
        // All road, a colour that is a little off.
        let scene = RGBImage(width: 32, height: 16, bytes: [UInt8](repeating: UInt8(20 * number), count: 3 * 32 * 16))
        let labels = RGBImage(width: 32, height: 16, bytes: (0..<32 * 16).flatMap { _ in [127, 65, 128] })
        try scene.write(to: "\(root)/leftImg8bit/\(part)/city/\(number)_leftImg8bit.png")
        try labels.write(to: "\(root)/gtFine/\(part)/city/\(number)_gtFine_color.png")
      }
    }
    _ = try recipe(.segmentation, folder, run: "run", ["epochs=1"]).train(style: .quiet)
    #expect(try RunRecord("\(folder.path)/run").summary?["pixel_accuracy"]?.number?.isFinite == true)
    try FileManager.default.removeItem(atPath: "\(root)/gtFine/train/city/2_gtFine_color.png")
    let error = #expect(throws: FileError.self) {
      try recipe(.segmentation, folder, run: "other", ["epochs=1"]).train(style: .quiet)
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("2_leftImg8bit.png"))
  }
}
