import Experiments
import Foundation
import Testing

@Suite struct ChartTests {
  static let step: [(x: Double, y: Double)] = (0..<10).map { (Double($0), Double($0 * $0)) }

  static func chart(
    _ points: [(x: Double, y: Double)], vertical: ScaleKind = .linear,
    marking: ChartSeries.Best? = nil
  ) -> LineChart {
    LineChart(
      title: "T", horizontal: "x", vertical: "y", verticalScale: vertical,
      series: [ChartSeries("s", points, marking: marking)])
  }

  static let charts: [any Chart] = [
    SampleReport.curves, SampleReport.learning, SampleReport.boxes, SampleReport.bars,
    chart([]), chart([(1, 1)]), chart([(1, 0), (2, 0)]), chart([(0, .nan), (1, .infinity)]),
    chart([(0, 1e-12), (1, 1e12)]), chart([(0, 1e-12), (1, 1e12)], vertical: .logarithmic),
    chart([(0, -1), (1, 0), (2, 3), (3, .nan), (4, 5)], vertical: .logarithmic, marking: .lowest),
    chart([(0, 3)], vertical: .logarithmic), chart([(-5e9, -3), (7e9, -2)], marking: .highest),
    ScoreChart(title: "", measure: "", names: [], systems: []),
    ScoreChart(title: "one", measure: "m", names: ["a"], systems: [.init("s", [0])]),
    ScoreChart(
      title: "below", measure: "m", names: ["a", "b"], systems: [.init("s", [-3, .nan])]),
    ScoreChart(
      title: "some", measure: "m", names: ["a", "b"],
      systems: [.init("s", distributions: [[1, 2, 3], []])]),
    LineChart(
      title: "<&\">\u{1}", horizontal: "a<b", vertical: "&", horizontalScale: .logarithmic,
      series: [
        ChartSeries("\"quoted\" & <long> name of a series", step),
        ChartSeries("]]>", step, dashed: true),
      ]),
    SpectrogramChart(
      title: "s", spectrogram: SpectrogramPicture(samples: SampleReport.drums(seconds: 0.3), rate: 22050)),
  ]

  @Test(arguments: charts.indices)
  func drawingsAreWellFormedAndStayInside(index: Int) throws {
    let chart = Self.charts[index]
    for standalone in [false, true] {
      let elements = try Elements(chart.svg(standalone: standalone))
      let root = try #require(elements.all.first)
      #expect(root.attributes["role"] == "img")
      #expect(root.attributes["aria-label"]?.isEmpty == false)
      #expect((root.attributes["xmlns"] != nil) == standalone)
      for element in elements.all {
        for (key, value) in element.attributes where ["x", "x1", "x2", "cx"].contains(key) {
          let x = try #require(Double(value), "\(key)=\(value)")
          #expect((-0.01...chart.size.width + 0.01).contains(x), "\(element)")
        }
        for (key, value) in element.attributes where ["y", "y1", "y2", "cy"].contains(key) {
          let y = try #require(Double(value), "\(key)=\(value)")
          #expect((0...chart.size.height).contains(y), "\(element)")
        }
      }
    }
  }

  /// The labels of an axis, as numbers, are evenly spaced round numbers around the data.
  @Test(arguments: [(0.0, 1.0), (-3.7, 12.2), (0.001, 0.0013), (17, 18), (-1e-7, 1e-7), (5, 990)])
  func ticksAreRound(low: Double, high: Double) throws {
    let elements = try Elements(Self.chart([(0, low), (1, high)]).svg())
    let labels = elements.named("text").filter {
      $0.attributes["text-anchor"] == "end" && $0.text != "x"
    }
    let values = try labels.map {
      try #require(Double($0.text.replacing("−", with: "-")), "\($0.text)")
    }
    #expect((3...11).contains(values.count))
    let steps = zip(values, values.dropFirst()).map { $1 - $0 }
    #expect(steps.allSatisfy { abs($0 - steps[0]) < 1e-6 * abs(steps[0]) + 1e-12 })
    let mantissa = steps[0] / pow(10, log10(steps[0]).rounded(.down))
    #expect([1, 2, 5, 10].contains { abs($0 - mantissa) < 1e-6 }, "\(steps)")
    #expect(values[0] <= low + 1e-9 && values[values.count - 1] >= high - 1e-9)
  }

  @Test(
    arguments: [
      (20000.0, ["0", "5k", "10k", "15k", "20k"]),
      (3000, ["0", "500", "1000", "1500", "2000", "2500", "3000"]),
      (2.5e7, ["0", "5M", "10M", "15M", "20M", "25M"]),
      (1, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ] as [(Double, [String])])
  func anAxisHasOneUnit(high: Double, expected: [String]) throws {
    let labels = try Elements(Self.chart([(0, 0), (1, high)]).svg()).named("text")
      .filter { $0.attributes["text-anchor"] == "end" && $0.text != "x" }.map(\.text)
    #expect(labels == expected)
  }

  @Test func aLogarithmicAxisSpacesFactorsEvenly() throws {
    let chart = Self.chart([(0, 1), (1, 10), (2, 100), (3, 1000)], vertical: .logarithmic)
    let heights = try Elements(chart.svg()).named("circle").map {
      Double($0.attributes["cy"] ?? "") ?? .nan
    }
    let steps = zip(heights, heights.dropFirst()).map { $0 - $1 }
    #expect(steps.count == 3 && steps[0] > 10)
    #expect(steps.allSatisfy { abs($0 - steps[0]) < 0.02 })
  }

  @Test func gapsBreakTheCurve() throws {
    let chart = Self.chart([(0, 1), (1, 2), (2, .nan), (3, 2), (4, 1)])
    let path = try #require(try Elements(chart.svg()).named("path").first?.attributes["d"])
    #expect(path.count { $0 == "M" } == 2)
  }

  /// A long curve is drawn in bounded space, and an outlier still shows in its band.
  @Test func manyPointsBecomeABand() throws {
    var points = (0..<200_000).map { (x: Double($0), y: sin(Double($0) / 20000)) }
    points[100_000].y = 5
    let svg = Self.chart(points).svg()
    #expect(svg.utf8.count < 30_000)
    let band = try #require(try Elements(svg).named("polygon").first?.attributes["points"])
    let heights = band.split(separator: " ").compactMap {
      Double($0.split(separator: ",").last ?? "")
    }
    #expect((heights.min() ?? 0) + 20 < heights.sorted()[heights.count / 100])
    #expect(heights.count > 300)
  }

  @Test func theBestPointIsMarked() throws {
    let points = [3.0, 1.25, 2].enumerated().map { (x: Double($0), y: $1) }
    #expect(try Elements(Self.chart(points, marking: .lowest).svg()).texts.contains("1.25"))
    #expect(try !Elements(Self.chart(points, marking: .highest).svg()).texts.contains("1.25"))
  }

  @Test func barsAreAsLongAsTheirValues() throws {
    let chart = ScoreChart(
      title: "", measure: "", names: ["a", "b", "c"], systems: [.init("s", [1, 2, -4])])
    let bars = try Elements(chart.svg()).named("rect")
    let lengths = bars.map { Double($0.attributes["width"] ?? "") ?? .nan }
    #expect(lengths.count == 3)
    #expect(abs(lengths[1] - 2 * lengths[0]) < 0.05 && abs(lengths[2] - 4 * lengths[0]) < 0.05)
    let starts = bars.map { Double($0.attributes["x"] ?? "") ?? .nan }
    #expect(abs(starts[0] - starts[1]) < 0.02 && abs(starts[2] + lengths[2] - starts[0]) < 0.02)
  }

  @Test func boxesTellTheirQuartiles() throws {
    // numpy.percentile of these: 2.25, 4.5, 6.75; 100 lies beyond the whisker.
    let scores: [Double] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 100].shuffled() + [.nan]
    let chart = ScoreChart(
      title: "", measure: "dB", names: ["a"], systems: [.init("s", distributions: [scores])])
    let told = try Elements(chart.svg()).named("title").map(\.text)
    #expect(told.contains("a, s: median 4.5, quartiles 2.25 and 6.75, from 0 to 100, 10 scores"))
    #expect(chart.description.contains("a: s 4.5"))
  }
}
