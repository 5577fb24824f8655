public import SwiftDL
import SwiftDLAudio

/// A multitrack corpus out of nothing: pop songs of synthesised voice, drums, bass and harmony, for
/// trying recipes, for tests and for measurements where no recorded stems are at hand.
///
/// The layout is MUSDB18-HQ's:
/// `DIR/{train,valid,test}/TRACK/{mixture,bass,drums,other,vocals}.wav`, 32-bit float, stereo.
/// `mixture` is the sum of the stems as stored, exactly: ((bass + drums) + other) + vocals in
/// float32. The peak of every file is at most 0.9. The same options give the same bytes on every
/// machine: synthesis uses no function whose last bits may differ.
public struct SyntheticCorpus: Sendable, Equatable {
  /// Sorted, as the corpus reader sorts them.
  public static let stemNames = ["bass", "drums", "other", "vocals"]

  /// Music in all; rounded to whole tracks, at least three (one for each split).
  public var minutes: Double
  public var secondsPerTrack: Double
  public var sampleRate: Int
  public var seed: UInt64

  public init(
    minutes: Double = 4, secondsPerTrack: Double = 30, sampleRate: Int = 44_100, seed: UInt64 = 0
  ) {
    precondition(
      minutes > 0 && secondsPerTrack > 0,
      "SyntheticCorpus: lengths must be positive, got \(minutes) min of \(secondsPerTrack) s")
    precondition(
      sampleRate >= 8000, "SyntheticCorpus: the rate must be at least 8000 Hz, got \(sampleRate)")
    self.minutes = minutes
    self.secondsPerTrack = secondsPerTrack
    self.sampleRate = sampleRate
    self.seed = seed
  }

  public var trackCount: Int { max(3, Int((minutes * 60 / secondsPerTrack).rounded())) }

  /// Writes the corpus below a folder; a larger corpus of the same seed contains the smaller.
  ///
  /// Memory: one track (at 44,100 Hz, 30 s take about 150 MB).
  /// - Parameter progress: told the number of tracks written and of all, after each.
  /// - Throws: `FileError` if the folder holds tracks of something else, or cannot be written.
  public func write(
    to folder: String, progress: (_ written: Int, _ all: Int) -> Void = { _, _ in }
  ) throws(FileError) {
    let scores = (0..<trackCount).map {
      Score(CounterHash(seed, UInt64($0)), seconds: secondsPerTrack)
    }
    let paths = scores.enumerated().map { "\(Self.splitFolder(of: $0))/\(Self.name(of: $0, $1))" }
    try CorpusFolder.refuseOthers(than: Set(paths), in: folder)
    for (index, score) in scores.enumerated() {
      let track = "\(folder)/\(paths[index])"
      try Folders.create(track)
      let stems = stems(of: score)
      var mixture = stems[0]
      for stem in stems.dropFirst() {
        for sample in mixture.indices { mixture[sample] += stem[sample] }
      }
      for (name, samples) in zip(Self.stemNames + ["mixture"], stems + [mixture]) {
        let sound = AudioBuffer(samples: samples, channels: 2, sampleRate: sampleRate)
        try AudioFile.write(sound, to: "\(track)/\(name).wav", format: .wav(.float32))
      }
      progress(index + 1, trackCount)
    }
  }

  /// Of every ten tracks the second is for testing and the third for validation.
  private static func splitFolder(of index: Int) -> String {
    switch index % 10 {
    case 1: "test"
    case 2: "valid"
    default: "train"
    }
  }

  private static func name(of index: Int, _ score: Score) -> String {
    let number = String(index + 1).count < 3 ? ("00" + String(index + 1)).suffix(3) : "\(index + 1)"
    return "\(number) \(score.key) \(score.beatsPerMinute) bpm"
  }

  /// The stems in the order of their names, interleaved, scaled together so that no file peaks
  /// above 0.9.
  private func stems(of score: Score) -> [[Float]] {
    let frames = Int((secondsPerTrack * Double(sampleRate)).rounded())
    let instruments: [((Score, inout StereoTrack) -> Void, Double)] = [
      (Bass.render, 0.10), (Drums.render, 0.10), (Harmony.render, 0.08), (Voice.render, 0.12),
    ]
    var tracks = instruments.enumerated().map { index, instrument in
      var track = StereoTrack(frames: frames, rate: Double(sampleRate))
      instrument.0(score, &track)
      // Balances differ from song to song by up to 3 dB each way.
      track.normalise(rms: instrument.1 * (0.7 + 0.7 * score.hash.with(UInt64(500 + index)).unit))
      return track.samples
    }
    var peak = 0.0
    for sample in 0..<2 * frames {
      var sum = 0.0
      for track in tracks {
        sum += track[sample]
        peak = max(peak, abs(track[sample]))
      }
      peak = max(peak, abs(sum))
    }
    // A hair below 0.9, for the rounding to float.
    let gain = peak > 0 ? 0.899_999 / peak : 1
    return tracks.indices.map { index in
      defer { tracks[index] = [] }
      return tracks[index].map { Float($0 * gain) }
    }
  }
}

/// The folder a corpus is written to.
enum CorpusFolder {
  /// Throws if the folder already holds tracks that are not among those about to be written: two
  /// corpora in one folder would be read as one.
  static func refuseOthers(than tracks: Set<String>, in folder: String) throws(FileError) {
    for split in Split.allCases.flatMap(\.folderNames)
    where Folders.isDirectory("\(folder)/\(split)") {
      for name in try Folders.names(in: "\(folder)/\(split)")
      where !tracks.contains("\(split)/\(name)") {
        throw FileError(
          "\(folder)/\(split)/\(name)", "is already there, and not part of this corpus",
          hint: "choose an empty folder")
      }
    }
  }
}
