import Foundation
import SwiftDL
import Testing

/// Full disks and places where nothing can be written.
@Suite struct BadPlaceTests {
  /// Commands that write, as (name, arguments for an output path).
  struct Writer: Sendable, CustomTestStringConvertible {
    let name: String
    let output: String
    let arguments: @Sendable (Workshop) throws -> [String]
    var testDescription: String { name }
  }

  private static func separation(to format: String) -> Writer {
    Writer(name: "separate to \(format)", output: "PLACE/tiny/song") {
      let song = try $0.sound("song.wav")
      return [
        "separate", song, "-m", try $0.model(), "-o", $0("PLACE"), "--quiet", "--format", format,
      ]
    }
  }

  static let writers: [Writer] = [
    Writer(name: "separate", output: "PLACE/tiny/song") {
      ["separate", try $0.sound("song.wav"), "-m", try $0.model(), "-o", $0("PLACE"), "--quiet"]
    },
    separation(to: "flac"), separation(to: "ogg"), separation(to: "mp3"),
    Writer(name: "train separation", output: "PLACE") {
      try $0.corpus()
      return $0.training("PLACE")
    },
    Writer(name: "data synth", output: "PLACE") {
      ["data", "synth", "-o", $0("PLACE"), "--minutes", "0.1", "--rate", "8000", "--quiet"]
    },
    Writer(name: "data prepare", output: "PLACE") {
      for name in ["guitar", "song"] { try $0.sound("songs/pack/title/\(name).ogg") }
      return [
        "data", "prepare", "fretsonfire", "--songs", $0("songs"), "-o", $0("PLACE"), "--quiet",
      ]
    },
    Writer(name: "models init", output: "PLACE") {
      ["models", "init", "wave-u-net-tiny", "-o", $0("PLACE")]
    },
    Writer(name: "infer", output: "PLACE") {
      try NumPyFile.write(Tensor.zeros([1, 512, 1]), to: $0("x.npy"))
      return ["infer", try $0.model(), "--input", $0("x.npy"), "--output", $0("PLACE")]
    },
    Writer(name: "evaluate --json FILE", output: "PLACE.json") {
      try $0.corpus()
      return [
        "evaluate", "--references", $0("corpus/test"), "--estimates", $0("corpus/test"), "--quiet",
        "--json",
        $0("PLACE.json"),
      ]
    },
    Writer(name: "evaluate --json FOLDER", output: "PLACE") {
      try $0.corpus()
      return [
        "evaluate", "--references", $0("corpus/test"), "--estimates", $0("corpus/test"), "--quiet",
        "--json",
        $0("PLACE"),
      ]
    },
    Writer(name: "evaluate --csv", output: "PLACE.csv") {
      try $0.corpus()
      return [
        "evaluate", "--references", $0("corpus/test"), "--estimates", $0("corpus/test"), "--quiet",
        "--csv",
        $0("PLACE.csv"),
      ]
    },
    Writer(name: "evaluate --report", output: "PLACE.html") {
      try $0.corpus()
      return [
        "evaluate", "--references", $0("corpus/test"), "--baselines", "ibm", "--quiet", "--report", $0("PLACE.html"),
      ]
    },
  ]

  /// Expects a refusal that leaves everything as it was.
  private func refuse(
    _ arguments: [String], in workshop: Workshop, naming name: String, fileSizeLimit: Int? = nil
  ) throws {
    let before = try workshop.listing()
    let outcome = try Program.run(arguments, fileSizeLimit: fileSizeLimit)
    // Scores are printed before a file fails; they are not lost with it.
    let told = Comment(rawValue: "status \(outcome.status): \(outcome.errors)")
    #expect((1..<128).contains(outcome.status), told)
    #expect(outcome.errorLines.count == 1, told)
    #expect(outcome.errors.hasPrefix("Error: "), told)
    #expect(outcome.errors.contains(name), told)
    let after = try workshop.listing()
    #expect(after == before, "\(after.keys.sorted())")
  }

  @Test(arguments: writers)
  func aFullDiskIsTold(_ writer: Writer) throws {
    let workshop = try Workshop()
    let arguments = try writer.arguments(workshop)
    try refuse(arguments, in: workshop, naming: workshop("PLACE"), fileSizeLimit: 0)
  }

  @Test(
    arguments: writers.filter { ["separate", "train separation", "data synth"].contains($0.name) })
  func aDiskThatFillsUpIsTold(_ writer: Writer) throws {
    let workshop = try Workshop()
    let arguments = try writer.arguments(workshop)
    try refuse(arguments, in: workshop, naming: workshop("PLACE"), fileSizeLimit: 9)
  }

  @Test(arguments: writers)
  func aPlaceBelowAFileIsTold(_ writer: Writer) throws {
    let workshop = try Workshop()
    try workshop.write(Data("a file".utf8), to: "file")
    let arguments = try writer.arguments(workshop).map {
      $0.replacingOccurrences(of: workshop("PLACE"), with: workshop("file/PLACE"))
    }
    try refuse(arguments, in: workshop, naming: workshop("file"))
  }

  @Test(
    arguments: writers.filter { !["data prepare", "evaluate --json FOLDER"].contains($0.name) })
  func whatIsThereStays(_ writer: Writer) throws {
    let workshop = try Workshop()
    let arguments = try writer.arguments(workshop)
    // A file where a folder is needed, a folder where a file is needed.
    let wantsFile = [
      "models init", "infer", "evaluate --json FILE", "evaluate --csv", "evaluate --report",
    ].contains(writer.name)
    if wantsFile {
      try workshop.write(Data("precious".utf8), to: "\(writer.output)/precious")
    } else {
      try workshop.write(Data("precious".utf8), to: "PLACE")
    }
    try refuse(arguments, in: workshop, naming: workshop("PLACE"))
  }

  @Test func devicesAreNotReplacedByFiles() throws {
    // A pipe stands for a device: the tests may run as a user who could replace a real one.
    let workshop = try Workshop()
    try #require(mkfifo(workshop("PLACE"), 0o600) == 0)
    let outcome = try Program.run(["models", "init", "wave-u-net-tiny", "-o", workshop("PLACE")])
    expectRefusal(outcome, naming: workshop("PLACE"), "is not a regular file")
    #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.path) == ["PLACE"])
  }

  @Test func aFullDiskKeepsTheReportThatIsThere() throws {
    let workshop = try Workshop()
    try workshop.corpus()
    try Program.succeed(workshop.training("run"))
    try refuse(
      ["report", workshop("run")], in: workshop, naming: workshop("run/report.html"),
      fileSizeLimit: 0)
    expectRefusal(try Program.run(["report", workshop("nowhere")]), naming: workshop("nowhere"))
  }

  @Test func anotherCorpusIsNotMixedIn() throws {
    let workshop = try Workshop()
    try workshop.corpus("PLACE")
    try refuse(
      ["data", "synth", "-o", workshop("PLACE"), "--rate", "8000", "--quiet"], in: workshop,
      naming: workshop("PLACE"))
  }
}
