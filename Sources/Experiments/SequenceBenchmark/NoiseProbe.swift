import Dispatch
import Synchronization

/// A fixed piece of arithmetic, timed again and again during a run: whatever its times tell, the benchmarks did
/// not cause.
///
/// Every thread multiplies and adds in registers. It feels another program on the same cores, a clock that slows
/// down as the chip warms, and a virtual machine that is not given its share.
struct NoiseProbe {
  private let threads: Int
  private(set) var seconds: [Double] = []

  init(threads: Int) { self.threads = threads }

  /// About three milliseconds per thread.
  mutating func measure() {
    let clock = ContinuousClock()
    let start = clock.now
    DispatchQueue.concurrentPerform(iterations: threads) { _ in Self.work() }
    seconds.append((clock.now - start).seconds)
  }

  private static let sink = Atomic<UInt32>(0)

  @inline(never)
  private static func work() {
    var sums = (SIMD16<Float>(repeating: 0.1), SIMD16<Float>(repeating: 0.2), SIMD16<Float>(repeating: 0.3))
    let factor = SIMD16<Float>(repeating: 0.999_9)
    let addend = SIMD16<Float>(repeating: 1e-4)
    for _ in 0..<400_000 {
      sums.0 = sums.0 * factor + addend
      sums.1 = sums.1 * factor + addend
      sums.2 = sums.2 * factor + addend
    }
    let sum = (sums.0 + sums.1 + sums.2).sum()
    sink.store(sum.bitPattern, ordering: .relaxed)
  }
}

/// How far a run's figures can be trusted.
public struct NoiseVerdict: Sendable, Equatable {
  public enum Level: String, Sendable { case quiet, unsteady, noisy, unknown }

  /// How often the probe was timed.
  public let probes: Int
  /// The quartiles' distance over the median, of the probe.
  public let probeSpread: Double
  /// The median of the last third of the probe's times over that of the first third.
  public let probeDrift: Double
  /// The probe's median in seconds: two machines, or two moments of one, compared.
  public let probeMedian: Double
  /// The median over all benchmarks of quartile distance over median.
  public let typicalSpread: Double

  public init(probe: [Double], spreads: [Double]) {
    probes = probe.count
    let five = FiveNumbers(probe)
    let third = max(1, probe.count / 3)
    probeMedian = five?.median ?? .nan
    probeSpread = five.map { ($0.upperQuartile - $0.lowerQuartile) / $0.median } ?? 0
    let (early, late) = (FiveNumbers(Array(probe.prefix(third))), FiveNumbers(Array(probe.suffix(third))))
    probeDrift = early.flatMap { early in late.map { $0.median / early.median } } ?? 1
    typicalSpread = FiveNumbers(spreads.filter(\.isFinite))?.median ?? 0
  }

  /// Quiet: the probe's quartiles within 3 %, its drift too, and repetitions typically within 5 %. Noisy: beyond 10,
  /// 10 and 15 %.
  /// Unknown: fewer probes than quartiles need.
  public var level: Level {
    if probes < Self.fewestProbes { return .unknown }
    let drift = abs(probeDrift - 1)
    if probeSpread > 0.10 || drift > 0.10 || typicalSpread > 0.15 { return .noisy }
    return probeSpread <= 0.03 && drift <= 0.03 && typicalSpread <= 0.05 ? .quiet : .unsteady
  }

  private static let fewestProbes = 8

  public var sentence: String {
    let figures =
      "a fixed piece of arithmetic varied by \(percent(probeSpread)) and drifted by "
      + "\(percent(abs(probeDrift - 1))); repetitions typically lie \(percent(typicalSpread)) apart"
    return switch level {
    case .unknown: "Whether the machine was quiet is unknown: a fixed piece of arithmetic was timed only \(probes) times."
    case .quiet: "The machine was quiet: \(figures)."
    case .unsteady: "The machine was unsteady: \(figures). Trust differences well above that."
    case .noisy: "The machine was noisy: \(figures). Something else was running, or its clock changed: repeat this."
    }
  }

  private func percent(_ share: Double) -> String { "\(Figures.fixed(share * 100, decimals: 1)) %" }

  var json: JSONObject {
    [
      "verdict": level.rawValue, "probe_spread": probeSpread, "probe_drift": probeDrift,
      "probes": probes, "probe_median_ms": probeMedian * 1e3, "typical_spread": typicalSpread,
    ]
  }
}

extension NoiseVerdict {
  /// The verdict in a file; `nil` where there is none.
  init?(json: JSONObject) {
    guard let spread = json["probe_spread"]?.number, let drift = json["probe_drift"]?.number,
      let median = json["probe_median_ms"]?.number, let typical = json["typical_spread"]?.number,
      let probes = json["probes"]?.integer
    else { return nil }
    self.probes = probes
    (probeSpread, probeDrift, probeMedian, typicalSpread) = (spread, drift, median / 1e3, typical)
  }
}
