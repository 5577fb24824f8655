import Foundation
public import SwiftDL

/// The songs of `swiftdl data prepare guitar` as the paper's experiment needs them: recorded songs, few of them known with
/// their stems, and rendered songs, none of which is known so; some of both to choose by and to be judged by.
///
/// A rendered song lends training its mixture, its guitar or its rest, never two of them: the pools are unpaired.
public struct GuitarDomains: Sendable {
  /// Where a song comes from.
  public enum Domain: String, CaseIterable, Sendable {
    /// The songs with stems are from here.
    case paired
    /// The pools are from here.
    case unpaired

    /// The domain of a song, by its name in a corpus.
    static func of(_ track: String) -> Domain { track.hasPrefix("rendered ") ? .unpaired : .paired }
  }

  static let sources = ["guitar", "rest"]
  let paired: [Track]
  let mixtures: [Recording]
  let alone: [[Recording]]
  let validation: [Track]
  public let test: [Track]

  /// Deals out the songs of all parts of a corpus, by their places in the order of names.
  ///
  /// Of the recorded songs every third one is for testing, the second one for validation, and of the others `pairedSongs`
  /// are known. Of the rendered ones every fourth is for testing, the second and third for validation, and the others lend
  /// mixtures, guitars and rests in turn.
  public init(_ folder: String, pairedSongs: Int) throws(FileError) {
    let corpus = try MultitrackCorpus(folder, stems: Self.sources, validation: .none)
    let songs = Split.allCases.flatMap { corpus[$0] }.sorted { $0.name < $1.name }
    let recorded = songs.filter { Domain.of($0.name) == .paired }
    let rendered = songs.filter { Domain.of($0.name) == .unpaired }
    guard recorded.count >= 4, rendered.count >= 8 else {
      throw FileError(
        folder, "has \(recorded.count) recorded and \(rendered.count) rendered songs; 4 and 8 are needed at least",
        hint: "`swiftdl data prepare guitar` makes 8 and 20")
    }
    func every(_ songs: [Track], _ step: Int, from first: Int) -> [Track] {
      stride(from: first, to: songs.count, by: step).map { songs[$0] }
    }
    let known = recorded.indices.filter { $0 % 3 != 0 && $0 != 1 }.map { recorded[$0] }
    paired = Array(known.prefix(pairedSongs))
    test = every(recorded, 3, from: 0) + every(rendered, 4, from: 0)
    validation = [recorded[1], rendered[1], rendered[2]]
    mixtures = every(rendered, 4, from: 5).flatMap { $0.mixture.map { [$0] } ?? $0.stems.flatMap(\.recordings) }
    alone = zip(Self.sources, [6, 3]).map { source, first in
      every(rendered, 4, from: first).flatMap { $0.recordings(ofStem: source) ?? [] }
    }
  }

  /// Writes the list that training reads. The paths in it are absolute.
  func write(to path: String) throws(FileError) {
    func absolute(_ path: String) -> JSONValue {
      .string(path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path)
    }
    func songs(_ tracks: [Track]) -> JSONValue {
      let list: [JSONObject] = tracks.map { track in
        var stems = JSONObject()
        for stem in track.stems { stems[stem.name] = .array(stem.recordings.map { absolute($0.path) }) }
        var song: JSONObject = ["name": track.name, "stems": stems]
        if let mixture = track.mixture { song["mixture"] = absolute(mixture.path) }
        return song
      }
      return ["paired": list]
    }
    var unpaired = JSONObject()
    for (source, recordings) in zip(Self.sources, alone) { unpaired[source] = .array(recordings.map { absolute($0.path) }) }
    var train = songs(paired).object ?? [:]
    train["mixtures"] = .array(mixtures.map { absolute($0.path) })
    train["unpaired"] = unpaired.json
    var list = JSONObject()
    (list["train"], list["validation"], list["test"]) = (train.json, songs(validation), songs(test))
    // JSON is YAML.
    try AtomicFile.write(list.json.written(indentation: 2) + "\n", to: path)
  }
}
