public import SwiftDLAudio

/// The four ratios of BSS Eval for one window, in dB; NaN where undefined (a silent
/// source).
public struct SeparationMetrics: Sendable, Equatable {
  /// Source to distortion: everything that is wrong.
  public var sdr: Double
  /// Image to spatial distortion: the target filtered.
  public var isr: Double
  /// Source to interference: other sources.
  public var sir: Double
  /// Sources to artifacts: what no source explains.
  public var sar: Double

  public init(sdr: Double, isr: Double, sir: Double, sar: Double) {
    self.sdr = sdr
    self.isr = isr
    self.sir = sir
    self.sar = sar
  }

  /// The names museval uses, in the order of its tables.
  public static let names = ["SDR", "SIR", "ISR", "SAR"]

  /// The value under a name of `names`.
  public subscript(name: String) -> Double {
    switch name {
    case "SDR": sdr
    case "SIR": sir
    case "ISR": isr
    case "SAR": sar
    default: preconditionFailure("SeparationMetrics: there is no metric “\(name)”")
    }
  }
}

/// The scores of one source of one track.
public struct TargetScores: Sendable, Equatable {
  public let name: String
  /// One for each window, in time order.
  public let windows: [SeparationMetrics]
  /// What needs no filters and no other source.
  public let energies: EnergyScores

  public init(name: String, windows: [SeparationMetrics], energies: EnergyScores = EnergyScores()) {
    self.name = name
    self.windows = windows
    self.energies = energies
  }
}

/// The scores of one track.
public struct TrackScores: Sendable, Equatable {
  public let track: String
  /// Seconds.
  public let window: Double
  /// Seconds.
  public let hop: Double
  public let targets: [TargetScores]

  public init(track: String, window: Double = 1, hop: Double = 1, targets: [TargetScores]) {
    self.track = track
    self.window = window
    self.hop = hop
    self.targets = targets
  }
}
