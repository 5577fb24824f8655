/// A drawing that stands by itself as an SVG file, or in a report that brings the colours.
public protocol Chart: Sendable {
  var title: String { get }
  /// The drawing in words, for those who cannot see it.
  var description: String { get }
  /// The size of the drawing in pixels of its own.
  var size: (width: Double, height: Double) { get }
  /// The elements inside, title and labels included.
  var elements: String { get }
}

extension Chart {
  /// The drawing as an SVG element. It scales to the width of the page; alone, it carries its own
  /// colours.
  public func svg(standalone: Bool = false) -> String {
    let label = [title, description].filter { !$0.isEmpty }.joined(separator: ": ")
    let inside =
      Markup.element("title", [:], Markup.escaped(label))
      + (standalone ? Markup.element("style", [:], ChartStyle.css(root: "svg")) : "") + elements
    let box = "0 0 \(size.width.attributeText) \(size.height.attributeText)"
    guard standalone else {
      return Markup.element(
        "svg", ["class": "chart", "viewBox": box, "role": "img", "aria-label": label], inside)
    }
    return Markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart", "viewBox": box,
        "width": size.width,
        "height": size.height, "role": "img", "aria-label": label,
      ], inside) + "\n"
  }
}

/// What all charts share: colours for light and dark pages, and the words' sizes.
enum ChartStyle {
  /// Six colours that differ also for the colour-blind (after Okabe and Ito, 2008), lighter on dark
  /// pages.
  static let lightSeries = ["#0072b2", "#d55e00", "#009e73", "#b8558a", "#b98200", "#3a9bd0"]
  static let darkSeries = ["#56b0ea", "#ff9248", "#3fcf9f", "#eb9cc9", "#f0bb45", "#9bd6f7"]
  static var seriesCount: Int { lightSeries.count }
  /// The width of a chart in pixels of its own: wide enough for two beside each other on a page,
  /// narrow enough that a phone, which shrinks it to some 360, leaves its words readable.
  static let width = 440.0

  /// The style sheet of charts; `root` is the element that the colours are declared on.
  static func css(root: String) -> String {
    func variables(_ series: [String], _ others: String) -> String {
      series.enumerated().map { "--s\($0 + 1):\($1);" }.joined() + others
    }
    let light = variables(
      lightSeries, "--ink:#22201d;--soft:#6d6861;--line:#e2ddd5;--paper:#fffefc;")
    let dark = variables(darkSeries, "--ink:#ece8e1;--soft:#a39d94;--line:#3a3733;--paper:#1b1a18;")
    let colours = (1...seriesCount).map {
      """
      .chart .s\($0){stroke:var(--s\($0))}.chart .f\($0){fill:var(--s\($0))}
      """
    }
    return """
      \(root){color-scheme:light dark;\(light)}
      @media (prefers-color-scheme:dark){\(root){\(dark)}}
      @media print{\(root){\(light)}}
      .chart{font-size:12px;
        font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
      .chart text{fill:var(--soft)}
      .chart .title{fill:var(--ink);font-size:14px;font-weight:600}
      .chart .name,.chart .value{fill:var(--ink)}
      .chart .grid{stroke:var(--line);stroke-width:1}
      .chart .axis{stroke:var(--soft);stroke-width:1}
      .chart .curve{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
      .chart .dashed{stroke-dasharray:5 4}
      .chart .band{opacity:.16;stroke:none}
      .chart .dot{stroke:var(--paper);stroke-width:1.2}
      .chart .box{fill-opacity:.28;stroke-width:1.4}
      .chart .median{stroke-width:2.6}
      .chart .point{opacity:.4;stroke:none}
      .chart .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
      \(colours.joined(separator: "\n"))

      """
  }

  /// A guess of a text's width at 12 pixels; browsers measure, we only leave room.
  static func width(of text: String, fontSize: Double = 12) -> Double {
    text.reduce(0) { width, letter in
      let narrow = "il.,:;|'!jtfr ()[]/1".contains(letter)
      let wide = "mwMW@—%".contains(letter) || letter.isUppercase
      return width + (narrow ? 0.36 : wide ? 0.78 : 0.58) * fontSize
    }
  }

  static func text(
    _ content: String, x: Double, y: Double, anchor: String = "start", class name: String = ""
  ) -> String {
    let escaped = Markup.escaped(content)
    return name.isEmpty
      ? Markup.element("text", ["x": x, "y": y, "text-anchor": anchor], escaped)
      : Markup.element("text", ["x": x, "y": y, "text-anchor": anchor, "class": name], escaped)
  }

  static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class name: String)
    -> String
  {
    Markup.element("line", ["x1": x1, "y1": y1, "x2": x2, "y2": y2, "class": name])
  }
}

/// The names of a chart's colours, in as many rows as they need.
struct ChartLegend {
  struct Entry {
    var name: String
    var colour: Int
    var dashed = false
  }
  private var rows: [[(entry: Entry, x: Double)]] = []

  init(_ entries: [Entry], width: Double) {
    var x = 0.0
    for entry in entries {
      let needed = 22 + ChartStyle.width(of: entry.name) + 16
      if rows.isEmpty || x + needed > width {
        rows.append([])
        x = 0
      }
      rows[rows.count - 1].append((entry, x))
      x += needed
    }
  }

  var height: Double { Double(rows.count) * 18 }

  func elements(x: Double, y: Double) -> String {
    var out = ""
    for (index, row) in rows.enumerated() {
      let middle = y + Double(index) * 18 + 9
      for (entry, offset) in row {
        let style = "curve s\(entry.colour)" + (entry.dashed ? " dashed" : "")
        out += Markup.element(
          "line",
          [
            "x1": x + offset, "y1": middle, "x2": x + offset + 16, "y2": middle, "class": style,
            "style": "stroke-width:3",
          ])
        out += ChartStyle.text(entry.name, x: x + offset + 22, y: middle + 4, class: "name")
      }
    }
    return out
  }
}
