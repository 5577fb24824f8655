import Foundation
public import SwiftDL
import SwiftDLAudio

/// Recordings and when somebody sings in them.
///
/// A folder of sound with a file of labels of the same name beside each recording, or in `ROOT/labels`, below
/// `ROOT/{train,valid|validation,test}` or all of it to train on; or what a `CorpusManifest` lists as labelled. In a folder
/// with the stems of a song only `mixture` counts.
public struct LabelledCorpus: Sendable {
  /// One recording.
  public struct Item: Sendable {
    public let recording: Recording
    public let labels: String
    public let seconds: Double
    public let activity: VoiceActivity

    /// The recording as a song of one stem, that of `LabelledCorpus.group`.
    func track() throws(FileError) -> Track {
      let info = try recording.info()
      return Track(
        name: recording.path, folder: recording.path,
        stems: [Track.Stem(name: LabelledCorpus.group.name, recordings: [recording])], mixture: nil, frames: info.frames,
        sampleRate: info.sampleRate, channels: info.channels)
    }
  }

  static let group = SourceGroup(stem: "recording")

  public let items: [Split: [Item]]

  /// - Parameter validationItems: how many are taken from those to train on where no part for validation exists; at least
  ///   one remains.
  /// - Throws: `FileError` for recordings without labels and labels without recordings, and for labels that are wrong.
  public init(_ root: String, validationItems: Int = 0) throws(FileError) {
    let root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    var pairs: [Split: [(Recording, String)]] = [:]
    if CorpusManifest.isManifest(root) {
      for (split, material) in try CorpusManifest(root).material {
        pairs[split] = material.labelled.map { ($0.audio, $0.labels) }
      }
    } else {
      guard Folders.isDirectory(root) else {
        throw FileError(root, "there is no such folder", hint: "give a folder of recordings with files of labels")
      }
      var isSplit = false
      for split in Split.allCases {
        for folder in split.folderNames.map({ "\(root)/\($0)" }) where Folders.isDirectory(folder) {
          isSplit = true
          pairs[split, default: []] += try Self.pairs(in: folder, labels: "\(root)/labels")
        }
      }
      if !isSplit { pairs[.train] = try Self.pairs(in: root, labels: "\(root)/labels") }
    }
    var items: [Split: [Item]] = [:]
    for split in Split.allCases {
      for (recording, labels) in pairs[split] ?? [] {
        let info = try recording.info()
        let activity = try LabelFile.read(labels, duration: info.duration)
        items[split, default: []].append(
          Item(recording: recording, labels: labels, seconds: info.duration, activity: activity))
      }
    }
    guard items[.train]?.isEmpty == false else {
      throw FileError(root, "has no labelled recordings to train on", hint: "song.wav is labelled by song.lab beside it")
    }
    if items[.validation] == nil, validationItems > 0, let all = items[.train], all.count > 1 {
      let ranked = all.sorted { CounterHash(0, text: $0.labels).value < CounterHash(0, text: $1.labels).value }
      let held = min(validationItems, all.count - 1)
      items[.validation] = Array(ranked.suffix(held))
      items[.train] = Array(ranked.dropLast(held))
    }
    self.items = items
  }

  public subscript(split: Split) -> [Item] { items[split] ?? [] }

  /// A line about a part: recordings, minutes, and how much of them is sung.
  public func summary(_ split: Split) -> String {
    let seconds = self[split].reduce(0) { $0 + $1.seconds }
    let sung = self[split].reduce(0) { $0 + $1.activity.seconds }
    let share = (100 * sung / max(seconds, 1e-9)).text(decimals: 0)
    return "\(self[split].count) recordings, \((seconds / 60).text(decimals: 1)) minutes, \(share) % sung"
  }

  // MARK: - Files

  private static func pairs(in folder: String, labels other: String) throws(FileError) -> [(Recording, String)] {
    func withoutExtension(_ path: String) -> String { URL(fileURLWithPath: path).deletingPathExtension().relativePath }
    var stems: [String: String] = [:]
    let sounds = try SoundInput.expand([folder]).map(\.path)
    let songs = Set(sounds.filter { name(of: $0) == "mixture" }.map { parent(of: $0) })
    var found: [(Recording, String)] = []
    for path in sounds where name(of: path) == "mixture" || !songs.contains(parent(of: path)) {
      let base = withoutExtension(path)
      let places = [base, "\(other)/\(name(of: path))"].flatMap { base in LabelFile.pathExtensions.map { "\(base).\($0)" } }
      guard let labels = places.first(where: Folders.exists) else {
        throw FileError(path, "has no labels", hint: "\(name(of: path)).lab beside it tells when somebody sings")
      }
      if let first = stems[labels] { throw FileError(labels, "is beside two recordings, \(first) and \(path)") }
      stems[labels] = path
      found.append((Recording(path), labels))
    }
    try refuseLonely(in: folder, used: Set(stems.keys))
    return found
  }

  private static func name(of path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
  }
  private static func parent(of path: String) -> String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

  /// Throws for a `.lab` file that no recording belongs to.
  private static func refuseLonely(in folder: String, used: Set<String>) throws(FileError) {
    for name in try Folders.names(in: folder) {
      let path = "\(folder)/\(name)"
      if Folders.isDirectory(path) {
        try refuseLonely(in: path, used: used)
      } else if name.hasSuffix(".lab"), !used.contains(path) {
        throw FileError(path, "labels a recording that is not there", hint: "put the sound beside it, under the same name")
      }
    }
  }
}
