import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import SwiftDLModels
import Testing

/// From nothing to a report, and training that is stopped and continued.
@Suite struct PipelineTests {
  @Test func fromNothingToAReport() throws {
    let workshop = try Workshop()
    try Program.succeed(
      ["data", "synth", "-o", workshop("corpus"), "--minutes", "0.2", "--rate", "8000", "--quiet"])
    let check = try Program.succeed(["data", "check", workshop("corpus")])
    #expect(check.contains("bass, drums, other, vocals"))
    try Program.succeed([
      "train", "separation", "preset=wave-u-net-tiny", "model.sampleRate=8000", "model.channels=2",
      "data.path=\(workshop("corpus"))", "data.groups={accompaniment: [bass, drums, other]}",
      "outputFrames=2048",
      "batchSize=4", "stepsPerEpoch=3", "maximumSteps=6", "validationWindows=8", "--run",
      workshop("run"), "--quiet",
    ])
    for name in ["config.yaml", "environment.json", "metrics.jsonl", "summary.json", "report.html"] {
      #expect(Folders.exists(workshop("run/\(name)")), "\(name)")
    }

    let track = try #require(try Folders.names(in: workshop("corpus/test")).first)
    let mixture = workshop("corpus/test/\(track)/mixture.wav")
    let printed = try Program.succeed([
      "separate", mixture, "-m", workshop("run"), "-o", workshop("estimates"), "--track-name",
      track, "--quiet",
    ])
    let expected = ["accompaniment", "vocals"].map { workshop("estimates/run/\(track)/\($0).wav") }
    #expect(printed.split(separator: "\n").map(String.init) == expected)
    let whole = try AudioFile.read(mixture)
    let parts = try expected.map { try AudioFile.read($0) }
    for part in parts {
      #expect(part.frames == whole.frames)
      #expect(part.sampleRate == whole.sampleRate)
      #expect(part.channels == whole.channels)
    }
    let misfit = whole.samples.indices.map {
      abs(parts[0].samples[$0] + parts[1].samples[$0] - whole.samples[$0])
    }
    #expect(try #require(misfit.max()) <= 1e-6)

    let table = try Program.succeed([
      "evaluate", "--references", workshop("corpus/test"), "--estimates", workshop("estimates/run"),
      "--baselines",
      "mixture", "--json", workshop("scores"), "--csv", workshop("scores.csv"), "--quiet",
    ])
    for word in ["run", "mixture", "vocals", "accompaniment", "SDR"] {
      #expect(table.contains(word))
    }
    for method in ["run", "mixture"] {
      // museval writes NaN as Python does, which is no JSON.
      let text = try workshop.text("scores/\(method)/test/\(track).json").replacingOccurrences(
        of: "NaN", with: "null")
      let scores = try JSONSerialization.jsonObject(with: Data(text.utf8))
      let targets = try #require((scores as? [String: Any])?["targets"] as? [[String: Any]])
      #expect(
        Set(targets.compactMap { $0["name"] as? String }).isSuperset(of: [
          "vocals", "accompaniment",
        ]))
    }
    #expect(try workshop.text("scores.csv").split(separator: "\n").count > 4)

    try Program.succeed([
      "report", workshop("run"), "--references", workshop("corpus/test"), "--estimates",
      workshop("estimates/run"),
    ])
    let page = try workshop.text("run/report.html")
    #expect(page.contains("<audio"))
    for attribute in ["src=\"http", "href=\"http", "src=\"//", "@import", "url(http"] {
      #expect(!page.contains(attribute), "the page is to need nothing else, but has \(attribute)")
    }
  }

  /// The weights a run ends with.
  private func weights(_ run: String, in workshop: Workshop) throws -> Data {
    try workshop.bytes("\(run)/checkpoints/last/weights.safetensors")
  }

  @Test func interruptedTrainingContinuesToTheSameBits() throws {
    let workshop = try Workshop()
    try workshop.corpus(frames: 20_000)
    func arguments(_ run: String) -> [String] {
      [
        "train", "separation", "preset=wave-u-net-tiny", "model.sampleRate=8000",
        "data.path=\(workshop("corpus"))", "outputFrames=8192", "batchSize=8", "stepsPerEpoch=40",
        "maximumSteps=100", "validationWindows=2", "augmentation.remix=true",
        "optimizer.rate=0.003", "--run",
        workshop(run), "--quiet",
      ]
    }
    try Program.succeed(arguments("whole"))

    let training = try Program.start(arguments("broken"), environment: ["SWIFTDL_THREADS": "1"])
    try training.wait { (try? workshop.text("broken/metrics.jsonl").contains("\n")) == true }
    training.interrupt()
    let stopped = training.finish()
    #expect(stopped.status == 130, "\(stopped.errors)")
    #expect(stopped.errors.contains("--resume"))
    #expect(!Folders.exists(workshop("broken/summary.json")))
    let resumed = try Program.run(
      ["train", "separation", "--resume", "--run", workshop("broken"), "--quiet"],
      environment: ["SWIFTDL_THREADS": "3"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try weights("broken", in: workshop) == weights("whole", in: workshop))
    #expect(try steps("broken", in: workshop) == steps("whole", in: workshop))

    // A finished run goes on only when it is to become longer, and then as if it had always been.
    expectRefusal(
      try Program.run(["train", "separation", "--resume", "--run", workshop("broken"), "--quiet"]),
      naming: workshop("broken"), "finished")
    try Program.succeed(
      [
        "train", "separation", "--resume", "--run", workshop("broken"), "--quiet",
        "maximumSteps=120",
      ])
    #expect(try weights("broken", in: workshop) != weights("whole", in: workshop))
    #expect(try workshop.text("broken/summary.json").contains("120"))
    #expect(try workshop.text("broken/config.yaml").contains("maximumSteps: 120"))
  }

  /// The lines of metrics without their times.
  private func steps(_ run: String, in workshop: Workshop) throws -> [String] {
    try workshop.text("\(run)/metrics.jsonl").split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      let kept = object.filter { !$0.key.hasSuffix("seconds") }
      return String(
        decoding: try JSONSerialization.data(withJSONObject: kept, options: .sortedKeys),
        as: UTF8.self)
    }
  }

  @Test func separationStopsWithoutATrace() throws {
    let workshop = try Workshop()
    let model = try workshop.model()
    let song = try workshop.sound("song.wav", frames: 8000 * 900)
    let before = try workshop.listing().keys.sorted()
    let separation = try Program.start(
      ["separate", song, "-m", model, "-o", workshop("out"), "--quiet", "--segment", "0.2"])
    try separation.wait { Folders.exists(workshop("out/tiny/song")) }
    separation.interrupt()
    let outcome = separation.finish()
    #expect(outcome.status == 130, "\(outcome.errors)")
    #expect(try workshop.listing().keys.sorted() == before)
  }

  @Test func memoryDoesNotGrowWithTheLength() throws {
    let workshop = try Workshop()
    let model = try workshop.model()
    let peaks = try [60, 600].map { seconds in
      let song = try workshop.sound("\(seconds).wav", frames: 8000 * seconds)
      let outcome = try Program.run([
        "separate", song, "-m", model, "-o", workshop("out"), "--quiet",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(
        try AudioFile.info(workshop("out/tiny/\(seconds)/vocals.wav")).frames == 8000 * seconds)
      return outcome.peakMemory
    }
    #expect(peaks[0] > 1 << 20)
    #expect(abs(peaks[1] - peaks[0]) < 20 << 20, "\(peaks)")
  }
}
