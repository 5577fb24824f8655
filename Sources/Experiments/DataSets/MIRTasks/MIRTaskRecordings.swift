import Foundation
import SwiftDL
import SwiftDLAudio

/// The tasks about recordings.
extension MIRTaskCorpus {
  // MARK: - Voices

  /// Writes clips of voices over music, `clipsPerTrack` of every minute; returns whether all were written.
  func writeVoices(to folder: String, finished: () -> Bool) throws(FileError) -> Bool {
    let clipsPerTrack = 6
    var corpus = VoiceCorpus()
    corpus.sampleRate = Self.sampleRate
    corpus.seed = seed &+ 2
    corpus.minutes = max(2, songs * Self.clipsPerSong / clipsPerTrack)
    let minutes = "\(folder)/.minutes"
    defer { try? FileManager.default.removeItem(atPath: minutes) }
    var (told, isComplete) = (0, true)
    let share = Double(counts.reduce(0) { $0 + $1.songs }) / Double(corpus.trackCounts.reduce(0) { $0 + $1.1 })
    try corpus.write(to: minutes) { written in
      while Double(told) < Double(written) * share, isComplete {
        told += 1
        isComplete = finished()
      }
    }
    if !isComplete { return false }
    for (split, count) in corpus.trackCounts {
      let part = "\(folder)/\(split.folderNames[0])"
      try Folders.create(part)
      var rows: [String] = []
      for track in try Folders.names(in: "\(minutes)/\(split.folderNames[0])").prefix(count) {
        let source = "\(minutes)/\(split.folderNames[0])/\(track)"
        let mixture = try AudioFile.read("\(source)/mixture.wav").mono().samples
        let vocals = try AudioFile.read("\(source)/vocals.wav").mono().samples
        let peak = Self.energies(vocals).max() ?? 0
        for clip in 0..<clipsPerTrack {
          let first = clip * mixture.count / clipsPerTrack
          let name = "\(track)-\(clip + 1)"
          let song = "\(split.folderNames[0])-\(track)"
          func cut(_ samples: [Float]) -> [Float] { Array(samples[first..<first + Self.clipSamples]) }
          try write(cut(mixture), to: "\(part)/\(name).wav")
          let spans = Self.active(cut(vocals), peak: peak)
          rows +=
            spans.isEmpty
            ? ["\(name).wav,\(song),,"]
            : spans.map { "\(name).wav,\(song),\($0.lowerBound.text(decimals: 3)),\($0.upperBound.text(decimals: 3))" }
        }
      }
      try write(rows, .activity, to: part)
    }
    return true
  }

  private static let energyFrame = 512

  /// Mean squares of frames of 32 ms.
  private static func energies(_ samples: [Float]) -> [Double] {
    stride(from: 0, to: samples.count - energyFrame + 1, by: energyFrame).map { start in
      samples[start..<start + energyFrame].reduce(0) { $0 + Double($1) * Double($1) } / Double(energyFrame)
    }
  }

  /// Where a voice is within 45 dB of the loudest frame of its track; pauses below a fifth of a second belong to it.
  private static func active(_ samples: [Float], peak: Double) -> [Range<Double>] {
    let frame = Double(energyFrame) / Double(sampleRate)
    var spans: [Range<Double>] = []
    for (index, energy) in energies(samples).enumerated() where energy > peak * pow(10, -4.5) {
      let (start, end) = (Double(index) * frame, Double(index + 1) * frame)
      if let last = spans.last, start - last.upperBound < 0.2 {
        spans[spans.count - 1] = last.lowerBound..<end
      } else {
        spans.append(start..<end)
      }
    }
    return spans.filter { $0.upperBound - $0.lowerBound > 0.06 }
  }

  // MARK: - Guitars

  /// Writes clips of recorded songs and of their guitars, where these are heard; returns whether all were written.
  func writeGuitars(to folder: String, finished: () -> Bool) throws(FileError) -> Bool {
    let songs = folder + "/.songs"
    defer { try? FileManager.default.removeItem(atPath: songs) }
    let prepared = try FretsOnFire().prepare(to: songs, sampleRate: Self.sampleRate).map(\.song)
    for (split, count) in counts {
      let part = "\(folder)/\(split.folderNames[0])"
      try Folders.create(part)
      let mine = prepared.filter { $0.split == split }
      guard !mine.isEmpty else {
        throw FileError(
          FretsOnFire.installedFolder, "has no song to \(split == .train ? "learn from" : "test with")",
          hint: "apt-get install fretsonfire-songs-sectoid fretsonfire-songs-muldjord")
      }
      let clips = (count * Self.clipsPerSong + mine.count - 1) / mine.count
      var rows: [String] = []
      var told = 0
      for (index, song) in mine.enumerated() {
        let source = "\(songs)/\(song.split.folderNames[0])/\(song.trackName)"
        let mixture = try AudioFile.read("\(source)/mixture.wav").mono().samples
        let guitar = try AudioFile.read("\(source)/guitar.wav").mono().samples
        for (clip, first) in Self.loudStarts(guitar, count: clips).enumerated() {
          let name = "\(String(101 + index).dropFirst())-\(String(10001 + clip).dropFirst())"
          try write(Array(mixture[first..<first + Self.clipSamples]), to: "\(part)/\(name).wav")
          try write(Array(guitar[first..<first + Self.clipSamples]), to: "\(part)/\(name)-guitar.wav")
          rows.append("\(name).wav,\(split.folderNames[0])-\(index + 1),\(name)-guitar.wav")
        }
        while told * mine.count < (index + 1) * count {
          told += 1
          if !finished() { return false }
        }
      }
      try write(rows, .source, to: part)
    }
    return true
  }

  /// Where clips begin, evenly spread over those that are within 30 dB of the loudest.
  private static func loudStarts(_ samples: [Float], count: Int) -> [Int] {
    let starts = Array(stride(from: 0, through: samples.count - clipSamples, by: clipSamples / 4))
    let energies = starts.map { start in
      samples[start..<start + clipSamples].reduce(0) { $0 + Double($1) * Double($1) }
    }
    let loud = zip(starts, energies).filter { $0.1 > 1e-3 * (energies.max() ?? 0) }.map(\.0)
    return (0..<min(count, loud.count)).map { loud[$0 * loud.count / min(count, loud.count)] }
  }
}
