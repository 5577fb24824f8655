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
    let files = try HeldOutFiles.parts(of: path, "audio files") { folder throws(FileError) in
      Array(try TrackFolder.audioFiles(in: folder).values)
    }
    let store = try PCMCache(folder: cache)
    let count = files.train.count + files.valid.count + files.test.count
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
    train = try decoded(files.train, "training")
    valid = try decoded(files.valid, "validation")
    test = try decoded(files.test, "the test")
    (self.window, self.batchSize, self.sampleRate, self.seed) = (window, batchSize, sampleRate, seed)
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

  private func files(_ part: Split) -> [MappedSamples] {
    switch part {
    case .train: train
    case .validation: valid
    case .test: test
    }
  }

  private func windows(_ file: MappedSamples) -> Int { (file.frames - window.input - 1) / window.scored + 1 }

  func batchCount(_ part: Split) -> Int { files(part).reduce(0) { $0 + windows($1) } }

  func batch(_ part: Split, _ index: Int) -> SequenceBatch {
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
