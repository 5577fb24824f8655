import Foundation
public import SwiftDL

/// Two files of benchmarks, held against each other by name.
public struct BenchmarkComparison: Sendable {
  public struct Row: Sendable {
    public let name: String
    public let before: BenchmarkResult
    public let after: BenchmarkResult
    /// The median after over that before: above 1, it has become slower.
    public let ratio: Double
    /// What that ratio may be, with a confidence of 95 %; nil when repetitions are too few to say.
    public let interval: ClosedRange<Double>?
    public let test: RankTest

    init(_ before: BenchmarkResult, _ after: BenchmarkResult) {
      (name, self.before, self.after) = (before.name, before, after)
      ratio = after.median / before.median
      interval = RankTest.ratioInterval(before.seconds, after.seconds)
      test = RankTest(before.seconds, after.seconds)
    }

    /// Whether chance alone would show such a difference less than once in twenty times.
    public var isSignificant: Bool { test.probability < 0.05 }
    /// Whether it has become slower by more than a percentage, beyond chance.
    public func isRegression(percent: Double) -> Bool { isSignificant && ratio > 1 + percent / 100 }
  }

  /// Benchmarks in both files: those that surely differ first, the largest change first.
  public let rows: [Row]
  public let onlyBefore: [String]
  public let onlyAfter: [String]
  private let conditions: [String]

  public init(_ before: BenchmarkFile, _ after: BenchmarkFile) {
    let later = Dictionary(after.results.map { ($0.name, $0) }) { first, _ in first }
    let names = Set(before.results.map(\.name))
    rows = before.results.compactMap { result in later[result.name].map { Row(result, $0) } }.sorted { a, b in
      a.isSignificant == b.isSignificant ? abs(log(a.ratio)) > abs(log(b.ratio)) : a.isSignificant
    }
    onlyBefore = before.results.map(\.name).filter { later[$0] == nil }
    onlyAfter = after.results.map(\.name).filter { !names.contains($0) }
    conditions = Self.conditions(before.context, after.context)
  }

  /// Reads both files; refuses two that have no benchmark in common.
  public init(reading before: String, _ after: String) throws(FileError) {
    self.init(try BenchmarkFile(reading: before), try BenchmarkFile(reading: after))
    if rows.isEmpty {
      throw FileError(after, "has no benchmark in common with \(before)", hint: "were they run with the same options?")
    }
  }

  public func regressions(percent: Double) -> [Row] { rows.filter { $0.isRegression(percent: percent) } }

  /// What else than the program differs between two runs.
  private static func conditions(_ before: JSONObject, _ after: JSONObject) -> [String] {
    var lines: [String] = []
    for key in ["processor", "cpu", "instruction set", "threads", "precision", "pytorch"] {
      guard let a = before[key], let b = after[key], a != b else { continue }
      lines.append("another \(key): \(Figures.short(a)) before, \(Figures.short(b)) after")
    }
    let verdicts = [before, after].map { $0["noise"]?.object.flatMap { NoiseVerdict(json: $0) } }
    for (name, verdict) in zip(["before", "after"], verdicts) {
      if let verdict, verdict.level != .quiet { lines.append("\(name): \(verdict.sentence)") }
    }
    if let a = verdicts[0]?.probeMedian, let b = verdicts[1]?.probeMedian, abs(b / a - 1) > 0.05 {
      let speed = Figures.fixed(a / b, decimals: 2)
      lines.append("the machine itself ran at \(speed) of its speed before: times are not comparable")
    }
    return lines
  }

  /// The table, a line per benchmark.
  public var text: String {
    let width = min(90, rows.map(\.name.count).max() ?? 0)
    var lines = [
      "benchmark".padded(to: width) + columns("before", "after", "ratio", "95 %", "p")
    ]
    for row in rows {
      let interval = row.interval.map {
        "\(Figures.fixed($0.lowerBound, decimals: 3))–\(Figures.fixed($0.upperBound, decimals: 3))"
      }
      lines.append(
        row.name.padded(to: width)
          + columns(
            Figures.duration(row.before.median), Figures.duration(row.after.median),
            Figures.fixed(row.ratio, decimals: 3), interval ?? "–", Figures.fixed(row.test.probability, decimals: 4))
          + (row.isSignificant ? row.ratio < 1 ? "  faster" : "  slower" : ""))
    }
    let mean = exp(rows.map { log($0.ratio) }.reduce(0, +) / Double(max(rows.count, 1)))
    lines.append(
      "\(rows.count) benchmarks, geometric mean of the ratios \(Figures.fixed(mean, decimals: 3)); "
        + "\(rows.count { $0.isSignificant && $0.ratio < 1 }) faster and "
        + "\(rows.count { $0.isSignificant && $0.ratio > 1 }) slower beyond chance (Mann–Whitney, p < 0.05: of "
        + "twenty that did not change, one may)")
    for (names, place) in [(onlyBefore, "before"), (onlyAfter, "after")] where !names.isEmpty {
      let more = names.count > 4 ? " and \(names.count - 4) more" : ""
      lines.append("only \(place): \(names.prefix(4).joined(separator: ", "))\(more)")
    }
    return (lines + conditions).joined(separator: "\n")
  }

  private func columns(_ cells: String...) -> String {
    zip(cells, [11, 11, 8, 14, 8]).map { " " + $0.leftPadded(to: $1) }.joined()
  }
}
