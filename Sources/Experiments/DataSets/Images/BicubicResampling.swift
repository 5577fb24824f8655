import Glibc

extension RGBImage {
  /// Another size by bicubic interpolation, which widens where the picture shrinks, so that nothing aliases.
  ///
  /// Bit for bit what Pillow's `BICUBIC` gives, by which data of other programs were made: a = −0.5, columns first, each
  /// pass in whole numbers rounded to bytes.
  public func bicubic(width newWidth: Int, height newHeight: Int) -> RGBImage {
    var image = self
    if newWidth != width {
      let taps = BicubicTaps(from: width, to: newWidth)
      var bytes = [UInt8](repeating: 0, count: 3 * newWidth * height)
      for row in 0..<height {
        for column in 0..<newWidth {
          for channel in 0..<3 {
            bytes[3 * (row * newWidth + column) + channel] = taps.sum(column) {
              Int(image.bytes[3 * (row * width + $0) + channel])
            }
          }
        }
      }
      image = RGBImage(width: newWidth, height: height, bytes: bytes)
    }
    if newHeight != height {
      let taps = BicubicTaps(from: height, to: newHeight)
      var bytes = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
      for row in 0..<newHeight {
        for place in 0..<3 * newWidth {
          bytes[3 * row * newWidth + place] = taps.sum(row) { Int(image.bytes[3 * $0 * newWidth + place]) }
        }
      }
      image = RGBImage(width: newWidth, height: newHeight, bytes: bytes)
    }
    return image
  }
}

/// Which pixels make one of another size, and with what weights.
private struct BicubicTaps {
  private static let precision = 22
  private var starts: [Int] = []
  /// Weights times 2²².
  private var weights: [[Int]] = []

  init(from size: Int, to newSize: Int) {
    let scale = Double(size) / Double(newSize)
    let widening = max(scale, 1)
    let support = 2 * widening
    for index in 0..<newSize {
      let centre = (Double(index) + 0.5) * scale
      let first = max(0, Int(centre - support + 0.5))
      let last = min(size, Int(centre + support + 0.5))
      let values = (first..<last).map { Self.kernel((Double($0) - centre + 0.5) / widening) }
      let total = values.reduce(0, +)
      starts.append(first)
      weights.append(
        values.map { value in
          let scaled = (total == 0 ? value : value / total) * Double(1 << Self.precision)
          return Int(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
        })
    }
  }

  /// Keys' cubic convolution.
  private static func kernel(_ place: Double) -> Double {
    let (a, x) = (-0.5, abs(place))
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
  }

  func sum(_ index: Int, _ pixel: (Int) -> Int) -> UInt8 {
    let start = starts[index]
    var sum = 1 << (Self.precision - 1)
    for (offset, weight) in weights[index].enumerated() { sum += weight * pixel(start + offset) }
    return UInt8(min(max(sum >> Self.precision, 0), 255))
  }
}
