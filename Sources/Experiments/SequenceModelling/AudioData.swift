import SwiftDL
import SwiftDLAudio

/// Audio at a network's rate in 256 companded levels: excerpts at random places for training, windows one after
/// the other for validation and test (Seq-U-Net, IJCAI 2020, section 4.4).
///
/// Samples stay in mapped files, so a corpus of any length takes no memory.
struct AudioData: SequenceDataSet {
  private let train: [MappedSamples]
  private let valid: [MappedSamples]
  private let test: [MappedSamples]
  private let window: TrainingWindow
  private let batchSize: Int
  private let sampleRate: Int
  private let seed: UInt64

  /// - Parameters:
  ///   - path: a folder with folders `train`, `valid` and `test`, or one of audio files, of which every tenth is
  ///     for validation and another for the test.
  ///   - cache: where decoded audio is kept.
  ///   - decoding: told files decoded and files in all.
  init(
    _ path: String, cache: String, sampleRate: Int, window: TrainingWindow, batchSize: Int, seed: UInt64,
    decoding: (Int, Int) -> Void
  ) throws(FileError) {
    let parts = try Self.files(path)
    let store = try PCMCache(folder: cache)
    let count = parts.reduce(0) { $0 + $1.count }
    var done = 0
    func decoded(_ files: [String], _ part: String) throws(FileError) -> [MappedSamples] {
      var long: [MappedSamples] = []
      for file in files {
        let samples = try store.samples(of: file, sampleRate: sampleRate, channels: 1)
        done += 1
        decoding(done, count)
        if samples.frames > window.input { long.append(samples) }
      }
      if long.isEmpty {
        throw FileError(
          path, "has no file for \(part) that lasts \(Double(window.input + 1) / Double(sampleRate)) s, one window",
          hint: "add longer recordings, or take a smaller context")
      }
      return long
    }
    train = try decoded(parts[0], "training")
    valid = try decoded(parts[1], "validation")
    test = try decoded(parts[2], "the test")
    (self.window, self.batchSize, self.sampleRate, self.seed) = (window, batchSize, sampleRate, seed)
  }

  private static func files(_ path: String) throws(FileError) -> [[String]] {
    guard Folders.isDirectory(path) else {
      throw FileError(path, Folders.exists(path) ? "is a file" : "does not exist", hint: "a folder of audio files is needed")
    }
    func audio(_ folder: String) throws(FileError) -> [String] {
      try TrackFolder.audioFiles(in: folder).values.sorted()
    }
    if Folders.isDirectory("\(path)/train") {
      return [try audio("\(path)/train"), try audio("\(path)/valid"), try audio("\(path)/test")]
    }
    let all = try audio(path)
    guard all.count >= 3 else {
      throw FileError(path, "has \(all.count) audio files; at least 3 are needed", hint: "one for each of training, validation and test")
    }
    // Of few files the last two are held out, of many every tenth.
    func part(_ index: Int) -> Int {
      if all.count < 10 { return index == all.count - 2 ? 1 : index == all.count - 1 ? 2 : 0 }
      return index % 10 == 8 ? 1 : index % 10 == 9 ? 2 : 0
    }
    return (0..<3).map { wanted in all.indices.filter { part($0) == wanted }.map { all[$0] } }
  }

  var vocabulary: Vocabulary? { nil }

  private static func frames(_ files: [MappedSamples]) -> Int { files.reduce(0) { $0 + $1.frames } }

  /// As many excerpts as score every sample about once.
  var stepsPerEpoch: Int { max(1, Self.frames(train) / (window.scored * batchSize)) }

  var largestBatch: (rows: Int, frames: Int) { (batchSize, window.input) }

  func batch(epoch: Int, step: Int) -> SequenceBatch {
    let places = (0..<batchSize).map { row -> (MappedSamples, Int) in
      let number = CounterHash(seed, UInt64(epoch), UInt64(step), UInt64(row))
      // Every place of all files is as likely as any other.
      var place = number.below(train.reduce(0) { $0 + $1.frames - window.input })
      for file in train {
        if place < file.frames - window.input { return (file, place) }
        place -= file.frames - window.input
      }
      return (train[0], 0)
    }
    return batch(places)
  }

  private func files(_ part: EvaluationPart) -> [MappedSamples] { part == .valid ? valid : test }

  private func windows(_ file: MappedSamples) -> Int { (file.frames - window.input - 1) / window.scored + 1 }

  func batchCount(_ part: EvaluationPart) -> Int { files(part).reduce(0) { $0 + windows($1) } }

  func batch(_ part: EvaluationPart, _ index: Int) -> SequenceBatch {
    var number = index
    for file in files(part) {
      if number < windows(file) { return batch([(file, number * window.scored)]) }
      number -= windows(file)
    }
    return batch([(files(part)[0], 0)])
  }

  private func batch(_ places: [(file: MappedSamples, start: Int)]) -> SequenceBatch {
    var classes: [Int] = []
    let input = Tensor(unsafe: [places.count, window.input, 1]) { numbers in
      for (row, place) in places.enumerated() {
        let levels = place.file.samples(from: place.start, count: window.input + 1).map { MuLaw.level(of: $0) }
        for frame in 0..<window.input { numbers[row * window.input + frame] = Float(levels[frame]) }
        classes += levels.suffix(window.scored)
      }
    }
    return SequenceBatch(input: input, scoredFrames: window.scored, target: .classes(classes))
  }

  var summary: String {
    let hours = [train, valid, test].map { (Double(Self.frames($0)) / Double(sampleRate) / 3600).text(decimals: 2) }
    return "\(hours.joined(separator: " / ")) hours at \(sampleRate) Hz"
  }
}
