import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

/// The models that come trained are there, described, and used where no model is named.
@Suite struct TrainedModelTests {
  @Test(arguments: TrainedModels.all.map(\.name))
  func everyOneHasACard(name: String) throws {
    #expect(try Program.succeed(["models", "list"]).contains("  \(name) "))
    let info = try Program.succeed(["models", "info", name])
    #expect(info.contains("architecture") && info.contains("# \(name)\n"))
    #expect(info.contains("**Licence:**") && info.contains("**Scores**") && info.contains("**Not good at:**"))
  }

  /// The settings that trained them are settings still.
  @Test func presetsCanBeRead() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../presets"
    let files = try Folders.names(in: folder).filter { $0.hasSuffix(".yaml") }
    #expect(files.count > 4)
    for file in files {
      let task = file == "detect-voice.yaml" ? "detect-separate" : "separation"
      _ = try Program.succeed(["train", task, "-c", "\(folder)/\(file)", "--print-config"])
    }
  }

  @Test func aSongIsSeparatedWithoutNamingAModel() throws {
    let workshop = try Workshop()
    let song = try workshop.sound("song.wav")
    try Program.succeed(["separate", song, "-o", workshop("out"), "--quiet"])
    let mixture = try AudioFile.read(song)
    var sum = [Float](repeating: 0, count: mixture.samples.count)
    for stem in ["vocals", "accompaniment"] {
      let samples = try AudioFile.read(workshop("out/voice/song/\(stem).wav")).samples
      #expect(samples.count == sum.count)
      for index in sum.indices { sum[index] += samples[index] }
    }
    #expect(zip(sum, mixture.samples).allSatisfy { abs($0 - $1) < 1e-5 })
  }
}
