import Foundation
import SwiftDLModels

/// A file of the suite as lines for people: what was measured, and what it says about the paper's claim.
public struct SequenceBenchmarkSummary {
  public let file: BenchmarkFile
  public init(_ file: BenchmarkFile) { self.file = file }

  /// The result about a network of a division; of the sweeps, use `series`.
  func result(
    _ division: BenchmarkSubject.Division, _ model: String, _ measurement: SequenceMeasurement,
    _ system: BenchmarkSubject.System = .ours
  ) -> BenchmarkResult? {
    file.results.first { result in
      result.subject.map {
        $0.division == division && $0.model == model && $0.measurement == measurement && $0.system == system
      } == true
    }
  }

  /// The results of a sweep for a network, from the least value swept to the largest.
  func series(
    _ division: BenchmarkSubject.Division, _ model: String, _ measurement: SequenceMeasurement,
    _ system: BenchmarkSubject.System = .ours
  ) -> [(subject: BenchmarkSubject, result: BenchmarkResult)] {
    file.results.compactMap { result in
      guard let subject = result.subject, subject.division == division, subject.model == model,
        subject.measurement == measurement, subject.system == system
      else { return nil }
      return (subject, result)
    }.sorted { ($0.subject.sweptValue ?? 0) < ($1.subject.sweptValue ?? 0) }
  }

  /// How many times as long the rival takes per output frame, with an interval of 95 %.
  func speedup(
    of model: String, over rival: String, _ measurement: SequenceMeasurement,
    _ division: BenchmarkSubject.Division = .asPublished
  ) -> (ratio: Double, interval: ClosedRange<Double>?)? {
    guard let ours = result(division, model, measurement), let theirs = result(division, rival, measurement),
      let a = ours.subject, let b = theirs.subject
    else { return nil }
    let scale = Double(a.outputs) / Double(b.outputs)
    let interval = RankTest.ratioInterval(ours.seconds, theirs.seconds).map {
      $0.lowerBound * scale...$0.upperBound * scale
    }
    return (theirs.median / ours.median * scale, interval)
  }

  // MARK: The claim

  /// What the paper claims of raw audio, and what was found here.
  public var claim: [String] {
    let name = "seq-u-net-audio"
    func found(_ rival: String, _ measurement: SequenceMeasurement) -> String? {
      speedup(of: name, over: rival, measurement).map { ratio, interval in
        let range =
          interval.map {
            " (95 %: \(Figures.fixed($0.lowerBound, decimals: 2)) to \(Figures.fixed($0.upperBound, decimals: 2)))"
          } ?? ""
        return "\(Figures.fixed(ratio, decimals: 2))×\(range)"
      }
    }
    let measured = [
      (SequenceMeasurement.training, "training step"), (.inference, "forward pass"),
      (.naiveGeneration, "generation without caches"), (.cachedGeneration, "generation with caches"),
    ].compactMap { measurement, title -> String? in
      guard let published = found("wavenet-audio", measurement) else { return nil }
      let cropped = found("wavenet-audio-cropped", measurement).map { ", \($0) WaveNet cropped first" } ?? ""
      return "\(title), per output sample: Seq-U-Net is \(published) as fast as WaveNet as published\(cropped)"
    }
    let published = PublishedTable.generatedPerSecond.map { "\($0.model) \(Figures.short($0.rate))" }
    let claim =
      "The paper (one GTX 1080): Seq-U-Net trains 4.04× and generates 4.48× as fast as WaveNet on raw audio "
      + "(samples per second with caches: \(published.joined(separator: ", ")))."
    let rates = [name, "wavenet-audio"].compactMap { model in
      result(.asPublished, model, .cachedGeneration).flatMap { result in
        result.subject.map { "\(model) \(Figures.short((Double($0.outputs) / result.median).rounded())) samples/s" }
      }
    }
    let generated =
      rates.isEmpty ? [] : ["generated with caches, one thread, one at a time: \(rates.joined(separator: ", "))"]
    return measured.isEmpty ? [] : [claim] + (measured + generated).map { "Here: \($0)." }
  }

  // MARK: The table

  /// Everything measured, a line per benchmark, grouped as it was run.
  public var table: String {
    var lines: [String] = []
    var previous = ""
    for result in file.results {
      guard let subject = result.subject else { continue }
      let heading =
        "\(subject.division.rawValue) · \(subject.task) · \(Self.title(subject.measurement))"
        + " · batch \(subject.batch) · \(subject.threads) thread\(subject.threads == 1 ? "" : "s")"
      if heading != previous {
        lines.append((lines.isEmpty ? "" : "\n") + heading)
        lines.append(Self.row("", ["median", "quartiles", "per output", "memory", "parameters", "context", "GMAC/s"]))
      }
      previous = heading
      lines.append(Self.row(Self.label(subject), Self.cells(result, subject)))
    }
    return lines.joined(separator: "\n")
  }

  static func title(_ measurement: SequenceMeasurement) -> String {
    switch measurement {
    case .training: "training step"
    case .inference: "forward pass"
    case .naiveGeneration: "generation, no caches"
    case .cachedGeneration: "generation with caches"
    }
  }

  /// The network, and what distinguishes it from others of its group.
  static func network(_ subject: BenchmarkSubject) -> String {
    let swept =
      switch subject.division {
      case .lengthSweep: ", \(subject.window.output) out"
      case .precisionSweep: ", \(subject.precision)"
      default: ""
      }
    return subject.model + swept
  }

  static func label(_ subject: BenchmarkSubject) -> String {
    network(subject) + (subject.system == .ours ? "" : " (\(name(of: subject.system)))")
  }

  static func name(of system: BenchmarkSubject.System) -> String {
    switch system {
    case .ours: "SwiftDL"
    case .eager: "PyTorch"
    case .compiled: "PyTorch compiled"
    }
  }

  /// Multiply–adds of a unit of work. Backward is twice forward: a gradient for the inputs, one for the weights.
  static func multiplyAdds(_ subject: BenchmarkSubject) -> Double {
    Double(subject.multiplyAdds * subject.batch) * (subject.measurement == .training ? 3 : 1)
  }

  private static func cells(_ result: BenchmarkResult, _ subject: BenchmarkSubject) -> [String] {
    let five = FiveNumbers(result.seconds)
    let quartiles = five.map { "\(Figures.duration($0.lowerQuartile)) – \(Figures.duration($0.upperQuartile))" } ?? ""
    let work = multiplyAdds(subject)
    return [
      Figures.duration(result.median), quartiles, Figures.duration(result.median / Double(subject.outputs)),
      result.peakMemory.map { "\(Figures.short(Double($0) / 1e6)) MB" } ?? "–",
      Figures.compact(Double(subject.parameters)), "\(subject.receptiveField)",
      Figures.short(work / result.median / 1e9),
    ]
  }

  private static func row(_ name: String, _ cells: [String]) -> String {
    let widths = [10, 21, 11, 10, 11, 9, 9]
    return "  " + name.padded(to: 34)
      + zip(cells, widths).map { $0.leftPadded(to: $1) }.joined(separator: " ")
  }

  public var noise: NoiseVerdict? {
    guard let noise = file.context["noise"]?.object else { return nil }
    return NoiseVerdict(json: noise)
  }
}
