public import SwiftDL

/// A report in one file that needs nothing else: pictures, sounds and styles are inside, there is
/// no script, and the page itself forbids the browser to load anything. It can be mailed, printed,
/// and read on a phone.
///
///     var report = HTMLReport(title: "Guitar and rest", subtitle: "Wave-U-Net, 20000 steps")
///     report.section("Scores", [.scores(scores), .charts([boxes])])
///     report.section("Learning", [.charts([curves])])
///     report.section("Listening", [.listening(examples)])
///     report.section("Run", [.configuration(configuration), .facts(facts, title: "Environment")])
///     try report.write(to: run.reportFile)
public struct HTMLReport: Sendable {
  public var title: String
  public var subtitle: String
  /// The few numbers to see first.
  public var highlights: [(name: String, value: String)] = []
  public private(set) var sections: [(title: String, note: String, blocks: [ReportBlock])] = []

  public init(title: String, subtitle: String = "") {
    self.title = title
    self.subtitle = subtitle
  }

  /// Adds a number to those that are seen first.
  public mutating func highlight(_ name: String, _ value: String) {
    highlights.append((name, value))
  }

  /// Adds a section: a heading, perhaps a sentence under it, and what it shows.
  public mutating func section(_ title: String, note: String = "", _ blocks: [ReportBlock]) {
    sections.append((title, note, blocks))
  }

  /// Writes the page, whole or not at all.
  public func write(to path: String) throws(FileError) { try AtomicFile.write(html, to: path) }

  /// The page, in the spelling that is both HTML and XML.
  public var html: String {
    let policy = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
    let head = [
      Markup.element("meta", ["charset": "utf-8"]),
      Markup.element("meta", ["http-equiv": "Content-Security-Policy", "content": policy]),
      Markup.element(
        "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
      Markup.element("meta", ["name": "color-scheme", "content": "light dark"]),
      Markup.element("title", [:], Markup.escaped(title)),
      Markup.element("style", [:], "\n" + ChartStyle.css(root: ":root") + ReportStyle.css),
    ]
    let body =
      [header]
      + sections.map { section in
        let note =
          section.note.isEmpty
          ? "" : Markup.element("p", ["class": "note"], Markup.escaped(section.note))
        let content = section.blocks.map(\.html).joined()
        return Markup.element(
          "section", [:],
          Markup.element("h2", [:], Markup.escaped(section.title)) + "\n" + note + content)
      }
    return "<!DOCTYPE html>\n"
      + Markup.element(
        "html", ["lang": "en"],
        "\n" + Markup.element("head", [:], "\n" + head.joined(separator: "\n") + "\n") + "\n"
          + Markup.element(
            "body", [:],
            "\n" + Markup.element("main", [:], "\n" + body.joined(separator: "\n") + "\n"))
          + "\n") + "\n"
  }

  private var header: String {
    var inside = Markup.element("h1", [:], Markup.escaped(title))
    if !subtitle.isEmpty {
      inside += Markup.element("p", ["class": "subtitle"], Markup.escaped(subtitle))
    }
    if !highlights.isEmpty {
      let tiles = highlights.map { name, value in
        Markup.element(
          "div", [:],
          Markup.element("dt", [:], Markup.escaped(name))
            + Markup.element("dd", [:], Markup.escaped(value)))
      }
      inside += Markup.element("dl", ["class": "highlights"], tiles.joined())
    }
    return Markup.element("header", [:], inside)
  }
}

/// A piece of a section.
public struct ReportBlock: Sendable {
  let html: String

  /// A paragraph.
  public static func text(_ text: String) -> ReportBlock {
    ReportBlock(html: Markup.element("p", [:], Markup.escaped(text)) + "\n")
  }

  /// Charts beside each other where there is room.
  public static func charts(_ charts: [any Chart]) -> ReportBlock {
    let figures = charts.map { Markup.element("figure", [:], $0.svg()) }
    return ReportBlock(
      html: Markup.element(
        "div", ["class": "charts"], "\n" + figures.joined(separator: "\n") + "\n"))
  }

  public static func table(_ table: ReportTable) -> ReportBlock { ReportBlock(html: table.html) }

  public static func scores(_ scores: ScoreTable) -> ReportBlock {
    ReportBlock(html: scores.table.html)
  }

  /// Examples to hear and see, one after the other.
  public static func listening(_ examples: [ListeningExample]) -> ReportBlock {
    ReportBlock(html: examples.map(\.html).joined())
  }

  /// Every key of a configuration; those that differ from the defaults stand out.
  public static func configuration<Configuration: RunConfiguration>(_ configuration: Configuration)
    -> ReportBlock
  {
    let changed = configuration.differences(from: Configuration()).map(\.key)
    let note = changed.isEmpty ? "all defaults" : "values that differ from the defaults are bold"
    return list(
      configuration.json.flattened, title: "Configuration \(configuration.fingerprint), \(note)",
      emphasizing: { changed.contains($0) })
  }

  /// Names and values.
  public static func facts(_ facts: JSONObject, title: String) -> ReportBlock {
    list(facts.flattened, title: title, emphasizing: { _ in false })
  }

  private static func list(
    _ facts: [(key: String, value: JSONValue)], title: String, emphasizing: (String) -> Bool
  ) -> ReportBlock {
    let entries = facts.map { key, value in
      let shown = Markup.escaped(Figures.short(value))
      return Markup.element(
        "div", [:],
        Markup.element("dt", [:], Markup.escaped(key))
          + Markup.element(
            "dd", [:], emphasizing(key) ? Markup.element("strong", [:], shown) : shown))
    }
    let heading = title.isEmpty ? "" : Markup.element("h3", [:], Markup.escaped(title))
    return ReportBlock(
      html: heading
        + Markup.element("dl", ["class": "facts"], "\n" + entries.joined(separator: "\n") + "\n"))
  }
}
