import Experiments
import Foundation
import SwiftDL
import Testing

/// Adversarial separation by command: trained, resumed, separated with, repeated.
@Suite struct AdversarialTests {
  private static let tiny = [
    "model.sources=[guitar,rest]", "lead=guitar", "model.sampleRate=8000", "model.frameSize=32", "model.hop=16",
    "model.levels=2", "model.features=3", "model.windowFrames=8", "critic.halving=[3,4]", "critic.halvingBins=[5]",
    "critic.hidden=6", "critic.updates=2", "batchSize=2", "updatesPerEpoch=2", "maximumUpdates=2", "validationWindows=4",
  ]

  /// A workshop with four recorded and eight rendered songs of noise in `guitar`, named as `data prepare guitar` names them.
  private func workshop() throws -> Workshop {
    let workshop = try Workshop()
    let songs = (0..<4).map { "artist - song \($0)" } + (0..<8).map { "rendered 0\($0) - groove" }
    for (index, song) in songs.enumerated() {
      for (other, stem) in ["guitar", "rest", "mixture"].enumerated() {
        try workshop.sound("guitar/train/\(song)/\(stem).wav", frames: 6000, seed: UInt64(3 * index + other))
      }
    }
    return workshop
  }

  @Test func songsAndPoolsAreLearntFromAndSeparated() throws {
    let workshop = try workshop()
    let place = workshop("guitar/train")
    let list = """
      train:
        paired: ["guitar/train/artist - song 0"]
        mixtures: ["\(place)/rendered 00 - groove/mixture.wav"]
        unpaired: {guitar: "\(place)/rendered 01 - groove/guitar.wav"}
      """
    try workshop.write(Data(list.replacing("[\"guitar/train/artist - song 0\"]", with: "[some]").utf8), to: "list.yaml")
    try FileManager.default.createDirectory(atPath: workshop("some"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: workshop("some/song"), withDestinationPath: "\(place)/artist - song 0")
    let command = ["train", "adversarial-separation", "--run", workshop("run"), "-q"]
    let first = try Program.run(command + Self.tiny + ["variant=v", "data.path=\(workshop("list.yaml"))"])
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output == workshop("run") + "/checkpoints/best\n")
    let further = try Program.run(command + ["--resume", "maximumUpdates=4"])
    #expect(further.status == 0, "\(further.errors)")
    #expect(try RunRecord(workshop("run")).summary?["step"]?.integer == 4)
    expectRefusal(try Program.run(command + ["--resume", "batchSize=3"]), naming: "batchSize")
    let other = ["train", "separation", "--resume", "--run", workshop("run"), "-q"]
    expectRefusal(try Program.run(other), naming: "no run of a separation")

    // What was trained is a model like others.
    let mixture = "\(place)/artist - song 1/mixture.wav"
    let separated = try Program.run(["separate", "-m", workshop("run"), mixture, "-o", workshop("out"), "-q"])
    #expect(separated.status == 0, "\(separated.errors)")
    let stems = try workshop.listing().keys.filter { $0.hasPrefix("out/") && $0.hasSuffix(".wav") }
    #expect(stems.count == 2, "\(stems)")
    let info = try JSONValue(parsing: try Program.succeed(["models", "info", "adversarial-separator", "--json"])).object
    #expect(info?["parameters"]?.integer == 958_596 && info?["inputFrames"]?.integer == 40_704)
  }

  @Test func theExperimentIsRepeatedRunByRun() throws {
    let workshop = try workshop()
    let command = ["reproduce", "adversarial-separation", "--runs", workshop("runs"), "--seeds", "1", "--paired", "1"]
    expectRefusal(try Program.run(command + ["--table"]), naming: "no scores")
    expectRefusal(try Program.run(command + ["--data", workshop("nowhere")]), naming: "nowhere")
    let settings = Self.tiny.flatMap { ["--set", $0] }
    let outputs = ["--json", workshop("t.json"), "--markdown", workshop("t.md")]
    let outcome = try Program.run(command + ["--data", workshop("guitar"), "-q"] + settings + outputs)
    #expect(outcome.status == 0, "\(outcome.errors)")
    // Three metrics of two sources over all, paired and unpaired songs.
    #expect(outcome.output.split(separator: "\n").count == 19, "\(outcome.output)")
    #expect(try Program.run(command + ["--table"]).output == outcome.output)
    let results = try JSONValue(parsing: try workshop.text("t.json")).object?["results"]?.array ?? []
    #expect(results.compactMap { $0.object?["variant"]?.string } == ["base", "v", "va"])
    for result in results {
      #expect(result.object?["sdr_guitar_paired"]?.number != nil && result.object?["sar_rest_unpaired"]?.number != nil)
      // Two recorded and two rendered songs of two sources.
      #expect(result.object?["tracks"]?.array?.count == 8)
    }
    #expect(try workshop.text("t.md").contains("## The paper's table"))
    #expect(Folders.exists(workshop("runs/index.html")))
  }
}
