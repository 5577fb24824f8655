public import SwiftDL

/// Pairs of digits, one above the other: `[batch, 1568]`, the upper digit's pixels first.
///
/// Each digit is the upper one of one pair. With a probability λ the lower one has the same class; otherwise any digit of
/// the pool may stand there, of the same class too. The lower digit is drawn once and stays.
/// Source: Stoller, Ewert, Dixon, ICLR 2020, section 4.1 (PairedMNIST).
public struct PairedDigits: Sendable {
  public static let parts = [DigitImages.pixels, DigitImages.pixels]

  public let images: DigitImages
  /// Which digit stands below each.
  public let partners: [Int]

  /// - Parameter sameClass: λ.
  public init(_ images: DigitImages, sameClass: Double, random: RandomStream) {
    self.images = images
    var random = random
    var byClass = [[Int]](repeating: [], count: DigitImages.classes)
    for (index, label) in images.labels.enumerated() { byClass[Int(label)].append(index) }
    partners = images.labels.map { label in
      // Of a class drawn by its frequency any digit: that is any digit of the pool.
      let isSame = random.number() < sameClass
      let pool = byClass[Int(label)]
      return isSame ? pool[random.integer(below: pool.count)] : random.integer(below: images.count)
    }
  }

  public var count: Int { partners.count }

  /// Pairs as `[indices.count, 1568]`.
  public func tensor(_ indices: some Collection<Int>) -> Tensor {
    Tensor(unsafe: [indices.count, 2 * DigitImages.pixels]) { buffer in
      guard let start = buffer.baseAddress else { return }
      for (row, index) in indices.enumerated() {
        let pair = start + 2 * row * DigitImages.pixels
        images.copy(index, to: pair)
        images.copy(partners[index], to: pair + DigitImages.pixels)
      }
    }
  }

  /// Upper digits, or lower ones, as `[indices.count, 784]`.
  public func tensor(_ indices: some Collection<Int>, part: Int) -> Tensor {
    images.tensor(indices.map { part == 0 ? $0 : partners[$0] })
  }

  /// How often each class stands above each: `[10][10]`, the upper one's first, adding up to one.
  public var classTable: [[Double]] {
    var table = [[Double]](
      repeating: [Double](repeating: 0, count: DigitImages.classes), count: DigitImages.classes)
    for (upper, lower) in partners.enumerated() {
      table[Int(images.labels[upper])][Int(images.labels[lower])] += 1 / Double(count)
    }
    return table
  }
}
