import Glibc
import SwiftDL
import SwiftDLAudio
public import SwiftDLModels

/// A clip of sound with its labels, as long as a network's window.
public struct MIRExample: Sendable {
  /// Mono, at the rate of the network.
  let sound: [Float]
  let song: String
  let labels: SoundLabels
  /// Of sound; zeros fill the clip.
  let seconds: Double
  /// Where the labels are a sound.
  let target: [Float]
}

/// A task of music information retrieval in a folder: sounds with labels, learnt from, chosen by, and tested on.
///
///     TASK/task.yaml           kind: onsets
///     TASK/train/labels.csv    file,song,time
///     TASK/train/*.wav         TASK/valid/…  TASK/test/…, which need not be there
///
/// The columns of `labels.csv` depend on the kind (`MIRTaskKind`); no song is in two parts. Sounds of any rate, channels and
/// length are cut into clips; what is left at the end is one too where it is at least half of one.
public struct MIRTask: Sendable {
  public let name: String
  public let kind: MIRTaskKind
  /// Of a task with classes, by number.
  public let classes: [String]
  public let examples: [Split: [MIRExample]]

  public var train: [MIRExample] { examples[.train] ?? [] }

  /// Reads a task.
  ///
  /// - Parameter shape: whose rate and clips are wanted.
  public init(_ folder: String, for shape: UniversalMIRConfiguration) throws {
    guard Folders.isDirectory(folder) else {
      throw FileError(
        folder, Folders.exists(folder) ? "is a file" : "does not exist", hint: "a task is a folder with task.yaml")
    }
    name = folder.split(separator: "/").last.map(String.init) ?? folder
    kind = try Self.kind(of: folder)
    var classes: [String] = []
    var examples: [Split: [MIRExample]] = [:]
    var owners: [String: Split] = [:]
    for split in [Split.train, .validation, .test] {
      guard let part = split.folderNames.map({ "\(folder)/\($0)" }).first(where: Folders.isDirectory) else {
        if split == .train { throw FileError("\(folder)/train", "does not exist", hint: "the sounds that are learnt from") }
        continue
      }
      let reader = PartReader(folder: part, kind: kind, shape: shape)
      examples[split] = try reader.examples(&classes, learnsClasses: split == .train) { song, line throws(FileError) in
        if let owner = owners[song], owner != split {
          throw FileError(
            "\(part)/labels.csv:\(line)", "the song “\(song)” is also in \(owner.folderNames[0])",
            hint: "a song that is learnt from tells nothing about new ones")
        }
        owners[song] = split
      }
      if split == .train { try Self.check(examples[.train] ?? [], kind, classes, "\(part)/labels.csv") }
    }
    (self.classes, self.examples) = (classes, examples)
  }

  private static func kind(of folder: String) throws -> MIRTaskKind {
    let path = "\(folder)/task.yaml"
    guard Folders.exists(path) else {
      throw FileError(path, "does not exist", hint: "one line: “kind: onsets”, or another of \(kinds)")
    }
    let word = try YAMLReader.value("kind", in: try WholeFile.text(path), origin: path) ?? ""
    if let kind = MIRTaskKind(rawValue: word) { return kind }
    let near = NearestName.find(word, among: MIRTaskKind.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
    throw ConfigurationError(origin: path, "kind", "is “\(word)”", hint: near ?? "one of \(kinds)")
  }

  private static var kinds: String { MIRTaskKind.allCases.map(\.rawValue).joined(separator: ", ") }

  /// Refuses what nothing can be learnt from.
  private static func check(
    _ train: [MIRExample], _ kind: MIRTaskKind, _ classes: [String], _ labels: String
  ) throws(FileError) {
    let songs = Set(train.map(\.song)).count
    guard train.count > 1, songs > 1 else {
      throw FileError(
        labels, "has \(train.count) examples of \(songs) songs; at least 2 of 2 songs are needed",
        hint: "what is adapted on and what is looked at share no song")
    }
    if kind == .classes, classes.count < 2 {
      throw FileError(labels, "has the one class “\(classes.first ?? "")”; at least 2 are needed")
    }
    if kind == .activity, !train.contains(where: \.hasSpans) || train.allSatisfy(\.isFull) {
      throw FileError(labels, "has one class: activity is \(train.contains(where: \.hasSpans) ? "everywhere" : "nowhere")")
    }
  }

  /// Examples to adapt on and others to be judged by, without a song in common; drawn by a stream alone.
  ///
  /// - Throws: `FileError` where there are not as many.
  func episode(
    support: Int, query: Int, _ random: inout RandomStream
  ) throws(FileError) -> (support: [MIRExample], query: [MIRExample]) {
    let order = random.permutation(of: train.count)
    var songs: Set<String> = []
    var (first, rest): ([MIRExample], [MIRExample]) = ([], [])
    for index in order where first.count < support {
      first.append(train[index])
      songs.insert(train[index].song)
    }
    for index in order where rest.count < query && !songs.contains(train[index].song) { rest.append(train[index]) }
    // A song of many clips may be all there is: whole songs move over until both have some.
    if rest.isEmpty, let song = first.last?.song {
      rest = Array(first.filter { $0.song == song }.prefix(query))
      first.removeAll { $0.song == song }
    }
    guard !first.isEmpty, !rest.isEmpty else {
      throw FileError(name, "has too few songs for \(support) examples to adapt on and others to be judged by")
    }
    return (first, rest)
  }

  /// The first so many examples in an order drawn by a seed; the same ones come first whatever their number. Of classes, one
  /// of each comes before a second of any.
  func few(_ count: Int, seed: Int) -> [MIRExample] {
    var random = RandomStream(seed: UInt64(seed)).stream("few of \(name)")
    let order = random.permutation(of: train.count).map { train[$0] }
    guard kind == .classes else { return Array(order.prefix(count)) }
    var rounds: [[MIRExample]] = []
    var seen: [Int: Int] = [:]
    for example in order {
      guard case .oneOf(let number, _) = example.labels else { continue }
      let round = seen[number, default: 0]
      seen[number] = round + 1
      if round == rounds.count { rounds.append([]) }
      rounds[round].append(example)
    }
    return Array(rounds.joined().prefix(count))
  }
}

extension MIRExample {
  fileprivate var hasSpans: Bool {
    guard case .spans(let spans) = labels else { return false }
    return !spans.isEmpty
  }
  /// Whether activity never ceases.
  fileprivate var isFull: Bool {
    guard case .spans(let spans) = labels, spans.count == 1 else { return false }
    return spans[0].start <= 0 && spans[0].end >= seconds - 0.05
  }
}

/// The sounds of one part of a task.
private struct PartReader {
  let folder: String
  let kind: MIRTaskKind
  let shape: UniversalMIRConfiguration

  func examples(
    _ classes: inout [String], learnsClasses: Bool, claim: (String, Int) throws(FileError) -> Void
  ) throws(FileError) -> [MIRExample] {
    let path = "\(folder)/labels.csv"
    guard Folders.exists(path) else {
      let head = (["file", "song"] + kind.columns).joined(separator: ",")
      throw FileError(path, "does not exist", hint: "sounds without labels teach nothing: \(head)")
    }
    let table = try LabelTable(path, kind: kind, classes: &classes, learnsClasses: learnsClasses)
    var used = Set(table.entries.map(\.file))
    var examples: [MIRExample] = []
    for entry in table.entries {
      try claim(entry.song, entry.line)
      let sound = try self.sound(entry.file, path, entry.line)
      let seconds = Double(sound.count) / Double(shape.sampleRate)
      if let late = entry.labels.latest, late > seconds + 0.05 {
        throw FileError(
          "\(path):\(entry.line)",
          "a label at \(late.text(decimals: 2)) s is behind the end of \(entry.file), \(seconds.text(decimals: 2)) s")
      }
      var target: [Float] = []
      if case .sound(let file) = entry.labels {
        target = try self.sound(file, path, entry.line)
        used.insert(file)
        guard abs(target.count - sound.count) <= 1 else {
          throw FileError("\(path):\(entry.line)", "\(file) is not as long as \(entry.file)")
        }
      }
      examples += clips(of: sound, target, entry, seconds)
    }
    let unlabelled = try SoundInput.soundNames(in: folder).first { !used.contains($0) }
    if let unlabelled {
      throw FileError("\(folder)/\(unlabelled)", "has no line in labels.csv", hint: "label it, or take it out of the folder")
    }
    return examples
  }

  private func sound(_ file: String, _ table: String, _ line: Int) throws(FileError) -> [Float] {
    let path = "\(folder)/\(file)"
    guard Folders.exists(path) else { throw FileError("\(table):\(line)", "\(file) is not in the folder") }
    let sound = try AudioFile.read(path).mixed(toChannels: shape.channels)
    let rated = sound.sampleRate == shape.sampleRate ? sound : sound.resampled(to: shape.sampleRate)
    guard rated.frames > 0 else { throw FileError(path, "holds no sound") }
    return rated.samples
  }

  /// Pieces of the window's length.
  private func clips(of sound: [Float], _ target: [Float], _ entry: LabelTable.Entry, _ seconds: Double) -> [MIRExample] {
    let length = shape.clipSamples
    let count = max(1, (sound.count + length / 2) / length)
    let clipSeconds = Double(length) / Double(shape.sampleRate)
    return (0..<count).map { index in
      func cut(_ samples: [Float]) -> [Float] {
        let part = samples[min(index * length, samples.count)..<min((index + 1) * length, samples.count)]
        return Array(part) + [Float](repeating: 0, count: length - part.count)
      }
      let start = Double(index) * clipSeconds
      return MIRExample(
        sound: cut(sound), song: entry.song,
        labels: entry.labels.within(start..<start + clipSeconds), seconds: min(clipSeconds, seconds - start),
        target: target.isEmpty ? [] : cut(target))
    }
  }
}

extension SoundLabels {
  fileprivate var latest: Double? {
    switch self {
    case .spans(let spans): spans.map(\.end).max()
    case .times(let times): times.last
    default: nil
    }
  }

  /// What concerns a stretch of time, counted from its beginning.
  fileprivate func within(_ range: Range<Double>) -> SoundLabels {
    let first = range.lowerBound
    switch self {
    case .spans(let spans):
      return .spans(
        spans.filter { $0.end > first && $0.start < range.upperBound }.map {
          Span(start: $0.start - first, end: $0.end - first, number: $0.number)
        })
    case .times(let times): return .times(times.filter { range.contains($0) }.map { $0 - first })
    default: return self
    }
  }
}
