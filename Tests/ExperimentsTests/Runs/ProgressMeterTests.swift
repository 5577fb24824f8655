import Experiments
import Foundation
import Synchronization
import Testing

/// A clock that stands still until told, and a sink that remembers.
private final class Stage: Sendable {
  private let time = Mutex(100.0)
  private let text = Mutex("")

  func meter(
    total: Int? = 100, start: Int = 0, style: ProgressMeter.Style, interval: Double = 10,
    width: Int = 120
  ) -> ProgressMeter {
    ProgressMeter(
      total: total, label: "train", start: start, style: style, interval: interval,
      width: { width },
      clock: { self.time.withLock { $0 } }, sink: { new in self.text.withLock { $0 += new } })
  }

  func pass(_ seconds: Double) { time.withLock { $0 += seconds } }
  var shown: String { text.withLock { $0 } }
  var lines: [String] { shown.split(separator: "\n").map(String.init) }
}

@Suite struct ProgressMeterTests {
  @Test func plainLinesComeNowAndThen() {
    let stage = Stage()
    let meter = stage.meter(style: .plain)
    for step in 1...50 {
      stage.pass(0.5)
      meter.update(step, fields: ["loss": 1 / Double(step)])
    }
    #expect(
      stage.lines == [
        "train   20%  20/100  2.000 steps/s  500 ms each  loss 0.0500  0:40 left",
        "train   40%  40/100  2.000 steps/s  500 ms each  loss 0.0250  0:30 left",
      ])
    meter.finish()
    #expect(
      stage.lines.last == "train   50%  50/100  2.000 steps/s  500 ms each  loss 0.0200  in 0:25")
    meter.finish()
    meter.update(51)
    #expect(stage.lines.count == 3)
  }

  @Test func aBarRedrawsOneLineAndFitsTheTerminal() throws {
    for width in [20, 40, 79, 80, 200] {
      let stage = Stage()
      let meter = stage.meter(style: .bar, width: width)
      for step in 1...100 {
        stage.pass(0.0625)
        meter.update(step, fields: ["loss": 0.25, "audio s/s": 12.0])
      }
      meter.note("checkpoint saved")
      meter.finish()
      #expect(stage.lines.count == 2, "the note and the end are the only lines that stay")
      let drawings = stage.shown.components(separatedBy: "\r\u{1B}[K").dropFirst()
      #expect(drawings.count > 40 && drawings.count < 60, "every second step, 125 ms apart")
      #expect(drawings.allSatisfy { $0.filter { $0 != "\n" }.count < width })
      if width == 200 {
        let middle = try #require(drawings.first { $0.contains("50/100") || $0.contains("51/100") })
        #expect(middle.contains("│████████████") && middle.contains("audio s/s 12.00"))
      }
    }
  }

  @Test func jsonIsALineAnObject() throws {
    let stage = Stage()
    let meter = stage.meter(style: .json, interval: 1)
    for step in 1...4 {
      stage.pass(1)
      meter.update(step, fields: step == 2 ? ["loss": Double.nan] : [:])
    }
    meter.note("half way")
    meter.finish()
    let objects = try stage.lines.map { try #require(try JSONValue(parsing: $0).object) }
    #expect(objects.map { $0["done"]?.integer } == [1, 2, 3, 4, nil, 4])
    #expect(objects[0]["secondsLeft"] == 99.0 && objects[0]["fraction"] == 0.01)
    #expect(objects[2]["fields"] == ["loss": JSONValue.null])
    #expect(objects[4]["note"] == "half way")
    #expect(objects[5]["finished"] == true && objects[5]["secondsLeft"] == nil)
  }

  @Test func quietIsQuiet() {
    let stage = Stage()
    let meter = stage.meter(style: .quiet)
    for step in 1...100 {
      stage.pass(60)
      meter.update(step)
    }
    meter.note("nobody listens")
    meter.finish()
    #expect(stage.shown.isEmpty)
  }

  /// The steps of the first life do not count into the rate of the second.
  @Test func aResumedTaskTellsItsOwnRate() {
    let stage = Stage()
    let meter = stage.meter(start: 90, style: .plain, interval: 1)
    stage.pass(2)
    meter.advance()
    #expect(stage.lines == ["train   91%  91/100  0.5000 steps/s  2 s each  0:18 left"])
  }

  @Test func withoutATotalThereIsNoPercentage() {
    let stage = Stage()
    let meter = stage.meter(total: nil, style: .plain, interval: 1)
    stage.pass(1)
    meter.update(4)
    #expect(stage.lines == ["train  4 steps  4.000 steps/s  250 ms each"])
  }

  /// When steps become slower, the time left follows within a minute or so.
  @Test func theRateFollowsTheTask() throws {
    let stage = Stage()
    let meter = stage.meter(total: 10000, style: .json, interval: 1)
    var pace: [Double] = []
    for step in 1...300 {
      stage.pass(step <= 200 ? 1 : 3)
      meter.update(step)
      pace.append(
        try #require(
          try JSONValue(parsing: stage.lines.last ?? "").object?["secondsPerStep"]?.number))
    }
    #expect(pace.prefix(200).allSatisfy { abs($0 - 1) < 1e-9 })
    #expect(zip(pace[199...], pace[200...]).allSatisfy { $0 < $1 })
    #expect(pace[219] > 2.7 && pace[299] < 3)
  }

  /// A task called far too often, or one that does not move, does not flood the log.
  @Test func standingStillIsNotRepeated() {
    let stage = Stage()
    let meter = stage.meter(style: .plain)
    stage.pass(11)
    for _ in 0..<100 { meter.update(0) }
    #expect(stage.lines == ["train    0%  0/100"])
  }

  @Test(
    arguments: [
      (0, "0"), (1, "1"), (0.5, "0.5"), (0.12345, "0.1235"), (12.345, "12.35"), (123.45, "123.5"),
      (1234.5, "1234"),
      (-0.25, "-0.25"), (1e-5, "1.00e-05"), (2.5e9, "2.50e+09"), (.nan, "–"),
    ] as [(Double, String)])
  func shortFigures(value: Double, text: String) { #expect(Figures.short(value) == text) }

  @Test(
    arguments: [
      (0, "0:00"), (59.6, "1:00"), (754, "12:34"), (11100, "3:05:00"), (183_600, "2d 03:00"),
      (-5, "0:00"), (.nan, "–"),
    ] as [(Double, String)])
  func clocks(seconds: Double, text: String) { #expect(Figures.clock(seconds) == text) }

  @Test(
    arguments: [
      (8.5e-5, "85 µs"), (0.01234, "12.3 ms"), (1.5, "1.5 s"), (12.3456, "12.3 s"), (0, "0 µs"),
    ] as [(Double, String)])
  func durations(seconds: Double, text: String) { #expect(Figures.duration(seconds) == text) }

  @Test(
    arguments: [
      (1.25, 2, "1.25"), (-0.004, 2, "0.00"), (-1.5, 1, "−1.5"), (.nan, 2, "–"),
      (-.infinity, 2, "−∞"),
    ] as [(Double, Int, String)])
  func fixedFigures(value: Double, decimals: Int, text: String) {
    #expect(Figures.fixed(value, decimals: decimals) == text)
  }
}
