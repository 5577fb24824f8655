import Foundation
import Glibc
import SwiftDL

/// One thing to be timed in turn with others: a network of ours at its work, or the peer's.
struct BenchmarkContender {
  let subject: BenchmarkSubject
  /// Bytes in use at most, once it has done something.
  let peakMemory: () -> Int?
  /// Does a number of units of work; the mean of their seconds and of their processor seconds, or nil on failure.
  let run: (_ iterations: Int) -> (seconds: Double, processorSeconds: Double)?
}

/// Runs the plan's benchmarks, group by group.
public struct SequenceBenchmark {
  public let plan: SequenceBenchmarkPlan
  public let settings: SequenceBenchmarkSettings
  /// Facts about machine and program, for the file.
  public var facts: JSONObject = [:]
  public var peer: PyTorchPeer?
  /// Whether the peer also runs compiled networks. Compiling takes up to minutes each.
  public var compilesPeer = false

  public init(_ settings: SequenceBenchmarkSettings) {
    self.settings = settings
    plan = SequenceBenchmarkPlan(settings)
  }

  /// How many benchmarks there are, the peer's included.
  public var count: Int {
    plan.groups.flatMap(\.entries).reduce(0) { $0 + systems(for: $1).count }
  }

  private func systems(for entry: SequenceBenchmarkPlan.Entry) -> [BenchmarkSubject.System] {
    guard peer != nil && entry.isWorthAPeer else { return [.ours] }
    return compilesPeer && entry.subject.division == .asPublished ? [.ours, .eager, .compiled] : [.ours, .eager]
  }

  /// Everything measured until the end or until `goesOn` says no; what was measured of a group is kept then.
  ///
  /// - Parameters:
  ///   - goesOn: asked after every repetition.
  ///   - saved: called with what there is after each group.
  public func run(
    _ progress: ProgressMeter, goesOn: () -> Bool, saved: (BenchmarkFile) throws -> Void
  ) rethrows -> BenchmarkFile {
    var probe = NoiseProbe(threads: settings.threads)
    var file = BenchmarkFile(context: context([], probe), results: [])
    var done = 0
    for group in plan.groups {
      guard goesOn() else { break }
      file.results += measure(group, progress, &done, &probe, goesOn)
      file.context = context(file.results, probe)
      try saved(file)
    }
    return file
  }

  private func context(_ results: [BenchmarkResult], _ probe: NoiseProbe) -> JSONObject {
    var context = facts
    context["threads"] = .integer(settings.threads)
    if let peer { context["pytorch"] = .string(peer.version) }
    context["noise"] = .object(NoiseVerdict(probe: probe.seconds, spreads: results.map(\.spread)).json)
    return context
  }

  // MARK: One group

  private func measure(
    _ group: SequenceBenchmarkPlan.Group, _ progress: ProgressMeter, _ done: inout Int, _ probe: inout NoiseProbe,
    _ goesOn: () -> Bool
  ) -> [BenchmarkResult] {
    MemoryStatistics.releaseCache()
    progress.update(done, fields: ["now": group.title])
    var contenders: [(contender: BenchmarkContender, result: BenchmarkResult)] = []
    for entry in group.entries {
      for system in systems(for: entry) where goesOn() {
        var subject = entry.subject
        subject.system = system
        let entry = SequenceBenchmarkPlan.Entry(subject: subject, model: entry.model)
        if let made = system == .ours ? Self.make(entry) : peer?.make(entry), let prepared = Self.warmed(made) {
          contenders.append(prepared)
        } else if goesOn() {
          progress.note("\(subject.name): cannot be run, left out")
        }
        done += 1
        progress.update(done)
      }
    }
    let clock = ContinuousClock()
    let start = clock.now
    repeating: for repetition in 0..<settings.repetitions.upperBound {
      // Minutes for every group would make an hour of a run: two repetitions tell apart what is that slow.
      let elapsed = (clock.now - start).seconds
      let isSlow = settings.repetitions.count > 1 && elapsed > 10 * settings.seconds
      if repetition >= (isSlow ? 2 : settings.repetitions.lowerBound) && elapsed > settings.seconds { break }
      probe.measure()
      for index in contenders.indices {
        guard goesOn() else { break repeating }
        guard let time = contenders[index].contender.run(contenders[index].result.iterations) else { continue }
        contenders[index].result.seconds.append(time.seconds)
        contenders[index].result.processorSeconds.append(time.processorSeconds)
      }
    }
    peer?.clear()
    return contenders.map { contender, result in
      var result = result
      result.peakMemory = contender.peakMemory()
      return result
    }.filter { !$0.seconds.isEmpty }
  }

  /// The contender after its first unit of work, which touches fresh memory and packs weights; and how many units
  /// make a repetition: enough for a clock.
  private static func warmed(
    _ contender: BenchmarkContender
  ) -> (contender: BenchmarkContender, result: BenchmarkResult)? {
    guard var time = contender.run(1) else { return nil }
    if time.seconds < 0.1 { time = contender.run(1) ?? time }
    let least = 0.02
    let iterations = time.seconds < least ? Int((least / max(time.seconds, 1e-6)).rounded(.up)) : 1
    let result = BenchmarkResult(
      name: contender.subject.name, subject: contender.subject, seconds: [], iterations: iterations)
    return (contender, result)
  }

  /// A network of ours. Its memory: what it keeps from unit to unit (weights, optimiser state, data) and what a unit
  /// of work adds to that.
  private static func make(_ entry: SequenceBenchmarkPlan.Entry) -> BenchmarkContender {
    let subject = entry.subject
    let current = ComputeContext.current
    let precision = Precision(rawValue: subject.precision) ?? current.precision
    let context =
      current.threads == subject.threads && current.precision == precision
      ? current
      : ComputeContext(threads: subject.threads, instructionSet: current.instructionSet, precision: precision)
    let before = MemoryStatistics.current.live
    let workload = SequenceWorkload(
      entry.model, subject.measurement, batch: subject.batch, window: subject.window,
      weights: StreamWeights(rawValue: subject.precision) ?? .float32)
    // The first unit makes the optimiser's state: what is kept, and the peak above it, are known after it.
    var (kept, peak) = (Int?.none, workload.streamBytes)
    return BenchmarkContender(subject: subject, peakMemory: { peak }) { iterations in
      ComputeContext.$current.withValue(context) {
        MemoryStatistics.resetPeak()
        let live = MemoryStatistics.current.live
        let (wall, processor) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
        for _ in 0..<iterations { workload.run() }
        let share = 1 / Double(iterations)
        let time = (seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - processor)
        if let kept, workload.streamBytes == nil { peak = max(peak ?? 0, kept + MemoryStatistics.current.peak - live) }
        kept = kept ?? MemoryStatistics.current.live - before
        return (time.0 * share, time.1 * share)
      }
    }
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
