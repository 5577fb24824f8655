import Glibc

/// Batches made in the background before they are needed, handed out in order.
///
/// At most `ahead` batches exist beyond the one in use, so memory is bounded. What comes out does
/// not depend on timing or on the number of workers: batch i is `make(i)`.
public final class Prefetcher<Batch: Sendable>: Sendable {
  private struct State {
    /// The next batch to be started, and the next to be handed out.
    var started: Int
    var taken: Int
    var ready: [Int: Result<Batch, any Error>] = [:]
    var stopped = false
    var waited = 0.0
  }

  private let monitor: Monitor<State>
  private let end: Int
  private let ahead: Int
  private let began = now()

  /// - Parameters:
  ///   - indices: the batches to make: `step..<.max` goes on for ever.
  ///   - ahead: how many may be in the making or waiting.
  ///   - workers: how many threads make them.
  ///   - make: makes one batch; may be called from several threads at once when there are several
  ///     workers.
  public init(
    _ indices: Range<Int>, ahead: Int = 2, workers: Int = 1,
    make: @escaping @Sendable (Int) throws -> Batch
  ) {
    precondition(ahead > 0 && workers > 0, "Prefetcher: \(ahead) batches ahead, \(workers) workers")
    let monitor = Monitor(State(started: indices.lowerBound, taken: indices.lowerBound))
    let end = indices.upperBound
    self.monitor = monitor
    self.end = end
    self.ahead = ahead
    for _ in 0..<min(workers, ahead) {
      startThread { Self.work(monitor, end: end, ahead: ahead, make) }
    }
  }

  deinit { stop() }

  /// The next batch; `nil` after the last one or after `stop()`. An error thrown while making a
  /// batch is thrown here, in its place, and ends the sequence.
  public func next() throws -> Batch? {
    let start = now()
    // Workers rest until half of what they may make is gone: waking one for every batch took 3.6 % of training steps
    // of 2 ms.
    let result: Result<Batch, any Error>? = monitor.wait(
      { state in
        if state.stopped || state.taken == self.end { return .some(nil) }
        guard let result = state.ready.removeValue(forKey: state.taken) else { return nil }
        state.taken += 1
        state.waited += now() - start
        if case .failure = result { Self.stop(&state) }
        return result
      }, waking: { $0.stopped || $0.started - $0.taken <= self.ahead / 2 })
    return try result?.get()
  }

  /// Ends the sequence and forgets what was made ahead. A batch in the making is finished and
  /// thrown away; nobody waits for it.
  public func stop() { monitor.change(Self.stop) }

  /// Seconds that `next()` has waited in total.
  public var secondsWaited: Double { monitor.read { $0.waited } }
  /// The share of the time since the start that `next()` has waited: near 0 when data is never
  /// late.
  public var shareWaited: Double { min(1, secondsWaited / max(now() - began, 1e-9)) }

  private static func stop(_ state: inout State) {
    state.stopped = true
    state.ready = [:]
  }

  private static func work(
    _ monitor: Monitor<State>, end: Int, ahead: Int, _ make: @Sendable (Int) throws -> Batch
  ) {
    while true {
      let index: Int? = monitor.wait { state in
        if state.stopped || state.started == end { return .some(nil) }
        guard state.started - state.taken < ahead else { return nil }
        defer { state.started += 1 }
        return state.started
      }
      guard let index else { return }
      let result = Result { try make(index) }
      monitor.change { state in
        if !state.stopped { state.ready[index] = result }
      }
    }
  }
}

/// Seconds of a clock that only goes forward.
private func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
