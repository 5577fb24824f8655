public import SwiftDL

/// A folder of songs with their stems, in the layout of MUSDB18-HQ:
/// `ROOT/{train,valid|validation,test}/TRACK/{mixture,STEM…}.{wav,flac,ogg,mp3}`; of DSD100, CCMixter,
/// iKala or MedleyDB; `ROOT/TRACK/…`, all of it to train on; or whatever a `CorpusManifest` lists.
///
/// Opening reads names and headers only. The stems may have any names, the same in every track; a
/// file `mixture` is optional. Nothing is ever written into the corpus.
public struct MultitrackCorpus: Sendable {
  /// Where the validation tracks come from when the corpus has no folder for them.
  public enum ValidationRule: Sendable, Equatable {
    /// The 14 tracks that musdb fixes by name, if all are there; otherwise as `drawn`.
    case automatic(count: Int, seed: UInt64)
    /// The last `count` training tracks in the order of a hash of (seed, name): a track keeps its
    /// place when other tracks are added or removed.
    case drawn(count: Int, seed: UInt64)
    /// No validation tracks.
    case none
  }

  public let root: String
  /// Sorted.
  public let stemNames: [String]
  public let train: [Track]
  public let validation: [Track]
  public let test: [Track]
  /// What a manifest lists beside songs with their stems.
  public let material: [Split: CorpusManifest.Material]

  /// Discovers the tracks below `root` and checks that their stems line up.
  ///
  /// - Parameters:
  ///   - stems: the stems to use; without them, every stem name found, except sums such as
  ///     `accompaniment` that lie beside their parts.
  ///   - validation: used when there is neither a `valid` nor a `validation` folder.
  /// - Throws: `FileError` for a missing folder, a missing or misaligned stem, an empty file.
  public init(
    _ root: String, stems: [String]? = nil,
    validation rule: ValidationRule = .automatic(count: 0, seed: 0)
  ) throws(FileError) {
    let root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    let found: [Split: [CorpusLayout.Song]]
    if CorpusManifest.isManifest(root) {
      let manifest = try CorpusManifest(root)
      (found, material) = (manifest.songs, manifest.material)
    } else {
      guard Folders.isDirectory(root) else {
        throw FileError(
          root, "there is no such folder", hint: "give the folder that holds train/ and test/, or a list ending in .yaml")
      }
      (found, material) = (try CorpusLayout.songs(in: root), [:])
    }
    guard found.values.contains(where: { !$0.isEmpty }) else {
      throw FileError(root, "no tracks found", hint: Self.hint(forEmpty: root))
    }
    let names =
      stems?.sorted()
      ?? Set(found.values.flatMap { $0.flatMap { TrackFolder.stemNames(of: $0.stems.keys) } }).sorted()
    func tracks(_ split: Split) throws(FileError) -> [Track] {
      var tracks: [Track] = []
      for song in found[split] ?? [] { tracks.append(try TrackFolder.track(song, stems: names)) }
      return tracks
    }
    self.root = root
    stemNames = names
    let all = try tracks(.train)
    test = try tracks(.test)
    if found[.validation] != nil {
      train = all
      validation = try tracks(.validation)
    } else {
      let chosen = Self.validationNames(among: all.map(\.name), rule)
      train = all.filter { !chosen.contains($0.name) }
      validation = all.filter { chosen.contains($0.name) }
    }
  }

  public subscript(split: Split) -> [Track] {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }

  /// One line per part: tracks, minutes, rates and channels.
  public var summary: String {
    var lines = ["\(root): stems \(stemNames.joined(separator: ", "))"]
    for split in Split.allCases {
      let tracks = self[split]
      if tracks.isEmpty { continue }
      let minutes = tracks.reduce(0) { $0 + $1.seconds } / 60
      let rates = Set(tracks.map(\.sampleRate)).sorted().map { "\($0) Hz" }.joined(separator: ", ")
      let channels = Set(tracks.map(\.channels)).sorted().map(String.init).joined(separator: ", ")
      let mixtures = tracks.count { $0.mixture != nil }
      lines.append(
        "  \(split.rawValue.padded(to: 10))  \(tracks.count) tracks, "
          + "\(minutes.text(decimals: 1)) min, "
          + "\(rates), channels \(channels), \(mixtures) with a mixture file")
    }
    for split in Split.allCases {
      guard let other = material[split] else { continue }
      let solo = other.unpaired.sorted { $0.key < $1.key }.map { "\($0.value.count) of \($0.key) alone" }
      let parts = solo + ["\(other.mixtures.count) mixtures", "\(other.labelled.count) labelled"]
      lines.append("  \(split.rawValue.padded(to: 10))  \(parts.joined(separator: ", "))")
    }
    return lines.joined(separator: "\n")
  }

  private static func hint(forEmpty root: String) -> String {
    for folder in Split.allCases.flatMap(\.folderNames) {
      let names = try? Folders.names(in: "\(root)/\(folder)")
      if names?.contains(where: { $0.hasSuffix(".stem.mp4") }) == true {
        return "MUSDB18's .stem.mp4 files are decoded once: swiftdl data decode \(root) -o FOLDER"
      }
    }
    return "expected train/TRACK/STEM.wav and test/TRACK/STEM.wav; `swiftdl data synth` makes some"
  }

  /// The training tracks a rule sets aside for validation.
  static func validationNames(among names: [String], _ rule: ValidationRule) -> Set<String> {
    switch rule {
    case .none: return []
    case .automatic(let count, let seed):
      if musdbValidationNames.isSubset(of: names) { return musdbValidationNames }
      return validationNames(among: names, .drawn(count: count, seed: seed))
    case .drawn(let count, let seed):
      precondition(
        count >= 0,
        "MultitrackCorpus: the number of validation tracks must not be negative, got \(count)")
      let ranked = names.map { (CounterHash(seed, text: $0).value, $0) }.sorted { $0 < $1 }
      // Never all of them: somebody has to be left to learn from.
      return Set(ranked.suffix(min(count, max(0, names.count - 1))).map(\.1))
    }
  }

  /// The validation tracks of MUSDB18 as fixed by the musdb package (0.4.x, `configs/mus.yaml`).
  public static let musdbValidationNames: Set<String> = [
    "Actions - One Minute Smile", "Clara Berry And Wooldog - Waltz For My Victims",
    "Johnny Lokke - Promises & Lies", "Patrick Talbot - A Reason To Leave", "Triviul - Angelsaint",
    "Alexander Ross - Goodbye Bolero", "Fergessen - Nos Palpitants", "Leaf - Summerghost",
    "Skelpolu - Human Mistakes", "Young Griffo - Pennies", "ANiMAL - Rockshow",
    "James May - On The Line",
    "Meaxic - Take A Step", "Traffic Experiment - Sirens",
  ]
}
