import SwiftDL
import SwiftDLAudio

/// Reading one song of a corpus: names and headers only, no samples.
enum TrackFolder {
  /// The extensions looked for; where one stem comes in several formats the earlier wins.
  static let extensions = ["wav", "flac", "ogg", "mp3"]
  static let mixtureNames: Set<String> = ["mixture", "mix"]
  /// Sums of other stems that some programs leave in the folder. Beside the parts they are made of,
  /// they would be counted twice.
  static let derivedNames: Set<String> = ["accompaniment", "instrumental", "no_vocals"]

  /// The audio files of a folder by stem name.
  static func audioFiles(in folder: String) throws(FileError) -> [String: String] {
    var found: [String: (rank: Int, path: String)] = [:]
    for file in try Folders.names(in: folder) {
      guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { continue }
      let suffix = file[file.index(after: dot)...].lowercased()
      guard let rank = extensions.firstIndex(of: suffix) else { continue }
      let name = String(file[..<dot])
      if let other = found[name], other.rank <= rank { continue }
      found[name] = (rank, "\(folder)/\(file)")
    }
    return found.mapValues(\.path)
  }

  /// The names of stems that count: sums of others beside their parts do not.
  static func stemNames(of stems: some Collection<String>) -> [String] {
    let parts = stems.filter { $0 != "vocals" && !derivedNames.contains($0) }
    return stems.filter { !derivedNames.contains($0) || parts.isEmpty }.sorted()
  }

  /// The track of a song, with the given stems; throws a `FileError` naming the file that does not
  /// fit.
  static func track(_ song: CorpusLayout.Song, stems names: [String]) throws(FileError) -> Track {
    let name = song.name
    var stems: [Track.Stem] = []
    for stem in names {
      guard let recordings = song.stems[stem] else {
        throw FileError(
          "\(song.folder)/\(stem).wav", "track “\(name)” has no stem “\(stem)”, which other tracks have",
          hint:
            "add the file (silence if it rests), remove the track, or name the stems to use"
        )
      }
      stems.append(Track.Stem(name: stem, recordings: recordings))
    }
    guard let first = stems.lazy.flatMap(\.recordings).first ?? song.mixture, !stems.isEmpty else {
      throw FileError(
        song.folder, "track “\(name)” has no stems", hint: "expected files like vocals.wav, drums.wav")
    }
    let shape = try first.info()
    guard shape.frames > 0 else {
      throw FileError(
        first.path, "this stem of track “\(name)” has no samples",
        hint: "export it again, or remove the track")
    }
    for recording in stems.flatMap(\.recordings) + [song.mixture].compactMap({ $0 }) where recording != first {
      let other = try recording.info()
      try agree(other.frames, shape.frames, "samples per channel", recording.path, first.path, name)
      try agree(other.sampleRate, shape.sampleRate, "Hz", recording.path, first.path, name)
      try agree(other.channels, shape.channels, "channels", recording.path, first.path, name)
    }
    return Track(
      name: name, folder: song.folder, stems: stems, mixture: song.mixture, frames: shape.frames,
      sampleRate: shape.sampleRate, channels: shape.channels)
  }

  private static func agree(
    _ value: Int, _ expected: Int, _ unit: String, _ path: String, _ reference: String,
    _ track: String
  ) throws(FileError) {
    guard value != expected else { return }
    let other = reference.split(separator: "/").last.map(String.init) ?? reference
    throw FileError(
      path, "track “\(track)” does not line up: \(value) \(unit) here, \(expected) in \(other)",
      hint:
        "export all stems of a track from the same start, with the same length, rate and channels")
  }
}
