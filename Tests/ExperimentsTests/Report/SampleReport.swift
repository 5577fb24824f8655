import Experiments
import Foundation

/// Numbers that look like chance and are the same every time.
struct Noise {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// Within ±1.
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(Int32(truncatingIfNeeded: state >> 32)) / 0x1p31
  }

  /// About normal, with deviation 1.
  mutating func normal() -> Double { (next() + next() + next()) }
}

/// A report with everything in it, of a run that never was.
enum SampleReport {
  static let rate = 22050

  static func tone(seconds: Double, notes: [Double]) -> [Float] {
    (0..<Int(seconds * Double(rate))).map { index in
      let time = Double(index) / Double(rate)
      let place = time / seconds * Double(notes.count)
      let pitch = notes[min(Int(place), notes.count - 1)] * (1 + 0.004 * sin(35 * time))
      let fade = exp(-2.5 * (place - place.rounded(.down)))
      let partials = (1...12).map {
        sin(2 * .pi * pitch * Double($0) * time) / pow(Double($0), 1.3)
      }
      return Float(0.25 * fade * partials.reduce(0, +))
    }
  }

  static func drums(seconds: Double) -> [Float] {
    var noise = Noise(3)
    return (0..<Int(seconds * Double(rate))).map { index in
      let time = Double(index) / Double(rate)
      let hat = exp(-60 * time.truncatingRemainder(dividingBy: 0.25)) * noise.next() * 0.2
      let beat = time.truncatingRemainder(dividingBy: 0.5)
      return Float(
        hat + 0.6 * exp(-18 * beat) * sin(2 * .pi * (50 * beat + 6 * (1 - exp(-30 * beat)))))
    }
  }

  static var curves: LineChart {
    var noise = Noise(1)
    let train = (1...4000).map { step in
      (
        step: step * 5,
        value: 0.012 + 0.2 * exp(-Double(step) / 700) + 0.004 * noise.normal()
          * exp(-Double(step) / 3000)
      )
    }
    let validation = (1...20).map { step in
      (
        step: step * 1000,
        value: 0.021 + 0.17 * exp(-Double(step) / 3.2) + 0.0004
          * pow(max(0, Double(step) - 12), 1.4)
      )
    }
    return LineChart(
      title: "Loss", horizontal: "step", vertical: "mean absolute error (log)",
      verticalScale: .logarithmic,
      series: [
        ChartSeries("train", train), ChartSeries("validation", validation, marking: .lowest),
      ])
  }

  static var learning: LineChart {
    var noise = Noise(2)
    let points = (1...20).map {
      (step: $0 * 1000, value: 6.4 - 7 * exp(-Double($0) / 4) + 0.15 * noise.normal())
    }
    let rest = points.map { (step: $0.step, value: $0.value * 0.6 + 4) }
    let oracle = points.map { (step: $0.step, value: 8.9) }
    return LineChart(
      title: "Separation", horizontal: "step", vertical: "SDR (dB)",
      series: [
        ChartSeries("guitar", points, marking: .highest), ChartSeries("rest", rest),
        ChartSeries("ideal mask", oracle, dashed: true),
      ])
  }

  static let stems = ["vocals", "drums", "bass", "other"]

  static var boxes: ScoreChart {
    var noise = Noise(5)
    func scores(_ middles: [Double], _ spread: Double) -> [[Double]] {
      middles.map { middle in (0..<50).map { $0 == 7 ? .nan : middle + spread * noise.normal() } }
    }
    return ScoreChart(
      title: "Tracks", measure: "SDR (dB)", names: stems,
      systems: [
        .init("mixture", distributions: scores([-5, -4.2, -6, -5.5], 1.5)),
        .init("model", distributions: scores([5.1, 5.6, 3.4, 2.9], 2)),
        .init("ideal mask", distributions: scores([8.8, 8.1, 7.2, 7.6], 1.2)),
      ])
  }

  static var bars: ScoreChart {
    ScoreChart(
      title: "Speed", measure: "steps per second", names: ["TCN", "WaveNet", "Seq-U-Net"],
      systems: [.init("1 thread", [2.1, 1.7, 9.4]), .init("2 threads", [4.0, 3.1, 17.2])])
  }

  static var scores: ScoreTable {
    ScoreTable(
      caption: "Medians over 50 tracks", measure: "SDR (dB)", oracle: "ideal mask",
      rows: [
        .init("vocals", baseline: -5, score: 5.1, oracle: 8.8),
        .init("drums", baseline: -4.2, score: 5.6, oracle: 8.1),
        .init("bass", baseline: -6, score: 3.4, oracle: 7.2),
        .init("other", baseline: -5.5, score: .nan, oracle: 7.6),
      ])
  }

  static func example(seconds: Double) -> ListeningExample {
    let guitar = tone(seconds: seconds, notes: [220, 277, 330, 440, 330, 277])
    let rest = drums(seconds: seconds)
    let mixture = zip(guitar, rest).map { $0 + $1 }
    let estimate = zip(guitar, rest).map { 0.93 * $0 + 0.08 * $1 }
    let leftOver = zip(mixture, estimate).map { $0 - $1 }
    return ListeningExample(
      "A test song", note: "six seconds from the middle",
      rows: [
        .init(
          "guitar",
          [
            .init("mixture", samples: mixture, rate: rate),
            .init("estimate", samples: estimate, rate: rate),
            .init("truth", samples: guitar, rate: rate),
          ]),
        .init(
          "rest",
          [
            .init("mixture", samples: mixture, rate: rate),
            .init("estimate", samples: leftOver, rate: rate),
            .init("truth", samples: rest, rate: rate),
          ]),
      ])
  }

  static func report(seconds: Double = 1) -> HTMLReport {
    var settings = ExampleSettings()
    settings.steps = 20000
    settings.optimizer.rate = 1e-3
    var report = HTMLReport(
      title: "Guitar & rest", subtitle: "Wave-U-Net, 20000 steps <of> training")
    report.highlight("guitar SDR", "6.21 dB")
    report.highlight("steps", "20000")
    report.highlight("training time", "3:05:00")
    report.highlight("parameters", "10.2 M")
    report.section("Scores", note: "Higher is better.", [.scores(scores), .charts([boxes, bars])])
    report.section("Learning", [.charts([curves, learning])])
    report.section("Listening", [.listening([example(seconds: seconds)])])
    report.section(
      "Run",
      [
        .configuration(settings),
        .facts(RunEnvironment.current(programVersion: "0.1").facts, title: "Environment"),
        .table(
          ReportTable(
            caption: "Checkpoints",
            objects: [["step": 1000, "loss": 0.25], ["step": 2000, "loss": 0.125]])),
        .text("That is all."),
      ])
    return report
  }
}
