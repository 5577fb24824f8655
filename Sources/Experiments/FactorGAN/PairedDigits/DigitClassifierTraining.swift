import CZlib
import SwiftDL
import SwiftDLModels

/// Trains the classifier that judges generated digits, as the authors' code does: 4 epochs of batches of 25, Adam 1e-4.
///
/// It is kept in a folder, by the data and seed it was trained with, and found again there.
struct DigitClassifierTraining {
  let corpus: DigitCorpus
  let seed: Int
  /// Where trained classifiers are kept.
  let folder: String
  var epochs = 4
  var batchSize = 25

  /// - Parameter report: told the steps made and those in all; returns false to stop.
  /// - Returns: `nil` when asked to stop.
  func classifier(report: (Int, Int) -> Bool) throws(FileError) -> DigitClassifier? {
    let path = "\(folder)/digit-classifier-\(fingerprint).safetensors"
    if Folders.exists(path) { return try ModelFile.load(DigitClassifier.self, from: path) }
    guard let trained = train(report) else { return nil }
    try Folders.create(folder)
    try ModelFile.save(
      trained, to: path, metadata: ["test_accuracy": "\(Self.accuracy(of: trained, on: corpus.test))"])
    return trained
  }

  private func train(_ report: (Int, Int) -> Bool) -> DigitClassifier? {
    let random = RandomStream(seed: UInt64(seed)).stream("digit classifier")
    var model = DigitClassifier(.init(), random: random.stream("weights"))
    var optimizer = Adam(learningRate: 1e-4)
    let sampler = EpochSampler(
      exampleCount: corpus.train.count, batchSize: min(batchSize, corpus.train.count), seed: random.key)
    let steps = epochs * sampler.batchesPerEpoch
    var step = 0
    for epoch in 0..<epochs {
      for indices in sampler.batches(epoch: epoch) {
        let images = Self.images(corpus.train, indices)
        let classes = indices.map { Int(corpus.train.labels[$0]) }
        let context = Context(training: true, random: random.stream("dropout").stream(step))
        let gradients = valueAndGradients(of: model) { crossEntropy($0(images, context), classes) }.gradients
        optimizer.update(&model, with: gradients)
        step += 1
        guard report(step, steps) else { return nil }
      }
    }
    return model
  }

  /// The share of images whose class is found.
  static func accuracy(of model: DigitClassifier, on images: DigitImages) -> Double {
    var right = 0
    for start in stride(from: 0, to: images.count, by: 250) {
      let indices = start..<min(start + 250, images.count)
      let found = model(Self.images(images, indices)).argmax(axis: 1)
      right += zip(indices, found).count { Int(images.labels[$0]) == $1 }
    }
    return Double(right) / Double(images.count)
  }

  private static func images(_ images: DigitImages, _ indices: some Collection<Int>) -> Tensor {
    images.tensor(indices).reshaped([indices.count, DigitImages.side, DigitImages.side, 1])
  }

  /// Names data, seed and length of the training.
  private var fingerprint: String {
    var sum = crc32(0, corpus.train.bytes, UInt32(corpus.train.bytes.count))
    sum = crc32(sum, corpus.train.labels, UInt32(corpus.train.count))
    let settings = Array("\(seed) \(epochs) \(batchSize)".utf8)
    return String(crc32(sum, settings, UInt32(settings.count)), radix: 16)
  }
}
