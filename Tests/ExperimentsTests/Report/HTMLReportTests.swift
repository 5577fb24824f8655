import Experiments
import Foundation
import SwiftDL
import Testing

@Suite struct HTMLReportTests {
  @Test func thePageHoldsEverythingAndNeedsNothing() throws {
    let html = SampleReport.report(seconds: 0.5).html
    let page = try Elements(html)
    // What was put in is there.
    let texts = Set(page.texts.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) })
    for text in [
      "Guitar & rest", "Wave-U-Net, 20000 steps <of> training", "6.21 dB", "Scores", "vocals",
      "−5.00", "5.10", "8.80",
      "10.10", "Learning", "validation", "A test song", "guitar, estimate", "optimizer.rate",
      "0.001", "layers[1].channels",
      "processor", "Checkpoints", "0.125", "That is all.",
    ] { #expect(texts.contains(text), "\(text)") }
    #expect(
      page.named("strong").map(\.text).filter { ["0.001", "20000"].contains($0) } == [
        "20000", "0.001",
      ])
    #expect(page.named("audio").count == 6)
    #expect(page.named("image").count == 6)
    #expect(page.named("h1").count == 1 && page.named("h2").count == 4)
    // Nothing comes from elsewhere, and nothing runs.
    #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("//fonts"))
    #expect(
      page.named("script").isEmpty && page.named("link").isEmpty && page.named("iframe").isEmpty)
    for element in page.all {
      for (key, value) in element.attributes where ["src", "href", "data", "srcset"].contains(key) {
        #expect(value.hasPrefix("data:"), "\(element.name) \(key)")
      }
      #expect(!element.attributes.keys.contains { $0.hasPrefix("on") || $0 == "xlink:href" })
    }
    #expect(!html.contains("url(") && !html.contains("@import"))
    let policy = page.named("meta").first {
      $0.attributes["http-equiv"] == "Content-Security-Policy"
    }
    #expect(policy?.attributes["content"]?.hasPrefix("default-src 'none'") == true)
    // Whoever cannot see or hear is told.
    for element in page.named("svg") + page.named("audio") {
      #expect(element.attributes["aria-label"]?.isEmpty == false)
    }
    #expect(page.named("html").first?.attributes["lang"] == "en")
  }

  @Test func soundsAndPicturesAreIntact() throws {
    let clip = AudioClip(samples: SampleReport.drums(seconds: 0.1), rate: SampleReport.rate)
    var report = HTMLReport(title: "t")
    report.section(
      "s",
      [
        .listening([
          ListeningExample("e", rows: [.init("r", [.init("p", clip: clip), .init("q")])])
        ])
      ])
    let page = try Elements(report.html)
    let source = try #require(page.named("audio").first?.attributes["src"])
    #expect(
      Data(base64Encoded: String(source.dropFirst("data:audio/wav;base64,".count)))
        == Data(clip.bytes))
  }

  @Test func awkwardWordsStayWords() throws {
    var report = HTMLReport(
      title: "</title><script>alert(1)</script>", subtitle: "a\u{0}b ]]> & \u{1F3B5}")
    report.section("<h2>", note: "\"", [.text("'<br>'"), .facts(["<k>": "<v>"], title: "&amp;")])
    let page = try Elements(report.html)
    #expect(page.named("script").isEmpty && page.named("br").isEmpty)
    #expect(page.texts.contains("</title><script>alert(1)</script>"))
    #expect(
      page.texts.contains("'<br>'") && page.texts.contains("<v>") && page.texts.contains("&amp;"))
    #expect(page.texts.contains("a b ]]> & 🎵"))
  }

  @Test func tablesLineUpNumbersAndDashWhatIsMissing() throws {
    let table = ReportTable(
      columns: ["name", "n", "mixed"],
      rows: [
        [.text("a"), .number(1.5), .text("x")],
        [.text("b"), .number(nil), .number(-0.25, emphasized: true)],
      ])
    var report = HTMLReport(title: "t")
    report.section("s", [.table(table)])
    let page = try Elements(report.html)
    #expect(page.named("td").map { $0.attributes["class"] } == ["n", nil, "n", nil])
    #expect(page.named("td").map(\.text) == ["1.50", "x", "–", ""])
    #expect(page.named("strong").map(\.text) == ["−0.25"])
    #expect(page.named("th").filter { $0.attributes["scope"] == "row" }.map(\.text) == ["a", "b"])
  }

  /// The dot lies between the strokes in proportion to the score.
  @Test func scoresStandBetweenBaselineAndOracle() throws {
    var report = HTMLReport(title: "t")
    report.section(
      "s",
      [
        .scores(
          ScoreTable(measure: "SDR (dB)", rows: [.init("a", baseline: 0, score: 2.5, oracle: 10)]))
      ])
    let page = try Elements(report.html)
    #expect(
      page.named("th").map(\.text) == [
        "stem", "mixture", "model", "oracle", "gain", "SDR (dB)", "a",
      ])
    let strokes = page.named("line").filter { $0.attributes["y1"] == "4" }.compactMap {
      Double($0.attributes["x1"] ?? "")
    }
    let dot = try #require(page.named("circle").first.flatMap { Double($0.attributes["cx"] ?? "") })
    try #require(strokes.count == 2)
    #expect(abs((dot - strokes[0]) / (strokes[1] - strokes[0]) - 0.25) < 0.01)
    // A score alone is a table of two columns.
    var bare = HTMLReport(title: "t")
    bare.section(
      "s",
      [.scores(ScoreTable(measure: "accuracy", subject: "task", rows: [.init("a", score: 0.5)]))])
    #expect(try Elements(bare.html).named("th").map(\.text) == ["task", "model", "a"])
  }

  @Test func theFileAppearsWhole() throws {
    try withFreePath { path in
      try Folders.create(path)
      var report = HTMLReport(title: "t")
      report.section("s", [.text("x")])
      try report.write(to: "\(path)/report.html")
      #expect(try contents("\(path)/report.html") == report.html)
      #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["report.html"])
      #expect(throws: FileError.self) { try report.write(to: "\(path)/missing/report.html") }
    }
  }
}
