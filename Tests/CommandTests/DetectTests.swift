import Experiments
import Foundation
import SwiftDL
import SwiftDLModels
import Testing

/// Singing by command: trained, found, separated, and what is refused in one line.
@Suite struct DetectTests {
  private static let tiny = [
    "model.sampleRate=8000", "model.frameSize=32", "model.hop=16", "model.levels=2", "model.features=2",
    "model.blockFeatures=4", "model.frames=10", "batchSize=2", "stepsPerEvaluation=2", "validationWindows=4",
  ]

  private func workshop() throws -> Workshop {
    let workshop = try Workshop()
    try workshop.corpus()
    for track in ["train/one", "train/two", "valid/three", "test/four"] {
      try workshop.sound("labelled/\(track).wav", frames: 8000, seed: 9)
      try workshop.write(Data("0 0.4 sing\n0.4 1 nosing\n".utf8), to: "labelled/\(track).lab")
    }
    return workshop
  }

  private func training(_ workshop: Workshop) -> [String] {
    ["train", "detect-separate", "data.separation=\(workshop("corpus"))", "data.detection=\(workshop("labelled"))"]
      + Self.tiny
  }

  @Test func singingIsLearntFoundAndSeparated() throws {
    let workshop = try workshop()
    let first = try Program.run(
      training(workshop) + ["maximumSteps=2", "--run", workshop("run"), "--progress", "json"])
    #expect(first.status == 0 && first.output.contains("AU-ROC") && first.output.contains("MSE"), "\(first.errors)")
    #expect(first.errors.contains("3 recordings") || first.errors.contains("2 recordings"), "\(first.errors)")
    #expect(try workshop.text("run/report.html").contains("AU-ROC"))
    let more = try Program.run(
      ["train", "detect-separate", "--resume", "maximumSteps=4", "--run", workshop("run"), "-q"])
    #expect(more.status == 0, "\(more.errors)")

    let song = try workshop.sound("song.wav", frames: 20_001, channels: 2, rate: 11_025)
    let model = workshop("run/best-detection.safetensors")
    let detect = ["detect", song, "-m", model, "-o", workshop("out")]
    let output = try Program.succeed(detect + ["--threshold", "0.3"])
    #expect(output.split(separator: "\n").count == 6)
    #expect(try LabelFile.read(workshop("out/song.lab"), duration: 20_001.0 / 11_025).segments.count >= 0)
    #expect(try workshop.text("out/song.frames.csv").split(separator: "\n").count == 1 + (14_513 + 15) / 16)
    let before = try workshop.listing()
    #expect(try Program.run(detect + ["--exists", "skip"]).errors.contains("there already"))
    expectRefusal(try Program.run(detect + ["--exists", "fail"]), naming: "song.lab")
    #expect(try workshop.listing() == before)

    try Program.succeed(["separate", song, "-m", model, "--activity", "-o", workshop("apart"), "-q"])
    let both = "apart/best-detection/song"
    for name in ["vocals.wav", "accompaniment.wav", "activity.lab", "activity.srt", "manifest.json"] {
      #expect(Folders.exists(workshop("\(both)/\(name)")), "\(name)")
    }
  }

  @Test func jointAndSingleModelsAreComparedOnce() throws {
    let workshop = try workshop()
    let command = [
      "reproduce", "detect-separate", "--separation", workshop("corpus"), "--detection", workshop("labelled"), "--runs",
      workshop("runs"), "--seeds", "1", "2", "-q",
    ]
    let settings = (Self.tiny + ["maximumSteps=2"]).flatMap { ["--set", $0] }
    let first = try Program.run(command + settings + ["--markdown", workshop("table.md"), "--json", workshop("table.json")])
    #expect(first.status == 0, "\(first.errors)")
    for name in ["seed 1, joint", "seed 2, detection", "mean of 2, separation", "thesis, joint"] {
      #expect(first.output.contains(name), "\(first.output)")
      #expect(try workshop.text("table.md").contains("| \(name) |"))
    }
    #expect(try workshop.text("table.json").contains("\"auroc_p\""))
    let judged = try workshop.bytes("runs/seed-1/joint/test.json")
    let again = try Program.run(command + ["--table"])
    #expect(again.output == first.output && !again.errors.contains("judged"), "\(again.errors)")
    #expect(try workshop.bytes("runs/seed-1/joint/test.json") == judged)
  }

  @Test func theModelThatComesTrainedFindsSinging() throws {
    let workshop = try Workshop()
    let song = try workshop.sound("song.wav", frames: 30_000, rate: 22_050)
    let output = try Program.succeed(["detect", song, "--formats", "lab,json", "-o", workshop("out"), "-q"])
    #expect(output == "\(workshop("out/song.lab"))\n\(workshop("out/song.json"))\n")
    #expect(try workshop.text("out/song.json").contains("\"model\": \"detect-voice\""))
  }

  @Test func whatCannotBeIsRefused() throws {
    let workshop = try workshop()
    let song = try workshop.sound("song.wav")
    let before = try workshop.listing()
    let out = ["-o", workshop("out")]
    expectRefusal(try Program.run(["detect", song, "-m", "voice-live"] + out), naming: "voice-live")
    expectUsageError(try Program.run(["detect", song, "--formats", "lab,midi"] + out), naming: "midi")
    expectUsageError(try Program.run(["detect", song, "--hysteresis", "0.9"] + out), naming: "--hysteresis")
    expectRefusal(try Program.run(["detect", workshop("none.wav")] + out), naming: "none.wav")
    expectRefusal(try Program.run(["separate", song, "--activity"] + out), naming: "--activity")
    expectRefusal(
      try Program.run(["separate", song, "-m", "detect-voice", "--activity", "--shifts", "2"] + out), naming: "--activity")
    let run = ["maximumSteps=2", "--run", workshop("run"), "-q"]
    let train = ["train", "detect-separate"] + Self.tiny + run
    expectRefusal(try Program.run(train), naming: "data.separation")
    expectRefusal(try Program.run(train + ["objective=detection"]), naming: "data.detection")
    let corpus = ["objective=detection", "data.detection=\(workshop("corpus"))"]
    expectRefusal(try Program.run(train + corpus), naming: "no labels")
    #expect(try workshop.listing() == before)
    try workshop.write(Data("0 0.4 sing\n0.3 1 sing\n".utf8), to: "labelled/train/one.lab")
    expectRefusal(
      try Program.run(train + ["objective=detection", "data.detection=\(workshop("labelled"))"]), naming: "one.lab, line 2")
    #expect(!Folders.exists(workshop("run")))
  }
}
