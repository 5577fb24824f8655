public import SwiftDL

/// Outlines of clothes beside their pictures in colour: a stand-in for Edges2Shoes, made of the package
/// `dataset-fashion-mnist`.
///
/// `DIR/{train,val}/N.png`, 128 × 64: left the outline, black on white, right the picture. The pieces of one part are those
/// of the same part of Fashion-MNIST.
public struct SketchCorpus: Sendable {
  /// Pairs to learn from, and to judge by.
  public var trainCount = 10_000
  public var testCount = 1000
  public var seed: UInt64 = 0
  private let images: DigitCorpus

  /// - Parameter images: a folder of IDX files; the package where empty.
  public init(images: String = "") throws(FileError) { self.images = try DigitCorpus(images) }

  public var pictureCount: Int { trainCount + testCount }

  /// Writes the corpus below an empty folder.
  ///
  /// - Parameter progress: told pictures done; returning false stops.
  public func write(to folder: String, progress: (Int) -> Bool) throws(FileError) -> Bool {
    var done = 0
    for (part, count, images) in [("train", trainCount, images.train), ("val", testCount, images.test)] {
      guard count <= images.count else {
        throw FileError(self.images.name, "has \(images.count) images for \(part), fewer than \(count)")
      }
      try Folders.create("\(folder)/\(part)")
      var order = RandomStream(seed: seed).stream("order of \(part)")
      for (number, index) in order.permutation(of: images.count).prefix(count).enumerated() {
        guard progress(done) else { return false }
        var random = RandomStream(seed: seed).stream(part).stream(number)
        try pair(images, index, &random).write(to: "\(folder)/\(part)/\(String(100_000 + number).dropFirst()).png")
        done += 1
      }
    }
    try AtomicFile.write(
      "Outlines and pictures: a stand-in for Edges2Shoes, made of the package dataset-fashion-mnist (MIT).\n",
      to: "\(folder)/README")
    return true
  }

  private static let side = 64
  private static let margin = 4

  private func pair(_ images: DigitImages, _ index: Int, _ random: inout RandomStream) -> RGBImage {
    let white = Colour(red: 255, green: 255, blue: 255)
    let (side, margin) = (Self.side, Self.margin)
    let garment = Garment(images, index, side: side - 2 * margin)
    let light = Garment.light(&random)
    var outline = RGBImage(width: side, height: side, colour: white)
    var picture = outline
    /// Sobel's gradient; nothing beyond the edge.
    func slope(_ row: Int, _ column: Int) -> Float {
      func at(_ down: Int, _ across: Int) -> Float {
        let (y, x) = (row + down, column + across)
        return (0..<garment.side).contains(y) && (0..<garment.side).contains(x)
          ? garment.brightness[y * garment.side + x] : 0
      }
      let across = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1)
      let down = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1)
      return (across * across + down * down).squareRoot()
    }
    for row in 0..<garment.side {
      for column in 0..<garment.side {
        if garment.isCloth(row, column) {
          picture[margin + row, margin + column] = garment.colour(row, column, light)
        }
        // Slopes from 0.4 on are drawn, from 1.2 on in black.
        let value = UInt8(255 * (1 - min(max((slope(row, column) - 0.4) / 0.8, 0), 1)))
        outline[margin + row, margin + column] = Colour(red: value, green: value, blue: value)
      }
    }
    return outline.beside(picture)
  }
}
