/// How many of the things that were asked for were found, and how many of those that were found were asked for.
public struct MatchScores: Sendable, Equatable {
  public let precision: Double
  public let recall: Double
  /// The harmonic mean of both; 0 where nothing was found, or nothing was there.
  public let fMeasure: Double

  /// - Parameter matches: pairs of a reference and an estimate, each of them in one pair at most.
  init(matches: Int, references: Int, estimates: Int) {
    precision = estimates == 0 ? 0 : Double(matches) / Double(estimates)
    recall = references == 0 ? 0 : Double(matches) / Double(references)
    fMeasure = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
  }

  /// The largest number of pairs, where `near` lists the references each estimate may be paired with (Kuhn's augmenting
  /// paths).
  static func largestMatching(_ near: [[Int]], references: Int) -> Int {
    var partner = [Int?](repeating: nil, count: references)
    func place(_ estimate: Int, _ seen: inout [Bool]) -> Bool {
      for reference in near[estimate] where !seen[reference] {
        seen[reference] = true
        if partner[reference].map({ place($0, &seen) }) ?? true {
          partner[reference] = estimate
          return true
        }
      }
      return false
    }
    return near.indices.count { estimate in
      var seen = [Bool](repeating: false, count: references)
      return place(estimate, &seen)
    }
  }
}

/// Times that were found against those that were there.
///
/// mir_eval's `onset.f_measure` (a tolerance of 0.05 s) and `beat.f_measure` (0.07 s, without trimming): a pair is at most
/// the tolerance apart, and the largest number of pairs counts.
public func eventScores(reference: [Double], estimate: [Double], tolerance: Double) -> MatchScores {
  let near = estimate.map { time in
    reference.indices.filter { time - tolerance <= reference[$0] && reference[$0] <= time + tolerance }
  }
  return MatchScores(
    matches: MatchScores.largestMatching(near, references: reference.count), references: reference.count,
    estimates: estimate.count)
}

/// A note of a transcription.
public struct TranscribedNote: Sendable, Equatable {
  /// Seconds.
  public var start: Double
  public var end: Double
  /// MIDI's numbers: 69 is 440 Hz.
  public var key: Int

  public init(start: Double, end: Double, key: Int) { (self.start, self.end, self.key) = (start, end, key) }
}

/// Notes that were found against those that were there: mir_eval's `transcription.precision_recall_f1_overlap` with onsets
/// at most 0.05 s apart, and, where ends count, ends at most 0.05 s or a fifth of the reference's length apart.
public func noteScores(
  reference: [TranscribedNote], estimate: [TranscribedNote], endsCount: Bool = false
) -> MatchScores {
  // To a tenth of a millisecond, as there: 50 ms are 50 ms.
  func apart(_ a: Double, _ b: Double) -> Double { (abs(a - b) * 1e4).rounded(.toNearestOrEven) / 1e4 }
  let near = estimate.map { found in
    reference.indices.filter { index in
      let note = reference[index]
      return note.key == found.key && apart(note.start, found.start) <= 0.05
        && (!endsCount || apart(note.end, found.end) <= max(0.05, 0.2 * (note.end - note.start)))
    }
  }
  return MatchScores(
    matches: MatchScores.largestMatching(near, references: reference.count), references: reference.count,
    estimates: estimate.count)
}
