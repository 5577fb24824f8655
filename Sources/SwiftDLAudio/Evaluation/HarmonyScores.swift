/// A major or minor key.
public struct MusicalKey: Sendable, Hashable {
  /// 0 is C.
  public let tonic: Int
  public let isMinor: Bool

  public init(tonic: Int, isMinor: Bool) { (self.tonic, self.isMinor) = (tonic, isMinor) }

  /// Reads `C major`, `f# minor`, `Eb minor`; `nil` for anything else.
  public init?(_ text: String) {
    let words = text.split(separator: " ").map { $0.lowercased() }
    guard words.count == 2, ["major", "minor"].contains(words[1]), let tonic = pitchClass(words[0]) else { return nil }
    self.init(tonic: tonic, isMinor: words[1] == "minor")
  }

  /// As it is read.
  public var text: String { "\(pitchClassNames[tonic]) \(isMinor ? "minor" : "major")" }

  /// How near an estimate comes: mir_eval's `key.weighted_score`. 1 for the key, 0.5 for the one a fifth above it, 0.3 for
  /// the relative one, 0.2 for the parallel one.
  public func score(ofEstimate estimate: MusicalKey) -> Double {
    let distance = (estimate.tonic - tonic + 12) % 12
    if estimate.isMinor == isMinor { return distance == 0 ? 1 : distance == 7 ? 0.5 : 0 }
    if distance == (isMinor ? 3 : 9) { return 0.3 }
    return distance == 0 ? 0.2 : 0
  }
}

let pitchClassNames = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]

/// The pitch class of a letter with sharps or flats behind it.
private func pitchClass(_ text: String) -> Int? {
  let letters: [Character: Int] = ["C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11]
  guard let letter = text.first?.uppercased().first, let base = letters[letter] else { return nil }
  var shift = 0
  for sign in text.dropFirst() {
    guard sign == "#" || sign == "b" else { return nil }
    shift += sign == "#" ? 1 : -1
  }
  return ((base + shift) % 12 + 12) % 12
}

/// A chord as far as major and minor tell chords apart.
public enum ChordLabel: Sendable, Hashable {
  /// No chord.
  case none
  case major(Int)
  case minor(Int)
  /// A chord that is neither.
  case other

  /// Qualities by their triads, in the syntax of Harte et al., "Symbolic representation of musical chords", ISMIR 2005.
  private static let majors = ["maj", "maj7", "7", "maj6", "6", "9", "maj9", "11", "13", "maj11", "maj13"]
  private static let minors = ["min", "min7", "minmaj7", "min6", "min9", "min11", "min13"]
  private static let others = ["dim", "dim7", "hdim7", "aug", "sus2", "sus4", "1", "5"]

  /// Reads `C`, `A:min`, `F#:maj7/3`, `N`, `X`; `nil` for what is no chord.
  public init?(_ text: String) {
    if text == "N" || text == "X" {
      self = text == "N" ? .none : .other
      return
    }
    let upper = text.split(separator: "/", omittingEmptySubsequences: false)[0]
    let parts = upper.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, parts[0].first?.isUppercase == true, let root = pitchClass(parts[0]) else { return nil }
    let quality = parts.count == 1 ? "maj" : parts[1]
    if Self.majors.contains(quality) {
      self = .major(root)
    } else if Self.minors.contains(quality) {
      self = .minor(root)
    } else if Self.others.contains(quality) {
      self = .other
    } else {
      return nil
    }
  }

  /// As it is read.
  public var text: String {
    switch self {
    case .none: "N"
    case .major(let root): "\(pitchClassNames[root]):maj"
    case .minor(let root): "\(pitchClassNames[root]):min"
    case .other: "X"
    }
  }

  /// The classes a network tells apart: 12 major ones, 12 minor ones, none.
  public static let classCount = 25
  /// `nil` for what is none of them.
  public var index: Int? {
    switch self {
    case .major(let root): root
    case .minor(let root): 12 + root
    case .none: 24
    case .other: nil
    }
  }
  public init(index: Int) { self = index < 12 ? .major(index) : index < 24 ? .minor(index - 12) : .none }
}

/// A chord from a time to another.
public struct TimedChord: Sendable, Equatable {
  /// Seconds.
  public var start: Double
  public var end: Double
  public var label: ChordLabel

  public init(start: Double, end: Double, label: ChordLabel) { (self.start, self.end, self.label) = (start, end, label) }
}

/// The share of the time for which chords agree as major or minor: mir_eval's `majmin` of `chord.evaluate`. Time whose
/// reference is neither does not count; what no estimate covers counts as no chord.
///
/// - Parameter reference: without gaps or overlaps, by time.
public func chordOverlap(reference: [TimedChord], estimate: [TimedChord]) -> Double {
  var (agreeing, counted) = (0.0, 0.0)
  for truth in reference where truth.label != .other {
    let ends = estimate.flatMap { [$0.start, $0.end] }.filter { truth.start < $0 && $0 < truth.end }
    let bounds = Set(ends + [truth.start, truth.end]).sorted()
    for (start, end) in zip(bounds, bounds.dropFirst()) {
      let middle = (start + end) / 2
      let found = estimate.first { $0.start <= middle && middle < $0.end }?.label ?? .none
      counted += end - start
      if found == truth.label { agreeing += end - start }
    }
  }
  return counted == 0 ? 0 : agreeing / counted
}

/// How much of two reference tempi was found: mir_eval's `tempo.detection`, at most 8 % off.
///
/// - Parameters:
///   - reference: two tempi, of which one may be 0: then there is only the other.
///   - weight: of the first one, 0 … 1.
///   - estimate: two tempi in any order.
public func tempoScore(reference: (Double, Double), weight: Double, estimate: (Double, Double)) -> Double {
  func isFound(_ tempo: Double) -> Bool {
    tempo > 0 && min(abs(tempo - estimate.0), abs(tempo - estimate.1)) / tempo <= 0.08
  }
  return (isFound(reference.0) ? weight : 0) + (isFound(reference.1) ? 1 - weight : 0)
}
