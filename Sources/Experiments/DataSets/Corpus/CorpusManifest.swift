public import SwiftDL
import Yams

/// A corpus as a list, for material that lies in many places, and for material that is no song with its stems.
///
///     train:
///       paired:                      # songs with their stems: folders of songs, or one by one
///         - songs/train
///         - {name: Demo, mixture: demo/mix.wav, stems: {vocals: demo/v.wav, accompaniment: [demo/a.wav, demo/b.wav]}}
///       unpaired:                    # recordings of one source alone: files and folders
///         vocals: [solo/anna, solo/ben.flac]
///       mixtures: [radio]            # music whose stems nobody has
///       labelled:                    # sound and what is heard in it, as a file of labels
///         - {audio: jam/one.wav, labels: jam/one.lab}
///     validation: …
///     test: …
///
/// Paths are relative to the list's own folder. Every part and every kind may be absent.
public struct CorpusManifest: Sendable {
  /// What is not a song with its stems.
  public struct Material: Sendable, Equatable {
    /// By source.
    public internal(set) var unpaired: [String: [Recording]] = [:]
    public internal(set) var mixtures: [Recording] = []
    public internal(set) var labelled: [Labelled] = []

    var isEmpty: Bool { unpaired.isEmpty && mixtures.isEmpty && labelled.isEmpty }
    /// All sound, in order.
    public var recordings: [Recording] {
      unpaired.sorted { $0.key < $1.key }.flatMap(\.value) + mixtures + labelled.map(\.audio)
    }
  }

  /// Sound with a file of labels.
  public struct Labelled: Sendable, Equatable {
    public let audio: Recording
    public let labels: String
  }

  let songs: [Split: [CorpusLayout.Song]]
  /// Of the parts that have any.
  public let material: [Split: Material]

  /// Whether a path names a list and not a folder.
  static func isManifest(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

  /// - Throws: `FileError` for text that is no such list, and files that are not there.
  public init(_ path: String) throws(FileError) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let text = try WholeFile.text(path)
    let root: Node
    do throws(ConfigurationError) { root = try YAMLReader.node(text, origin: path) ?? "" } catch {
      throw FileError(path, "is no list of a corpus: \(error)")
    }
    let reader = ManifestReader(path: path, folder: folder)
    let parts = try reader.fields(root, in: "the list", known: ["train", "valid", "validation", "test"])
    var songs: [Split: [CorpusLayout.Song]] = [:]
    var material: [Split: Material] = [:]
    for split in Split.allCases {
      for name in Set(split.folderNames + [split.rawValue]).sorted() {
        guard let part = parts[name] else { continue }
        let kinds = try reader.fields(part, in: name, known: ["paired", "unpaired", "mixtures", "labelled"])
        songs[split, default: []] += try reader.songs(kinds["paired"])
        var other = Material()
        if let sources = kinds["unpaired"] {
          for (source, files) in try reader.fields(sources, in: "unpaired") {
            other.unpaired[source] = try reader.recordings(files)
          }
        }
        other.mixtures = try reader.recordings(kinds["mixtures"])
        other.labelled = try reader.labelled(kinds["labelled"])
        if !other.isEmpty { material[split] = other }
      }
    }
    guard !parts.isEmpty else {
      throw FileError(path, "lists nothing", hint: "it needs train, validation or test")
    }
    (self.songs, self.material) = (songs, material)
  }
}

/// The nodes of a list as songs and recordings.
private struct ManifestReader {
  let path: String
  let folder: String

  private func place(_ name: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }

  /// A mapping's values by key.
  func fields(_ node: Node, in place: String, known: [String]? = nil) throws(FileError) -> [String: Node] {
    guard let mapping = node.mapping else {
      throw FileError(path, "\(place) is no mapping of names", hint: "write `name: …` lines")
    }
    var fields: [String: Node] = [:]
    for (key, value) in mapping {
      let key = key.string ?? ""
      if let known, !known.contains(key) {
        let near = NearestName.find(key, among: known).map { "did you mean \($0)?" }
        throw FileError(path, "\(place) has no “\(key)”", hint: near ?? "it has \(known.joined(separator: ", "))")
      }
      fields[key] = value
    }
    return fields
  }

  /// A list's elements; a single one may stand for a list of one.
  private func elements(_ node: Node?) -> [Node] {
    guard let node, !YAMLReader.isNull(node) else { return [] }
    return node.sequence.map { Array($0) } ?? [node]
  }

  private func name(_ node: Node) throws(FileError) -> String {
    guard let name = node.string, !name.isEmpty else { throw FileError(path, "has something else where a path is needed") }
    return name
  }

  private func existing(_ name: String) throws(FileError) -> String {
    let path = place(name)
    guard Folders.exists(path) else {
      throw FileError(path, "is not there", hint: "\(self.path) names it; its paths are relative to its own folder")
    }
    return path
  }

  /// Files, and all sound below folders.
  func recordings(_ node: Node?) throws(FileError) -> [Recording] {
    var found: [Recording] = []
    for element in elements(node) {
      found += try SoundInput.expand([try existing(try name(element))]).map { Recording($0.path) }
    }
    return found
  }

  func labelled(_ node: Node?) throws(FileError) -> [CorpusManifest.Labelled] {
    var found: [CorpusManifest.Labelled] = []
    for element in elements(node) {
      let pair = try fields(element, in: "labelled", known: ["audio", "labels"])
      guard let audio = pair["audio"], let labels = pair["labels"] else {
        throw FileError(path, "labelled needs audio and labels")
      }
      found.append(.init(audio: Recording(try existing(try name(audio))), labels: try existing(try name(labels))))
    }
    return found
  }

  func songs(_ node: Node?) throws(FileError) -> [CorpusLayout.Song] {
    var songs: [CorpusLayout.Song] = []
    for element in elements(node) {
      if element.mapping != nil {
        songs.append(try song(element))
      } else {
        let folder = try existing(try name(element))
        let found = try CorpusLayout.songFolders(in: folder)
        guard !found.isEmpty else {
          throw FileError(folder, "holds no folders of songs", hint: "expected SONG/STEM.wav in it")
        }
        songs += found
      }
    }
    return songs
  }

  private func song(_ node: Node) throws(FileError) -> CorpusLayout.Song {
    let song = try fields(node, in: "a song", known: ["name", "mixture", "stems"])
    guard let stems = song["stems"] else { throw FileError(path, "a song has no stems") }
    var recordings: [String: [Recording]] = [:]
    for (stem, files) in try fields(stems, in: "stems") { recordings[stem] = try self.recordings(files) }
    let mixture = try self.recordings(song["mixture"]).first
    guard let first = mixture ?? recordings.sorted(by: { $0.key < $1.key }).first?.value.first else {
      throw FileError(path, "a song has no files")
    }
    let folder = first.path.lastIndex(of: "/").map { String(first.path[..<$0]) } ?? "."
    let name = song["name"]?.string ?? folder.split(separator: "/").last.map(String.init) ?? "song"
    return CorpusLayout.Song(name: name, folder: folder, stems: recordings, mixture: mixture)
  }
}
