import Experiments
import Foundation
import SwiftDL
import Testing

/// Scores from the command line.
@Suite struct EvaluateTests {
  /// References of two stems, and estimates of them that are other noise.
  private func sounds(_ workshop: Workshop, seconds: Int) throws {
    for (index, stem) in ["drums", "vocals"].enumerated() {
      for (folder, seed) in [("refs", index), ("est", index + 2)] {
        try workshop.sound("\(folder)/song/\(stem).wav", frames: 8000 * seconds, seed: UInt64(seed))
      }
    }
  }

  @Test func scoresBecomeFilesTablesAndAPage() throws {
    let workshop = try Workshop()
    try sounds(workshop, seconds: 3)
    let table = try Program.succeed([
      "evaluate", "--references", workshop("refs"), "--estimates", workshop("est"), "--baselines", "ibm",
      "--museval", "--json", workshop("scores"), "--report", workshop("scores.html"), "--quiet",
    ])
    let lines = table.split(separator: "\n")
    #expect(lines.count == 8 && lines[0] == "est" && lines[4] == "ibm")
    #expect(lines[2].hasPrefix("drums           ==> SDR:") && lines[3].hasPrefix("vocals          ==> SDR:"))
    // Where museval's add_eval_dir looks.
    for method in ["est", "ibm"] {
      #expect(try Folders.names(in: workshop("scores/\(method)")) == ["test"])
      #expect(try Folders.names(in: workshop("scores/\(method)/test")) == ["song.json"])
    }
    let page = try workshop.text("scores.html")
    #expect(page.contains("SDR by window") && page.contains("<svg"))
  }

  @Test func tablesForPagesAndPapers() throws {
    let workshop = try Workshop()
    try sounds(workshop, seconds: 3)
    func evaluate(_ options: String...) throws -> Program.Outcome {
      let folders = ["--references", workshop("refs"), "--estimates", workshop("est")]
      return try Program.run(["evaluate"] + folders + ["--baselines", "mixture", "ibm", "--quiet"] + options)
    }
    #expect(try evaluate("--table", workshop("t.md")).status == 0)
    #expect(try workshop.text("t.md").hasPrefix("| method | target | metric |"))
    let told = try evaluate("--table", workshop("t.tex"), "--compare")
    let lines = try workshop.text("t.tex").split(separator: "\n")
    #expect(lines.first == "\\begin{tabular}{lllrrrrrrr}" && lines.last == "\\end{tabular}")
    #expect(lines.contains { $0.hasPrefix("est & drums & SDR & 3 & 0 & ") && $0.hasSuffix(" \\\\") })
    // Three pairs of methods for each of two sources; one track is no proof of anything.
    let rows = told.output.split(separator: "\n").filter { $0.hasSuffix(" 1.0000") }
    #expect(rows.count == 6 && rows.allSatisfy { $0.contains("ibm") || $0.contains("mixture") })
    expectUsageError(try evaluate("--table", workshop("t.txt")), naming: "t.txt")
  }

  @Test func wholeTracksAreScoredOnce() throws {
    let workshop = try Workshop()
    try sounds(workshop, seconds: 3)
    func csv(_ options: String...) throws -> [Substring] {
      try Program.succeed(
        [
          "evaluate", "--references", workshop("refs"), "--estimates", workshop("est"), "--csv",
          workshop("scores.csv"), "--quiet",
        ] + options)
      return try workshop.text("scores.csv").split(separator: "\n").filter { $0.contains(",SDR,") }
    }
    let windows = try csv()
    let whole = try csv("--win", "inf")
    #expect(windows.allSatisfy { $0.contains(",SDR,3,0,") } && whole.allSatisfy { $0.contains(",SDR,1,0,") })
    #expect(try csv("--win", "inf", "--mode", "v3") == whole)
    #expect(try csv("--win", "inf", "-m", "sources") != whole)
    #expect(try csv("--win", "1", "--hop", "0.5").allSatisfy { $0.contains(",SDR,5,0,") })
  }

  @Test func memoryDoesNotGrowWithTheLength() throws {
    let workshop = try Workshop()
    let peaks = try [30, 300].map { seconds in
      try sounds(workshop, seconds: seconds)
      let outcome = try Program.run([
        "evaluate", "--references", workshop("refs"), "--estimates", workshop("est"), "--baselines", "irm",
        "--quiet",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.peakMemory
    }
    #expect(peaks[0] > 1 << 20)
    // Five minutes of the four files are 38 MB.
    #expect(abs(peaks[1] - peaks[0]) < 15 << 20, "\(peaks)")
  }
}
