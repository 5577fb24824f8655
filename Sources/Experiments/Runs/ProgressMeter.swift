import Glibc
import Synchronization

/// Tells how far a long task is: one line that is redrawn on a terminal, a line now and then in a
/// log, or JSON.
///
///     let progress = ProgressMeter(total: 1000, label: "train", style: .automatic)
///     for step in 1...1000 { …; progress.update(step, fields: ["loss": loss]) }
///     progress.finish()
///
/// Everything goes to standard error; standard output stays clean for results.
public final class ProgressMeter: Sendable {
  public enum Style: String, Sendable, CaseIterable {
    /// A bar on a terminal, plain lines elsewhere.
    case automatic
    case bar
    case plain
    /// One JSON object a line, for programs that read along.
    case json
    case quiet
  }

  private struct State {
    var done: Int
    var fields: JSONObject = [:]
    /// Where the meter stood when the pace was last measured, and when that was.
    var measured: (done: Int, time: Double)
    var lastDrawing: Double
    /// Seconds a step took lately: an average in which older steps fade.
    var secondsPerStep: Double?
    var nothingDrawn = true
    var finished = false
  }

  private let total: Int?
  private let label: String
  private let unit: String
  private let style: Style
  private let interval: Double
  private let width: @Sendable () -> Int
  private let clock: @Sendable () -> Double
  private let sink: @Sendable (String) -> Void
  private let start: (done: Int, time: Double)
  private let state: Mutex<State>

  /// - Parameters:
  ///   - total: How many steps there are; nil where nobody knows.
  ///   - start: The step a resumed task begins after, so that its rate is not too good to be true.
  ///   - unit: What a step is called in the rate: `12.3 steps/s`.
  ///   - interval: Seconds between plain or JSON lines. A bar is redrawn ten times a second.
  ///   - width: Columns of the terminal; asked anew at every drawing.
  ///   - clock: Seconds from any fixed moment.
  ///   - sink: Where text goes.
  public init(
    total: Int?, label: String, start: Int = 0, unit: String = "steps", style: Style = .automatic,
    interval: Double = 10, width: (@Sendable () -> Int)? = nil,
    clock: (@Sendable () -> Double)? = nil,
    sink: (@Sendable (String) -> Void)? = nil
  ) {
    self.total = total
    self.label = label
    self.unit = unit
    self.style = style != .automatic ? style : isatty(STDERR_FILENO) == 1 ? .bar : .plain
    self.interval = interval
    self.width = width ?? Terminal.width
    self.clock = clock ?? Terminal.seconds
    self.sink = sink ?? Terminal.write
    self.start = (start, self.clock())
    state = Mutex(State(done: start, measured: self.start, lastDrawing: self.start.time))
  }

  /// The task has done this many steps. Fields stay in the line until they are told anew.
  public func update(_ done: Int, fields: JSONObject = [:]) {
    let text = state.withLock { state -> String in
      state.done = done
      state.fields = state.fields.merging(fields)
      let now = clock()
      let wait = style == .bar ? 0.1 : interval
      let due = now - state.lastDrawing >= wait || (style == .bar && state.nothingDrawn)
      return due && !state.finished ? draw(&state, now) : ""
    }
    if !text.isEmpty { sink(text) }
  }

  /// The task is one step further than before.
  public func advance(fields: JSONObject = [:]) {
    update(state.withLock { $0.done } + 1, fields: fields)
  }

  /// A sentence for the reader, above a bar without tearing it.
  public func note(_ sentence: String) {
    let text = state.withLock { state -> String in
      switch style {
      case .bar:
        state.nothingDrawn ? sentence + "\n" : "\r\u{1B}[K\(sentence)\n" + draw(&state, clock())
      case .json: (["label": label, "note": sentence] as JSONObject).json.text + "\n"
      case .quiet: ""
      case .plain, .automatic: sentence + "\n"
      }
    }
    if !text.isEmpty { sink(text) }
  }

  /// The task is over, at the last step told: a last line with the average over all of it.
  public func finish() {
    let text = state.withLock { state -> String in
      if state.finished { return "" }
      state.finished = true
      let elapsed = clock() - start.time
      let steps = state.done - start.done
      state.secondsPerStep = steps > 0 ? elapsed / Double(steps) : nil
      switch style {
      case .bar: return "\r\u{1B}[K" + fitted(line(state, bar: 0, elapsed: elapsed), width()) + "\n"
      case .json: return jsonLine(state, elapsed)
      case .quiet: return ""
      case .plain, .automatic: return line(state, bar: 0, elapsed: elapsed) + "\n"
      }
    }
    if !text.isEmpty { sink(text) }
  }

  // MARK: Drawing

  private func draw(_ state: inout State, _ now: Double) -> String {
    measure(&state, now)
    state.lastDrawing = now
    state.nothingDrawn = false
    let elapsed = now - start.time
    switch style {
    case .bar:
      let columns = width()
      // The bar takes what a terminal of 80 columns can spare, and gives way on narrower ones.
      let whole = line(state, bar: 24, elapsed: elapsed)
      let short = whole.count < columns ? whole : line(state, bar: 8, elapsed: elapsed)
      return "\r\u{1B}[K" + fitted(short, columns)
    case .json: return jsonLine(state, elapsed)
    case .quiet: return ""
    case .plain, .automatic: return line(state, bar: 0, elapsed: elapsed) + "\n"
    }
  }

  /// Blends the time of the newest steps into the average; the last `memory` seconds weigh about
  /// two thirds.
  private func measure(_ state: inout State, _ now: Double) {
    let memory = 30.0
    let steps = state.done - state.measured.done
    let seconds = now - state.measured.time
    guard steps > 0, seconds > 0 else { return }
    let lately = seconds / Double(steps)
    // Until `memory` seconds have passed, the plain mean over all of them.
    let weight = max(1 - exp(-seconds / memory), seconds / (now - start.time))
    state.secondsPerStep =
      state.secondsPerStep.map { $0 + (lately - $0) * min(weight, 1) } ?? lately
    state.measured = (state.done, now)
  }

  private func fraction(_ state: State) -> Double? {
    total.map { $0 > 0 ? min(max(Double(state.done) / Double($0), 0), 1) : 1 }
  }

  private func secondsLeft(_ state: State) -> Double? {
    guard let total, let pace = state.secondsPerStep else { return nil }
    return Double(max(total - state.done, 0)) * pace
  }

  private func line(_ state: State, bar: Int, elapsed: Double) -> String {
    var parts = [label]
    if let fraction = fraction(state) {
      let percent = String(Int(fraction * 100))
      parts.append(String(repeating: " ", count: 3 - percent.count) + percent + "%")
      if bar > 0 { parts.append(Self.bar(fraction, cells: bar)) }
    }
    parts.append(total.map { "\(state.done)/\($0)" } ?? "\(state.done) \(unit)")
    if let pace = state.secondsPerStep, pace > 0 {
      parts.append("\(Figures.short(1 / pace, trimmed: false)) \(unit)/s")
      parts.append("\(Figures.duration(pace)) each")
    }
    parts += state.fields.entries.map { "\($0.key) \(Figures.short($0.value, trimmed: false))" }
    if state.finished {
      parts.append("in \(Figures.clock(elapsed))")
    } else if let left = secondsLeft(state) {
      parts.append("\(Figures.clock(left)) left")
    }
    return parts.joined(separator: "  ")
  }

  private func jsonLine(_ state: State, _ elapsed: Double) -> String {
    var object: JSONObject = ["label": label, "done": state.done, "unit": unit]
    object["total"] = total?.json
    object["fraction"] = fraction(state)?.json
    object["elapsed"] = elapsed.json
    object["secondsPerStep"] = state.secondsPerStep?.json
    object["secondsLeft"] = state.finished ? nil : secondsLeft(state)?.json
    object["finished"] = state.finished.json
    if !state.fields.isEmpty { object["fields"] = .object(state.fields) }
    return object.json.text + "\n"
  }

  /// A bar in eighths of a cell.
  private static func bar(_ fraction: Double, cells: Int) -> String {
    let eighths = Int(fraction * Double(cells * 8))
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let filled = String(repeating: "█", count: eighths / 8) + partial
    return "│" + filled + String(repeating: " ", count: cells - filled.count) + "│"
  }

  private func fitted(_ text: String, _ columns: Int) -> String {
    text.count < columns ? text : String(text.prefix(max(columns - 2, 0))) + "…"
  }
}

private enum Terminal {
  @Sendable static func width() -> Int {
    var size = winsize()
    let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return known ? Int(size.ws_col) : 80
  }

  @Sendable static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Whole lines in one call, so that they do not mix with those of others.
  @Sendable static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
