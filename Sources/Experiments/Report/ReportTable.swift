/// A table of a report: text to the left, numbers to the right under each other.
public struct ReportTable: Sendable {
  public struct Cell: Sendable {
    public enum Content: Sendable {
      case text(String)
      case number(Double?, decimals: Int)
      /// A drawing made elsewhere in this library.
      case drawing(String)
    }
    public var content: Content
    /// Shown in bold: the system that the report is about, the best of a row.
    public var emphasized: Bool

    public static func text(_ text: String, emphasized: Bool = false) -> Cell {
      Cell(content: .text(text), emphasized: emphasized)
    }

    /// A number; nil and NaN are shown as a dash.
    public static func number(_ value: Double?, decimals: Int = 2, emphasized: Bool = false) -> Cell {
      Cell(content: .number(value, decimals: decimals), emphasized: emphasized)
    }
  }

  public var caption: String
  public var columns: [String]
  public var rows: [[Cell]]

  /// Every row has a cell for each column; the first names the row.
  public init(caption: String = "", columns: [String], rows: [[Cell]]) {
    for row in rows {
      precondition(
        row.count == columns.count, "a row of \(row.count) cells for \(columns.count) columns")
    }
    self.caption = caption
    self.columns = columns
    self.rows = rows
  }

  /// The fields of objects as columns, in the order in which they first appear.
  public init(caption: String = "", objects: [JSONObject]) {
    var names: [String] = []
    for name in objects.flatMap(\.keys) where !names.contains(name) { names.append(name) }
    self.init(
      caption: caption, columns: names,
      rows: objects.map { object in
        names.map { name in
          switch object[name] {
          case nil: .text("")
          case .some(let value): Cell(content: .text(Figures.short(value)), emphasized: false)
          }
        }
      })
  }

  var html: String {
    // A column is numeric where all its cells are numbers or drawings.
    let numeric = columns.indices.map { column in
      column > 0 && rows.allSatisfy { if case .text = $0[column].content { false } else { true } }
    }
    let heads = zip(columns, numeric).map { name, isNumeric in
      Markup.element(
        "th", isNumeric ? ["scope": "col", "class": "n"] : ["scope": "col"], Markup.escaped(name))
    }
    let body = rows.map { row in
      let cells = zip(row, numeric).enumerated().map { column, cell in
        Self.cell(cell.0, isNumeric: cell.1, isHead: column == 0)
      }
      return Markup.element("tr", [:], cells.joined())
    }
    let caption = caption.isEmpty ? "" : Markup.element("caption", [:], Markup.escaped(caption))
    let table =
      caption + Markup.element("thead", [:], Markup.element("tr", [:], heads.joined()))
      + Markup.element("tbody", [:], body.joined(separator: "\n"))
    // A table wider than a phone scrolls by itself, not with the page.
    return Markup.element("div", ["class": "scroll"], Markup.element("table", [:], table)) + "\n"
  }

  private static func cell(_ cell: Cell, isNumeric: Bool, isHead: Bool) -> String {
    let inside =
      switch cell.content {
      case .text(let text): Markup.escaped(text)
      case .number(let value, let decimals): Figures.fixed(value, decimals: decimals)
      case .drawing(let markup): markup
      }
    let shown = cell.emphasized ? Markup.element("strong", [:], inside) : inside
    if isHead { return Markup.element("th", ["scope": "row"], shown) }
    return isNumeric
      ? Markup.element("td", ["class": "n"], shown) : Markup.element("td", [:], shown)
  }
}

/// Scores with something to hold them against: what doing nothing yields, and what cannot be
/// beaten.
///
/// Besides the numbers, each row draws where the system stands on the way from the baseline to the
/// oracle.
public struct ScoreTable: Sendable {
  public struct Row: Sendable {
    public var name: String
    public var baseline: Double?
    public var score: Double?
    public var oracle: Double?

    public init(_ name: String, baseline: Double? = nil, score: Double?, oracle: Double? = nil) {
      self.name = name
      self.baseline = baseline
      self.score = score
      self.oracle = oracle
    }

    fileprivate var all: [Double] {
      [baseline, score, oracle].compactMap(\.self).filter(\.isFinite)
    }
  }

  public var caption: String
  /// What is measured, with its unit: `SDR (dB)`.
  public var measure: String
  /// What the rows are: `stem`.
  public var subject: String
  public var systemName: String
  public var baselineName: String
  public var oracleName: String
  public var decimals: Int
  public var rows: [Row]

  public init(
    caption: String = "", measure: String, subject: String = "stem", system: String = "model",
    baseline: String = "mixture", oracle: String = "oracle", decimals: Int = 2, rows: [Row]
  ) {
    self.caption = caption
    self.measure = measure
    self.subject = subject
    systemName = system
    baselineName = baseline
    oracleName = oracle
    self.decimals = decimals
    self.rows = rows
  }

  var table: ReportTable {
    let hasBaseline = rows.contains { $0.baseline != nil }
    let hasOracle = rows.contains { $0.oracle != nil }
    var columns = [subject]
    if hasBaseline { columns.append(baselineName) }
    columns.append(systemName)
    if hasOracle { columns.append(oracleName) }
    if hasBaseline { columns.append("gain") }
    let values = rows.flatMap(\.all)
    let draws = (hasBaseline || hasOracle) && Set(values).count > 1
    if draws { columns.append(measure) }
    let scale = ChartScale((values.min() ?? 0)...(values.max() ?? 1), rounded: true)
    let cells = rows.map { row -> [ReportTable.Cell] in
      var cells: [ReportTable.Cell] = [.text(row.name)]
      if hasBaseline { cells.append(.number(row.baseline, decimals: decimals)) }
      cells.append(.number(row.score, decimals: decimals, emphasized: true))
      if hasOracle { cells.append(.number(row.oracle, decimals: decimals)) }
      if hasBaseline {
        let gain = row.score.flatMap { score in row.baseline.map { score - $0 } }
        cells.append(.number(gain, decimals: decimals))
      }
      if draws { cells.append(.init(content: .drawing(track(row, scale)), emphasized: false)) }
      return cells
    }
    return ReportTable(
      caption: [caption, draws ? "" : measure].filter { !$0.isEmpty }.joined(separator: ", "),
      columns: columns, rows: cells)
  }

  /// A line from the baseline to the oracle with a stroke at each, and a dot where the system
  /// stands.
  private func track(_ row: Row, _ scale: ChartScale) -> String {
    let width = 150.0
    func x(_ value: Double?) -> Double? {
      value.flatMap { scale.place($0) }.map { 6 + $0 * (width - 12) }
    }
    let ends = row.all.compactMap { x($0) }
    var out = ""
    if let first = ends.min(), let last = ends.max() {
      out += ChartStyle.line(first, 9, last, 9, class: "axis")
    }
    for place in [x(row.baseline), x(row.oracle)].compactMap(\.self) {
      out += ChartStyle.line(place, 4, place, 14, class: "axis")
    }
    if let place = x(row.score) {
      out += Markup.element("circle", ["cx": place, "cy": 9.0, "r": 4.5, "class": "dot f1"])
    }
    let told = [(baselineName, row.baseline), (systemName, row.score), (oracleName, row.oracle)]
      .map { "\($0) \(Figures.fixed($1, decimals: decimals))" }
    let label = "\(row.name): " + told.joined(separator: ", ")
    return Markup.element(
      "svg",
      [
        "class": "chart track", "viewBox": "0 0 150 18", "width": 150, "height": 18, "role": "img",
        "aria-label": label,
      ],
      Markup.element("title", [:], Markup.escaped(label)) + out)
  }
}
