import SwiftDL
import Yams

/// The ways in which corpora of songs with their stems lie on disk, found by their folders' names.
enum CorpusLayout {
  /// A song before its sounds are looked at.
  struct Song {
    let name: String
    let folder: String
    /// By stem; a stem without recordings is silent.
    var stems: [String: [Recording]]
    var mixture: Recording?
  }

  /// The songs of every part there is a folder for, sorted by name.
  ///
  /// - Throws: `FileError` where no layout fits.
  static func songs(in root: String) throws(FileError) -> [Split: [Song]] {
    var found: [Split: [Song]] = [:]
    for split in Split.allCases {
      if let folder = split.folderNames.map({ "\(root)/\($0)" }).first(where: Folders.isDirectory) {
        found[split] = try songFolders(in: folder)
      }
    }
    if !found.isEmpty { return found }
    if let songs = try dsd100(root) { return songs }
    if Folders.isDirectory("\(root)/Wavfile") { return [.train: try iKala("\(root)/Wavfile")] }
    if Folders.isDirectory("\(root)/Audio") { return [.train: try medleyDB(root)] }
    let songs = try songFolders(in: root)
    return songs.isEmpty ? [:] : [.train: songs]
  }

  private static func folders(in root: String) throws(FileError) -> [String] {
    try Folders.names(in: root).filter { Folders.isDirectory("\(root)/\($0)") }
  }

  // MARK: - A folder a song

  /// MUSDB18-HQ's, CCMixter's and people's own: `SONG/{mixture,STEM…}.wav`.
  static func songFolders(in root: String) throws(FileError) -> [Song] {
    var songs: [Song] = []
    for name in try folders(in: root) {
      var files = try TrackFolder.audioFiles(in: "\(root)/\(name)")
      if files.isEmpty { continue }
      // CCMixter numbers its two sources.
      for (number, stem) in [("source-01", "accompaniment"), ("source-02", "vocals")] where files["mix"] != nil {
        if let file = files.removeValue(forKey: number) { files[stem] = file }
      }
      songs.append(song(name, "\(root)/\(name)", files))
    }
    return songs
  }

  /// A folder of sounds as a song.
  static func song(_ name: String, _ folder: String, _ files: [String: String]) -> Song {
    let mixture = TrackFolder.mixtureNames.sorted().lazy.compactMap { files[$0] }.first
    let stems = files.filter { !TrackFolder.mixtureNames.contains($0.key) }
    return Song(
      name: name, folder: folder, stems: stems.mapValues { [Recording($0)] }, mixture: mixture.map { Recording($0) })
  }

  // MARK: - DSD100

  /// `Mixtures/{Dev,Test}/SONG/mixture.wav` and `Sources/{Dev,Test}/SONG/STEM.wav`.
  private static func dsd100(_ root: String) throws(FileError) -> [Split: [Song]]? {
    guard Folders.isDirectory("\(root)/Sources") else { return nil }
    var found: [Split: [Song]] = [:]
    for (split, part) in [(Split.train, "Dev"), (.test, "Test")] where Folders.isDirectory("\(root)/Sources/\(part)") {
      var songs: [Song] = []
      for name in try folders(in: "\(root)/Sources/\(part)") {
        let folder = "\(root)/Sources/\(part)/\(name)"
        var song = song(name, folder, try TrackFolder.audioFiles(in: folder))
        let mixtures = "\(root)/Mixtures/\(part)/\(name)"
        if Folders.isDirectory(mixtures), let file = try TrackFolder.audioFiles(in: mixtures)["mixture"] {
          song.mixture = Recording(file)
        }
        if !song.stems.isEmpty { songs.append(song) }
      }
      found[split] = songs
    }
    return found.isEmpty ? nil : found
  }

  // MARK: - iKala

  /// `Wavfile/SONG.wav`, the accompaniment on the left, the voice on the right; their sum is the mixture.
  private static func iKala(_ folder: String) throws(FileError) -> [Song] {
    try TrackFolder.audioFiles(in: folder).sorted { $0.key < $1.key }.map { name, file in
      Song(
        name: name, folder: folder,
        stems: ["accompaniment": [Recording(file, channel: 0)], "vocals": [Recording(file, channel: 1)]])
    }
  }

  // MARK: - MedleyDB

  /// Words in the names of instruments that are voices.
  private static let voices = ["singer", "vocalist", "rapper", "speaker", "choir"]

  /// `Audio/SONG/{SONG_MIX.wav, SONG_STEMS/…}`, and which stem is which instrument in `SONG_METADATA.yaml`, there or in
  /// `Metadata`.
  private static func medleyDB(_ root: String) throws(FileError) -> [Song] {
    var songs: [Song] = []
    for name in try folders(in: "\(root)/Audio") {
      let folder = "\(root)/Audio/\(name)"
      let places = ["\(folder)/\(name)_METADATA.yaml", "\(root)/Metadata/\(name)_METADATA.yaml"]
      guard let path = places.first(where: Folders.exists) else {
        throw FileError(
          folder, "has no \(name)_METADATA.yaml", hint: "MedleyDB's metadata lie beside the audio or in Metadata")
      }
      let stemFolder = Folders.isDirectory("\(folder)/\(name)_STEMS") ? "\(folder)/\(name)_STEMS" : folder
      var stems: [String: [Recording]] = ["accompaniment": [], "vocals": []]
      for stem in try metadataStems(path) {
        let isVoice = voices.contains { stem.instrument.contains($0) } || stem.instrument == "vocals"
        stems[isVoice ? "vocals" : "accompaniment", default: []].append(Recording("\(stemFolder)/\(stem.file)"))
      }
      let mixture = "\(folder)/\(name)_MIX.wav"
      songs.append(
        Song(name: name, folder: folder, stems: stems, mixture: Folders.exists(mixture) ? Recording(mixture) : nil))
    }
    return songs
  }

  private static func metadataStems(_ path: String) throws(FileError) -> [(file: String, instrument: String)] {
    let node = try? YAMLReader.node(WholeFile.text(path), origin: path)
    var stems: [(file: String, instrument: String)] = []
    for (_, stem) in node?["stems"]?.mapping ?? [:] {
      guard let file = stem["filename"]?.string else { continue }
      // Some stems are of several instruments.
      let instruments = stem["instrument"]?.sequence.map { $0.compactMap(\.string) } ?? [stem["instrument"]?.string ?? ""]
      stems.append((file, instruments.joined(separator: ", ").lowercased()))
    }
    if stems.isEmpty { throw FileError(path, "names no stems", hint: "MedleyDB's metadata have them under “stems”") }
    return stems.sorted { $0.file < $1.file }
  }
}
