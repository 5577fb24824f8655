import Foundation

/// A curve of a line chart.
public struct ChartSeries: Sendable {
  /// Which of a curve's points deserves a mark and its number.
  public enum Best: Sendable { case lowest, highest }

  public var name: String
  /// From left to right. A value that is not finite breaks the curve.
  public var points: [(x: Double, y: Double)]
  public var dashed: Bool
  public var marking: Best?
  /// Which of the colours it has, from 0; `nil` for that of its place among the curves.
  public var colour: Int?

  public init(
    _ name: String, _ points: [(x: Double, y: Double)], dashed: Bool = false, marking: Best? = nil, colour: Int? = nil
  ) {
    self.name = name
    self.points = points
    self.dashed = dashed
    self.marking = marking
    self.colour = colour
  }

  /// A metric of a run over its steps.
  public init(
    _ name: String, _ points: [(step: Int, value: Double)], dashed: Bool = false,
    marking: Best? = nil
  ) {
    self.init(name, points.map { (Double($0.step), $0.value) }, dashed: dashed, marking: marking)
  }
}

/// Curves over a common axis: a learning curve, a benchmark over lengths.
///
/// A curve of many points is drawn as the mean of each few pixels, in a band from the least to the
/// largest.
public struct LineChart: Chart {
  public var title: String
  public var horizontal: String
  public var vertical: String
  public var horizontalScale: ScaleKind
  public var verticalScale: ScaleKind
  public var series: [ChartSeries]
  public let size = (width: ChartStyle.width, height: 290.0)

  /// - Parameters:
  ///   - horizontal: What lies along the lower axis, with its unit: `step`.
  ///   - vertical: What rises, with its unit: `SDR (dB)`.
  public init(
    title: String, horizontal: String, vertical: String, horizontalScale: ScaleKind = .linear,
    verticalScale: ScaleKind = .linear, series: [ChartSeries]
  ) {
    self.title = title
    self.horizontal = horizontal
    self.vertical = vertical
    self.horizontalScale = horizontalScale
    self.verticalScale = verticalScale
    self.series = series
  }

  public var description: String {
    let ends = series.map { series -> String in
      let values = series.points.map(\.y).filter(\.isFinite)
      guard let first = values.first, let last = values.last else {
        return "\(series.name) without values"
      }
      return "\(series.name) from \(Figures.short(first)) to \(Figures.short(last))"
    }
    return "\(vertical) over \(horizontal); " + ends.joined(separator: ", ")
  }

  private var finitePoints: [(x: Double, y: Double)] {
    series.flatMap(\.points).filter {
      $0.x.isFinite && $0.y.isFinite && (verticalScale == .linear || $0.y > 0)
        && (horizontalScale == .linear || $0.x > 0)
    }
  }

  public var elements: String {
    let legend = ChartLegend(
      series.count < 2
        ? []
        : series.enumerated().map {
          .init(name: $1.name, colour: ($1.colour ?? $0) % ChartStyle.seriesCount + 1, dashed: $1.dashed)
        },
      width: size.width)
    var out = ChartStyle.text(title, x: 0, y: 16, class: "title")
    out += legend.elements(x: 0, y: 26)
    let points = finitePoints
    guard let left = points.map(\.x).min(), let right = points.map(\.x).max(),
      let low = points.map(\.y).min(), let high = points.map(\.y).max()
    else {
      return out + ChartStyle.text("no values yet", x: size.width / 2, y: 160, anchor: "middle")
    }
    let xScale = ChartScale(left...right, kind: horizontalScale, count: 6, rounded: false)
    let yScale = ChartScale(low...high, kind: verticalScale, rounded: true)
    let labels = yScale.ticks.map { ChartStyle.width(of: $0.label) }.max() ?? 0
    let plot = PlotArea(
      left: labels + 10, right: size.width - 12, top: 26 + legend.height + 28,
      bottom: size.height - 40,
      x: xScale, y: yScale)
    out += axes(plot)
    for (index, series) in series.enumerated() {
      out += curve(series, colour: (series.colour ?? index) % ChartStyle.seriesCount + 1, plot)
    }
    return out
  }

  private func axes(_ plot: PlotArea) -> String {
    var out = ChartStyle.text(vertical, x: 0, y: plot.top - 13)
    for tick in plot.y.ticks {
      guard let y = plot.vertical(tick.value) else { continue }
      out += ChartStyle.line(plot.left, y, plot.right, y, class: "grid")
      out += ChartStyle.text(tick.label, x: plot.left - 8, y: y + 4, anchor: "end")
    }
    out += ChartStyle.line(plot.left, plot.bottom, plot.right, plot.bottom, class: "axis")
    var free = -Double.infinity
    for tick in plot.x.ticks {
      guard let x = plot.horizontal(tick.value) else { continue }
      out += ChartStyle.line(x, plot.bottom, x, plot.bottom + 4, class: "axis")
      let half = ChartStyle.width(of: tick.label) / 2
      // Labels keep off each other and inside the drawing.
      let center = min(max(x, half), size.width - half)
      if center - half < free { continue }
      out += ChartStyle.text(tick.label, x: center, y: plot.bottom + 17, anchor: "middle")
      free = center + half + 8
    }
    return out + ChartStyle.text(horizontal, x: plot.right, y: size.height - 6, anchor: "end")
  }

  private func curve(_ series: ChartSeries, colour: Int, _ plot: PlotArea) -> String {
    var out = ""
    var path = ""
    let parts = Self.unbroken(series.points, plot)
    for part in parts {
      let buckets = Self.buckets(part, plot)
      if buckets.contains(where: { $0.low < $0.high }) {
        let outline = buckets.map { ($0.x, $0.low) } + buckets.reversed().map { ($0.x, $0.high) }
        out += Markup.element(
          "polygon", ["points": Self.list(outline, plot), "class": "band f\(colour)"])
      }
      path +=
        "M"
        + Self.list(buckets.map { ($0.x, $0.mean) }, plot).replacingOccurrences(of: " ", with: "L")
      // A point between two gaps would not show as a line.
      if buckets.count == 1 { path += "h0.01" }
    }
    let style = "curve s\(colour)" + (series.dashed ? " dashed" : "")
    if !path.isEmpty { out += Markup.element("path", ["d": path, "class": style]) }
    let shown = parts.flatMap(\.self)
    if shown.count <= 40 {
      for point in shown { out += dot(point, series, colour, radius: 2.8, plot) }
    }
    return out + mark(series, shown, colour, plot)
  }

  private func dot(
    _ point: (x: Double, y: Double), _ series: ChartSeries, _ colour: Int, radius: Double,
    _ plot: PlotArea
  ) -> String {
    guard let x = plot.horizontal(point.x), let y = plot.vertical(point.y) else { return "" }
    let told =
      "\(series.name): \(Figures.short(point.y)) at \(Figures.compact(point.x)) \(horizontal)"
    return Markup.element(
      "circle", ["cx": x, "cy": y, "r": radius, "class": "dot f\(colour)"],
      Markup.element("title", [:], Markup.escaped(told)))
  }

  private func mark(
    _ series: ChartSeries, _ shown: [(x: Double, y: Double)], _ colour: Int, _ plot: PlotArea
  ) -> String {
    let best =
      switch series.marking {
      case .lowest: shown.min { $0.y < $1.y }
      case .highest: shown.max { $0.y < $1.y }
      case nil: (x: Double, y: Double)?.none
      }
    guard let best, let x = plot.horizontal(best.x), let y = plot.vertical(best.y) else {
      return ""
    }
    let label = Figures.short(best.y)
    let half = ChartStyle.width(of: label) / 2 + 2
    // Below a lowest point and above a highest one, where the curve is not; inside the drawing all
    // the same.
    let below = series.marking == .lowest && y + 20 < plot.bottom
    return dot(best, series, colour, radius: 4.2, plot)
      + ChartStyle.text(
        label, x: min(max(x, plot.left + half), size.width - half), y: below ? y + 17 : y - 9,
        anchor: "middle", class: "value halo")
  }

  /// The runs of points that the axes can show.
  private static func unbroken(
    _ points: [(x: Double, y: Double)], _ plot: PlotArea
  ) -> [[(x: Double, y: Double)]] {
    points.split { plot.horizontal($0.x) == nil || plot.vertical($0.y) == nil }.map(Array.init)
  }

  /// The points as they are where there are few, else the mean and the ends of each two pixels.
  private static func buckets(
    _ points: [(x: Double, y: Double)], _ plot: PlotArea
  ) -> [(x: Double, mean: Double, low: Double, high: Double)] {
    let places = Int((plot.right - plot.left) / 2)
    if points.count <= places { return points.map { ($0.x, $0.y, $0.y, $0.y) } }
    var buckets: [(x: Double, mean: Double, low: Double, high: Double)] = []
    var start = 0
    while start < points.count {
      // The last point lies on the edge, and joins the pixels before it.
      func bucket(_ index: Int) -> Int {
        min(Int(((plot.horizontal(points[index].x) ?? 0) - plot.left) / 2), places - 1)
      }
      var end = start
      while end < points.count, bucket(end) == bucket(start) { end += 1 }
      let part = points[start..<end]
      let values = part.map(\.y)
      let count = Double(part.count)
      buckets.append(
        (
          part.map(\.x).reduce(0, +) / count, values.reduce(0, +) / count, values.min() ?? 0,
          values.max() ?? 0
        ))
      start = end
    }
    return buckets
  }

  private static func list(_ points: [(Double, Double)], _ plot: PlotArea) -> String {
    points.compactMap { x, y in
      guard let x = plot.horizontal(x), let y = plot.vertical(y) else { return nil }
      return "\(x.attributeText),\(y.attributeText)"
    }.joined(separator: " ")
  }
}

/// The rectangle of a chart that holds the data.
struct PlotArea {
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  let x: ChartScale
  let y: ChartScale

  func horizontal(_ value: Double) -> Double? { x.place(value).map { left + $0 * (right - left) } }
  func vertical(_ value: Double) -> Double? { y.place(value).map { bottom - $0 * (bottom - top) } }
}
