import Foundation
public import SwiftDL

/// One benchmark: its name and every repetition of it.
public struct BenchmarkResult: Sendable, Equatable {
  public var name: String
  /// What it is about, of the suite's own benchmarks.
  public var subject: BenchmarkSubject?
  /// Seconds that a unit of work took, one number per repetition, in their order.
  public var seconds: [Double]
  /// Seconds of processor time, all threads' together.
  public var processorSeconds: [Double]
  /// Units of work per repetition, which its seconds are the mean over.
  public var iterations: Int
  /// Bytes at most in use: weights, optimiser state and everything in between; `nil` where nobody counted.
  public var peakMemory: Int?

  public init(
    name: String, subject: BenchmarkSubject? = nil, seconds: [Double], processorSeconds: [Double] = [],
    iterations: Int = 1, peakMemory: Int? = nil
  ) {
    (self.name, self.subject, self.seconds) = (name, subject, seconds)
    (self.processorSeconds, self.iterations, self.peakMemory) = (processorSeconds, iterations, peakMemory)
  }

  public var median: Double { FiveNumbers(seconds)?.median ?? .nan }
  /// The distance of the quartiles as a share of the median.
  public var spread: Double {
    FiveNumbers(seconds).map { ($0.upperQuartile - $0.lowerQuartile) / $0.median } ?? .nan
  }
}

/// Benchmarks in a file, in Google Benchmark's format: every repetition as a run of type `iteration`, then their
/// median as an `aggregate`. So its tools can read ours, and `swiftdl bench compare` can read theirs.
public struct BenchmarkFile: Sendable, Equatable {
  /// The machine and the moment.
  public var context: JSONObject
  public var results: [BenchmarkResult]

  public init(context: JSONObject, results: [BenchmarkResult]) {
    (self.context, self.results) = (context, results)
  }

  // MARK: Writing

  public var json: String {
    let entries = results.enumerated().flatMap { index, result in Self.entries(result, family: index) }
    return (["context": context, "benchmarks": entries] as JSONObject).json.written(indentation: 1) + "\n"
  }

  public func write(to path: String) throws(FileError) { try AtomicFile.write(json, to: path) }

  private static func entries(_ result: BenchmarkResult, family: Int) -> [JSONObject] {
    guard let five = FiveNumbers(result.seconds) else { return [] }
    let threads = result.subject?.threads ?? 1
    func entry(_ name: String, _ kind: JSONObject, _ seconds: Double, _ processor: Double) -> JSONObject {
      let head: JSONObject = ["name": name, "family_index": family, "run_name": result.name]
      let body: JSONObject = [
        "repetitions": result.seconds.count, "threads": threads, "iterations": result.iterations,
        "real_time": seconds * 1e3, "cpu_time": processor * 1e3, "time_unit": "ms",
      ]
      return head.merging(kind).merging(body)
    }
    let processor = result.processorSeconds.count == result.seconds.count ? result.processorSeconds : result.seconds
    let runs = result.seconds.indices.map { index in
      entry(
        result.name, ["run_type": "iteration", "repetition_index": index], result.seconds[index], processor[index])
    }
    var counters: JSONObject = [
      "lower_quartile": five.lowerQuartile * 1e3, "upper_quartile": five.upperQuartile * 1e3,
    ]
    if let subject = result.subject {
      counters = counters.merging(subject.json)
      counters["items_per_second"] = .number(Double(subject.outputs) / five.median)
    }
    counters["peak_memory_bytes"] = result.peakMemory?.json
    let median = entry(
      result.name + "_median", ["run_type": "aggregate", "aggregate_name": "median"], five.median,
      FiveNumbers(processor)?.median ?? five.median)
    return runs + [median.merging(counters)]
  }

  // MARK: Reading

  /// Reads a file of this suite, or of any program that writes Google Benchmark's format with its repetitions.
  public init(reading path: String) throws(FileError) {
    guard Folders.exists(path) else { throw FileError(path, "there is no such file") }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw FileError(path, "cannot be read as a text in UTF-8")
    }
    try self.init(parsing: text, origin: path)
  }

  init(parsing text: String, origin path: String) throws(FileError) {
    let hint = "give a JSON file written by `swiftdl bench sequence`"
    let document: JSONValue
    do { document = try JSONValue(parsing: text) } catch { throw FileError(path, "\(error)", hint: hint) }
    guard let root = document.object, let entries = root["benchmarks"]?.array else {
      throw FileError(path, "is JSON, but holds no benchmarks", hint: hint)
    }
    context = root["context"]?.object ?? [:]
    results = []
    var places: [String: Int] = [:]
    for entry in entries.compactMap(\.object) {
      guard let name = entry["run_name"]?.string ?? entry["name"]?.string,
        let unit = Self.units[entry["time_unit"]?.string ?? "ns"],
        let time = entry["real_time"]?.number, time.isFinite, time >= 0
      else { throw FileError(path, "holds a benchmark without a name, a time or a known unit", hint: hint) }
      if let place = places[name], entry["aggregate_name"]?.string == "median" {
        results[place].subject = BenchmarkSubject(json: entry)
        results[place].peakMemory = entry["peak_memory_bytes"]?.integer
      }
      if entry["run_type"]?.string == "aggregate" { continue }
      let place = places[name] ?? results.count
      if place == results.count {
        results.append(BenchmarkResult(name: name, seconds: [], iterations: entry["iterations"]?.integer ?? 1))
        places[name] = place
      }
      results[place].seconds.append(time * unit)
      results[place].processorSeconds.append((entry["cpu_time"]?.number ?? time) * unit)
    }
    if results.isEmpty {
      throw FileError(
        path, "holds no repetitions, so nothing can be tested", hint: entries.isEmpty ? hint : "only medians are in it")
    }
  }

  private static let units = ["ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0]
}
