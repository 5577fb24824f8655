import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

/// Training of sequence networks by command: what comes out, and what is refused in one line.
@Suite struct SequenceTests {
  private static let tinyText = [
    "model.widths=[8, 8, 6]", "model.symbols.channels=6", "model.inputChannels=6", "model.outputChannels=6",
    "model.windowFrames=16", "batchSize=2", "stepsPerEpoch=4", "epochs=2",
  ]

  private func workshop() throws -> Workshop {
    let workshop = try Workshop()
    try workshop.write(Data(String(repeating: "to be or not to be, that is the question\n", count: 40).utf8), to: "text.txt")
    for (index, part) in ["a", "b", "c", "d"].enumerated() {
      var notes: [MIDIFile.Note] = []
      for beat in 0..<24 {
        notes.append(.init(key: 60 + (beat * (index + 2)) % 12, start: beat * 480, end: beat * 480 + 480))
      }
      try workshop.write(Data(MIDIFile(notes: notes).encoded()), to: "tunes/\(part).mid")
    }
    return workshop
  }

  @Test func aTextIsLearntResumedAndGenerated() throws {
    let workshop = try workshop()
    let arguments = ["train", "char-lm", "data.path=\(workshop("text.txt"))"] + Self.tinyText
    let first = try Program.run(arguments + ["--run", workshop("run"), "--progress", "json"])
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output == workshop("run") + "/checkpoints/best\n")
    #expect(first.errors.contains("MiB of memory"))
    #expect(Folders.exists(workshop("run/report.html")) && Folders.exists(workshop("run/summary.json")))
    let further = try Program.run(["train", "char-lm", "--resume", "--run", workshop("run"), "epochs=3", "-q"])
    #expect(further.status == 0, "\(further.errors)")
    #expect(try RunRecord(workshop("run")).series("valid_loss").count == 3)
    let text = try Program.run(["generate", "--model", workshop("run"), "--prompt", "to be ", "--length", "20", "-q"])
    #expect(text.status == 0 && text.output.count >= 20, "\(text.errors)")
    expectRefusal(
      try Program.run(["generate", "--model", workshop("run"), "--prompt", "ÄÖ", "--length", "20"]), naming: "Ä")
  }

  @Test func tunesAreLearntFromAFolderOfMIDI() throws {
    let workshop = try workshop()
    let outcome = try Program.run([
      "train", "music", "--model", "tcn", "data.path=\(workshop("tunes"))", "model.widths=[8, 8]", "epochs=2",
      "--run", workshop("run"), "-q",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let played = try Program.run(["generate", "--model", workshop("run"), "--length", "16", "-o", workshop("new.mid"), "-q"])
    #expect(played.status == 0, "\(played.errors)")
    #expect(Folders.exists(workshop("new.mid")))
  }

  @Test func generationThatIsInterruptedKeepsWhatItMade() throws {
    let workshop = try Workshop()
    // Hours of sound, unless it is stopped.
    let run = try Program.start([
      "generate", "--model", "seq-u-net-audio-realtime", "--length", "36000", "-o", workshop("out.wav"), "--progress",
      "json",
    ])
    try run.wait { run.hasSaidSomething }
    run.interrupt()
    let outcome = run.finish()
    #expect(outcome.status == 130, "\(outcome.errors)")
    #expect(outcome.errors.contains("stopped after") && outcome.output.hasSuffix("out.wav\n"), "\(outcome.errors)")
    let sound = try AudioFile.read(workshop("out.wav"))
    #expect(sound.frames > 0 && sound.frames < 36000 * 16000)
  }

  @Test(arguments: [
    (["char-lm"], "data.path"), (["char-lm", "data.path=NOWHERE"], "nowhere"), (["char-lm", "data.path=EMPTY"], "is empty"),
    (["char-lm", "data.path=TEXT", "batchSize=1024"], "are needed"),
    (["char-lm", "data.path=TEXT", "preset=tcn-jsb"], "preset"),
    (["music", "data.path=TEXT"], "MATLAB"), (["music", "data.path=VOID"], "MIDI"), (["music", "data.path=BAD"], "bad.mid"),
    (["word-lm", "data.path=TEXT", "--model", "wavenet"], "wavenet"), (["raw-audio", "data.path=VOID"], "audio files"),
    (["raw-audio", "data.path=TEXT"], "folder"), (["copy-memory", "batchSize=0"], "batchSize"),
    (["char-lm", "data.path=TEXT", "optimizer.rate=x"], "rate"),
  ])
  func whatCannotBeTrainedOnIsNamed(_ arguments: [String], _ word: String) throws {
    let workshop = try workshop()
    try workshop.write(Data(), to: "empty.txt")
    try Folders.create(workshop("void"))
    for name in ["bad", "worse", "worst"] { try workshop.write(Data("MThd\u{0}\u{0}".utf8), to: "broken/\(name).mid") }
    let places = ["NOWHERE": "nowhere", "EMPTY": "empty.txt", "TEXT": "text.txt", "VOID": "void", "BAD": "broken"]
    let resolved = arguments.map { argument in
      places.reduce(argument) {
        $0.hasSuffix("=" + $1.key) ? $0.replacingOccurrences(of: $1.key, with: workshop($1.value)) : $0
      }
    }
    let before = try workshop.listing()
    expectRefusal(try Program.run(["train"] + resolved + ["--run", workshop("run")]), naming: word)
    #expect(try workshop.listing().filter { !$0.key.hasPrefix("run-cache") } == before)
  }

  @Test func theTableTellsWhatThereIs() throws {
    let workshop = try workshop()
    try workshop.write(try workshop.bytes("text.txt"), to: "data/penn/train.txt")
    try workshop.write(try workshop.bytes("text.txt"), to: "data/penn/valid.txt")
    try workshop.write(try workshop.bytes("text.txt"), to: "data/penn/test.txt")
    let command = ["reproduce", "seq-u-net", "char", "--runs", workshop("runs")]
    expectRefusal(try Program.run(command + ["--table"]), naming: "no runs")
    expectRefusal(try Program.run(command + ["--data", workshop("tunes")]), naming: "penn")
    let tiny = (Self.tinyText + ["optimizer.clipNorm=0", "contextFrames=0"]).flatMap { ["--set", $0] }
    let outcome = try Program.run(command + ["--data", workshop("data"), "--json", workshop("table.json"), "-q"] + tiny)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 3 && lines[1].hasPrefix("char") && lines.allSatisfy { !$0.contains("nan") }, "\(outcome.output)")
    let table = try JSONValue(parsing: try workshop.text("table.json")).object
    let results = table?["results"]?.array ?? []
    #expect(results.count == 2)
    for result in results {
      #expect(result.object?["paper_test"]?.number != nil && result.object?["test"]?.number != nil)
      #expect(result.object?["valid_by_epoch"]?.array?.count == 2)
    }
    let again = try Program.run(command + ["--table"])
    #expect(again.output == outcome.output)
  }
}
