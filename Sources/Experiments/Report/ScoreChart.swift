/// Scores of several systems (a baseline, our model, an oracle) for several things (stems, tasks),
/// lying down, so that names have room: bars for one score each, boxes for many.
public struct ScoreChart: Chart {
  /// One system's scores, in the order of the chart's names; each a single number or many: one for
  /// every track, or every window.
  public struct System: Sendable {
    public var name: String
    public var scores: [[Double]]

    public init(_ name: String, _ scores: [Double]) {
      self.init(name, distributions: scores.map { [$0] })
    }

    /// Scores for every track or window. Numbers that are not finite (silent ones) are left out.
    public init(_ name: String, distributions: [[Double]]) {
      self.name = name
      scores = distributions.map { $0.filter(\.isFinite) }
    }
  }

  public var title: String
  /// What is measured, with its unit: `SDR (dB)`.
  public var measure: String
  public var names: [String]
  public var systems: [System]

  public init(title: String, measure: String, names: [String], systems: [System]) {
    for system in systems {
      precondition(
        system.scores.count == names.count,
        "“\(system.name)” has \(system.scores.count) scores for \(names.count) names")
    }
    self.title = title
    self.measure = measure
    self.names = names
    self.systems = systems
  }

  public var description: String {
    let told = names.enumerated().map { index, name in
      let scores = systems.map { system in
        let median = FiveNumbers(system.scores[index])?.median
        return "\(system.name) \(median.map { Figures.short($0) } ?? "none")"
      }
      return "\(name): " + scores.joined(separator: ", ")
    }
    return "\(measure), medians. " + told.joined(separator: "; ")
  }

  private static let bandHeight = 17.0
  private static let gap = 14.0
  private var legend: ChartLegend {
    ChartLegend(
      systems.count < 2
        ? []
        : systems.enumerated().map {
          .init(name: $1.name, colour: $0 % ChartStyle.seriesCount + 1)
        },
      width: ChartStyle.width)
  }
  private var groupHeight: Double { Double(systems.count) * Self.bandHeight + Self.gap }
  private var top: Double { 26 + legend.height + 10 }

  public var size: (width: Double, height: Double) {
    (ChartStyle.width, top + Double(max(names.count, 1)) * groupHeight + 44)
  }

  public var elements: String {
    var out = ChartStyle.text(title, x: 0, y: 16, class: "title") + legend.elements(x: 0, y: 26)
    let values = systems.flatMap { $0.scores.flatMap(\.self) }
    guard let low = values.min(), let high = values.max() else {
      return out
        + ChartStyle.text("no scores yet", x: size.width / 2, y: top + 20, anchor: "middle")
    }
    let single = systems.allSatisfy { $0.scores.allSatisfy { $0.count <= 1 } }
    // A bar's length must mean its value, so bars begin at zero.
    let range = single ? min(low, 0)...max(high, 0) : low...high
    let left = min(names.map { ChartStyle.width(of: $0) }.max() ?? 0, 150) + 12
    let bottom = size.height - 40
    let plot = PlotArea(
      left: left, right: size.width - (single ? 40 : 14), top: top, bottom: bottom,
      x: ChartScale(range, count: 6, rounded: true), y: ChartScale(0...1, rounded: false))
    for tick in plot.x.ticks {
      guard let x = plot.horizontal(tick.value) else { continue }
      out += ChartStyle.line(x, top, x, bottom, class: tick.value == 0 ? "axis" : "grid")
      out += ChartStyle.text(tick.label, x: x, y: bottom + 16, anchor: "middle")
    }
    out += ChartStyle.text(measure, x: plot.right, y: size.height - 6, anchor: "end")
    for (row, name) in names.enumerated() {
      let y = top + Double(row) * groupHeight + Self.gap / 2
      out += ChartStyle.text(
        name, x: left - 10, y: y + (groupHeight - Self.gap) / 2 + 4, anchor: "end", class: "name")
      for (index, system) in systems.enumerated() {
        let center = y + (Double(index) + 0.5) * Self.bandHeight
        let colour = index % ChartStyle.seriesCount + 1
        let told = Markup.element("title", [:], Markup.escaped(self.told(system, row)))
        let drawing =
          single
          ? bar(system.scores[row].first, center, colour, plot)
          : box(system.scores[row], center, colour, plot)
        out += Markup.element("g", [:], told + drawing)
      }
    }
    return out
  }

  private func told(_ system: System, _ row: Int) -> String {
    guard let five = FiveNumbers(system.scores[row]) else {
      return "\(names[row]), \(system.name): no score"
    }
    if system.scores[row].count == 1 {
      return "\(names[row]), \(system.name): \(Figures.short(five.median))"
    }
    let quartiles = "\(Figures.short(five.lowerQuartile)) and \(Figures.short(five.upperQuartile))"
    let ends = "from \(Figures.short(five.low)) to \(Figures.short(five.high))"
    return "\(names[row]), \(system.name): median \(Figures.short(five.median)), "
      + "quartiles \(quartiles), \(ends), \(system.scores[row].count) scores"
  }

  private func bar(_ value: Double?, _ center: Double, _ colour: Int, _ plot: PlotArea) -> String {
    guard let value, let zero = plot.horizontal(0), let end = plot.horizontal(value) else {
      return ""
    }
    let label = ChartStyle.text(
      Figures.fixed(value, decimals: abs(value) < 10 ? 2 : 1), x: max(zero, end) + 5, y: center + 4,
      class: "value halo")
    return Markup.element(
      "rect",
      [
        "x": min(zero, end), "y": center - 6, "width": max(abs(end - zero), 0.5), "height": 12.0,
        "rx": 1.5,
        "class": "f\(colour)",
      ]) + label
  }

  /// Box from quartile to quartile, whiskers to the last scores within one and a half boxes
  /// (Tukey), all scores.
  private func box(_ scores: [Double], _ center: Double, _ colour: Int, _ plot: PlotArea) -> String {
    guard let five = FiveNumbers(scores),
      let low = plot.horizontal(five.lowerWhisker), let high = plot.horizontal(five.upperWhisker),
      let first = plot.horizontal(five.lowerQuartile),
      let third = plot.horizontal(five.upperQuartile),
      let median = plot.horizontal(five.median)
    else { return "" }
    var out = ""
    // Whiskers stop at the box's edges: the box is half transparent.
    for (from, to) in [(low, first), (third, high)] {
      out += ChartStyle.line(from, center, to, center, class: "curve s\(colour)")
    }
    for end in [low, high] {
      out += ChartStyle.line(end, center - 3, end, center + 3, class: "curve s\(colour)")
    }
    out += Markup.element(
      "rect",
      [
        "x": first, "y": center - 6, "width": max(third - first, 0.5), "height": 12.0, "rx": 1.5,
        "class": "box f\(colour) s\(colour)",
      ])
    // Up to a hundred scores are shown themselves, spread a little so that equal ones do not hide
    // each other.
    let shown =
      scores.count <= 100
      ? scores : scores.filter { $0 < five.lowerWhisker || $0 > five.upperWhisker }
    for (index, score) in shown.enumerated() {
      guard let x = plot.horizontal(score) else { continue }
      let spread = Double(index * 5 % 9) - 4
      out += Markup.element(
        "circle", ["cx": x, "cy": center + spread, "r": 1.6, "class": "point f\(colour)"])
    }
    return out + ChartStyle.line(median, center - 7, median, center + 7, class: "median s\(colour)")
  }
}

/// A sample in five numbers, and how far a box plot's whiskers go.
struct FiveNumbers {
  let low: Double
  let lowerQuartile: Double
  let median: Double
  let upperQuartile: Double
  let high: Double
  let lowerWhisker: Double
  let upperWhisker: Double

  /// Nil for no values. Quartiles are interpolated between neighbours, as numpy and R do by
  /// default.
  init?(_ values: [Double]) {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    func quantile(_ fraction: Double) -> Double {
      let place = fraction * Double(sorted.count - 1)
      let below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
    (low, high) = (first, last)
    lowerQuartile = quantile(0.25)
    median = quantile(0.5)
    upperQuartile = quantile(0.75)
    let reach = 1.5 * (upperQuartile - lowerQuartile)
    let (lowest, highest) = (lowerQuartile - reach, upperQuartile + reach)
    lowerWhisker = sorted.first { $0 >= lowest } ?? first
    upperWhisker = sorted.last { $0 <= highest } ?? last
  }
}
