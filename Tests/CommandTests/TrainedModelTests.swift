import Experiments
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

  @Test func aSongIsSeparatedWithoutNamingAModel() throws {
    let workshop = try Workshop()
    let song = try workshop.sound("song.wav")
    try Program.succeed(["separate", song, "-o", workshop("out"), "--quiet"])
    let mixture = try AudioFile.read(song)
    var sum = [Float](repeating: 0, count: mixture.samples.count)
    for stem in ["vocals", "accompaniment"] {
      let samples = try AudioFile.read(workshop("out/voice-live/song/\(stem).wav")).samples
      #expect(samples.count == sum.count)
      for index in sum.indices { sum[index] += samples[index] }
    }
    #expect(zip(sum, mixture.samples).allSatisfy { abs($0 - $1) < 1e-5 })
  }
}
