import SwiftDL

/// A picture of 8 bits for red, green and blue.
public struct RGBImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// Row by row from the top, three bytes a pixel.
  public internal(set) var bytes: [UInt8]

  public init(width: Int, height: Int, bytes: [UInt8]) {
    require(
      width > 0 && height > 0 && bytes.count == 3 * width * height,
      "RGBImage: \(bytes.count) bytes for \(width) × \(height) pixels")
    (self.width, self.height, self.bytes) = (width, height, bytes)
  }

  /// One colour everywhere.
  init(width: Int, height: Int, colour: Colour) {
    self.init(
      width: width, height: height,
      bytes: (0..<width * height).flatMap { _ in [colour.red, colour.green, colour.blue] })
  }

  /// The colour of a pixel.
  public subscript(row: Int, column: Int) -> Colour {
    get {
      let place = 3 * (row * width + column)
      return Colour(red: bytes[place], green: bytes[place + 1], blue: bytes[place + 2])
    }
    set {
      let place = 3 * (row * width + column)
      (bytes[place], bytes[place + 1], bytes[place + 2]) = (newValue.red, newValue.green, newValue.blue)
    }
  }

  /// A rectangle of it.
  public func cropped(rows: Range<Int>, columns: Range<Int>) -> RGBImage {
    var cut: [UInt8] = []
    cut.reserveCapacity(3 * rows.count * columns.count)
    for row in rows { cut += bytes[3 * (row * width + columns.lowerBound)..<3 * (row * width + columns.upperBound)] }
    return RGBImage(width: columns.count, height: rows.count, bytes: cut)
  }

  /// The left and the right half of a picture of two.
  public var halves: (left: RGBImage, right: RGBImage) {
    (
      cropped(rows: 0..<height, columns: 0..<width / 2),
      cropped(rows: 0..<height, columns: width / 2..<2 * (width / 2))
    )
  }

  /// Pictures of equal height beside each other.
  public func beside(_ other: RGBImage) -> RGBImage {
    require(height == other.height, "RGBImage: heights \(height) and \(other.height) side by side")
    var joined: [UInt8] = []
    joined.reserveCapacity(bytes.count + other.bytes.count)
    for row in 0..<height {
      joined += bytes[3 * row * width..<3 * (row + 1) * width]
      joined += other.bytes[3 * row * other.width..<3 * (row + 1) * other.width]
    }
    return RGBImage(width: width + other.width, height: height, bytes: joined)
  }

  /// Brightness by ITU-R BT.601 in whole numbers, as Pillow has it: a byte a pixel.
  public var greys: [UInt8] {
    (0..<width * height).map { pixel in
      let (red, green, blue) = (Int(bytes[3 * pixel]), Int(bytes[3 * pixel + 1]), Int(bytes[3 * pixel + 2]))
      return UInt8((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16)
    }
  }

  /// The pixel next to each place, for pictures whose colours mean something.
  public func nearest(width newWidth: Int, height newHeight: Int) -> RGBImage {
    if newWidth == width && newHeight == height { return self }
    var picked: [UInt8] = []
    picked.reserveCapacity(3 * newWidth * newHeight)
    for row in 0..<newHeight {
      let from = (2 * row + 1) * height / (2 * newHeight)
      for column in 0..<newWidth {
        let place = 3 * (from * width + (2 * column + 1) * width / (2 * newWidth))
        picked += bytes[place..<place + 3]
      }
    }
    return RGBImage(width: newWidth, height: newHeight, bytes: picked)
  }
}
