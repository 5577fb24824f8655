import Experiments
import SwiftDL
import Testing

@Suite("files of benchmarks")
struct BenchmarkFileTests {
  private func file(_ seconds: [[Double]]) -> BenchmarkFile {
    BenchmarkFile(
      context: ["date": "today", "threads": 2],
      results: seconds.enumerated().map { index, seconds in
        BenchmarkResult(
          name: "group/\(index)/train", seconds: seconds, processorSeconds: seconds.map { 2 * $0 }, iterations: 3)
      })
  }

  @Test("what is written is read back, every repetition")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let written = file([[0.25, 0.5, 0.125], [1, 2, 4, 8]])
    let path = "\(folder.path)/a.json"
    try written.write(to: path)
    #expect(try BenchmarkFile(reading: path) == written)
  }

  @Test("the suite's own results keep what they are about")
  func subjects() throws {
    let folder = try TemporaryFolder()
    var settings = SequenceBenchmarkSettings(quick: true)
    (settings.tasks, settings.models, settings.divisions) = (["jsb"], ["tcn"], [.asPublished])
    (settings.repetitions, settings.seconds) = (2...2, 0)
    let meter = ProgressMeter(total: nil, label: "", style: .quiet)
    let measured = SequenceBenchmark(settings).run(meter, goesOn: { true }, saved: { _ in })
    let parts = SequenceMeasurement.allCases.map { measurement in
      "threads:\(measurement == .cachedGeneration ? 1 : settings.threads)/\(measurement.rawValue)/ours"
    }
    #expect(measured.results.map(\.name) == parts.map { "as-published/jsb/tcn-jsb/batch:1/\($0)" })
    for result in measured.results {
      #expect(result.seconds.count == 2 && result.seconds.allSatisfy { $0 > 0 })
      #expect(result.subject?.parameters == 534_468 && result.subject?.receptiveField == 13)
      // Weights at the least (a stream's without gains and biases), of a training step also gradients and two moments.
      let share = result.name.contains("train") ? 4 : 1
      #expect(result.peakMemory ?? 0 >= share * 4 * 530_000)
    }
    try measured.write(to: "\(folder.path)/a.json")
    let read = try BenchmarkFile(reading: "\(folder.path)/a.json")
    #expect(read.results.map(\.subject) == measured.results.map(\.subject))
    #expect(read.results.map(\.peakMemory) == measured.results.map(\.peakMemory))
  }

  @Test("Google Benchmark's own files, whatever their unit")
  func foreign() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.json"
    try AtomicFile.write(
      """
      {"context": {}, "benchmarks": [
        {"name": "BM", "run_name": "BM", "run_type": "iteration", "real_time": 2e3, "cpu_time": 1e3, "time_unit": "us"},
        {"name": "BM", "run_name": "BM", "run_type": "iteration", "real_time": 4e3, "cpu_time": 1e3, "time_unit": "us"},
        {"name": "BM_mean", "run_name": "BM", "run_type": "aggregate", "aggregate_name": "mean", "real_time": 3e3,
         "time_unit": "us"}]}
      """, to: path)
    let read = try BenchmarkFile(reading: path)
    #expect(read.results.map(\.seconds) == [[0.002, 0.004]])
  }

  @Test(
    "what is not such a file is refused",
    arguments: [
      ("", "not valid JSON"), ("[1]", "no benchmarks"), (#"{"benchmarks": []}"#, "no repetitions"),
      (#"{"benchmarks": [{"run_type": "iteration"}]}"#, "without a name"),
      (#"{"benchmarks": [{"name": "a", "run_type": "aggregate", "real_time": 1, "time_unit": "s"}]}"#, "medians"),
    ])
  func refusals(_ text: String, _ word: String) throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write(text, to: "\(folder.path)/a.json")
    let error = #expect(throws: FileError.self) { try BenchmarkFile(reading: "\(folder.path)/a.json") }
    #expect(error?.description.contains(word) == true, "\(String(describing: error))")
  }

  @Test("comparison: sure changes first, the largest first; a regression is one beyond chance")
  func comparison() {
    let steady = [1.0, 1.01, 0.99, 1.02, 0.98]
    let before = file([steady, steady, steady, [1, 2]])
    let after = file([steady.map { $0 * 1.005 }, steady.map { $0 * 1.5 }, steady.map { $0 * 0.5 }, [3, 4]])
    let comparison = BenchmarkComparison(before, after)
    #expect(comparison.rows.map(\.name) == ["group/2/train", "group/1/train", "group/3/train", "group/0/train"])
    #expect(comparison.rows.map(\.isSignificant) == [true, true, false, false])
    #expect(abs(comparison.rows[1].ratio - 1.5) < 1e-9)
    #expect(comparison.rows[1].interval?.contains(1.5) == true)
    #expect(comparison.regressions(percent: 10).map(\.name) == ["group/1/train"])
    #expect(comparison.regressions(percent: 60).isEmpty)
  }

  @Test("the verdict on noise")
  func noise() {
    let steady = (0..<30).map { 1 + 0.001 * Double($0 % 3) }
    #expect(NoiseVerdict(probe: steady, spreads: [0.01, 0.02]).level == .quiet)
    // One interruption in thirty is not noise; a clock that slows down is, and so is a rival for the core.
    #expect(NoiseVerdict(probe: steady + [5], spreads: [0.01]).level == .quiet)
    #expect(NoiseVerdict(probe: (0..<30).map { 1 + 0.006 * Double($0) }, spreads: [0.01]).level == .noisy)
    #expect(NoiseVerdict(probe: (0..<30).map { $0 % 2 == 0 ? 1 : 1.3 }, spreads: [0.01]).level == .noisy)
    #expect(NoiseVerdict(probe: steady, spreads: [0.07, 0.08]).level == .unsteady)
    #expect(abs(NoiseVerdict(probe: [1, 1, 1, 2, 2, 2], spreads: []).probeDrift - 2) < 1e-9)
  }
}
