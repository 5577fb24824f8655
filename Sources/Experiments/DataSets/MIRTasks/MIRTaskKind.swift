import Glibc
import SwiftDLAudio
public import SwiftDLModels

/// What the labels of a task say; its head, its loss and its figure follow.
public enum MIRTaskKind: String, Codable, Sendable, CaseIterable {
  /// From when to when something sounds, such as a voice.
  case activity
  /// What one source of a mixture sounds like alone.
  case source
  /// When notes begin.
  case onsets
  /// When beats fall.
  case beats
  /// Beats a minute.
  case tempo
  /// A major or minor key.
  case key
  /// Chords from when to when.
  case chords
  /// One of some names: a genre, an instrument.
  case classes
  /// Notes from when to when.
  case notes

  /// The columns of `labels.csv` behind `file` and `song`.
  var columns: [String] {
    switch self {
    case .activity: ["start", "end"]
    case .source: ["target"]
    case .onsets, .beats: ["time"]
    case .tempo: ["bpm"]
    case .key: ["key"]
    case .chords: ["start", "end", "chord"]
    case .classes: ["class"]
    case .notes: ["start", "end", "pitch"]
    }
  }

  /// What a model for the task is judged by; higher is better.
  public var metric: String {
    switch self {
    case .activity: "AU-ROC"
    case .source: "SI-SDR (dB)"
    case .onsets: "onset F"
    case .beats: "beat F"
    case .tempo: "P-score"
    case .key: "weighted score"
    case .chords: "chord overlap"
    case .classes: "accuracy"
    case .notes: "note F"
    }
  }

  /// What a universal network is asked for, of a task with so many classes.
  public func head(classes: Int) -> UniversalHead {
    switch self {
    case .activity, .onsets, .beats: UniversalHead(.frame, outputs: 1)
    case .source: UniversalHead(.sample, outputs: 1)
    case .tempo: UniversalHead(.clip, outputs: Self.tempi.count)
    case .key: UniversalHead(.clip, outputs: 24)
    case .chords: UniversalHead(.frame, outputs: ChordLabel.classCount)
    case .classes: UniversalHead(.clip, outputs: classes)
    case .notes: UniversalHead(.frame, outputs: Self.keys.count)
    }
  }

  /// Beats a minute that are told apart, 4 % from one to the next.
  static let tempi = (0..<52).map { 40 * pow(1.04, Double($0)) }
  /// The keys of a piano.
  static let keys = 21...108

  /// The class of a tempo; `nil` beyond those that are told apart.
  static func tempoClass(_ tempo: Double) -> Int? {
    guard tempo > 0 else { return nil }
    let index = Int((log(tempo / 40) / log(1.04)).rounded())
    return tempi.indices.contains(index) ? index : nil
  }

  static func keyClass(_ key: MusicalKey) -> Int { key.tonic + (key.isMinor ? 12 : 0) }
  static func key(ofClass index: Int) -> MusicalKey { MusicalKey(tonic: index % 12, isMinor: index >= 12) }
}
