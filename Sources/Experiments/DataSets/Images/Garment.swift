import SwiftDL

/// A piece of clothing of Fashion-MNIST, enlarged: how bright it is at each pixel of a square.
struct Garment {
  /// The classes, in the order of their labels.
  static let classes = [
    "t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
  ]

  let side: Int
  /// 0 … 1, row by row.
  let brightness: [Float]

  /// Enlarges an image by bilinear interpolation.
  init(_ images: DigitImages, _ index: Int, side: Int) {
    self.side = side
    let small = DigitImages.side
    var pixels = [Float](repeating: 0, count: DigitImages.pixels)
    pixels.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { images.copy(index, to: start) }
    }
    let scale = Float(small) / Float(side)
    func place(_ index: Int) -> (Int, Int, Float) {
      let centre = min(max((Float(index) + 0.5) * scale - 0.5, 0), Float(small - 1))
      let low = Int(centre)
      return (low, min(low + 1, small - 1), centre - Float(low))
    }
    var brightness: [Float] = []
    brightness.reserveCapacity(side * side)
    for row in 0..<side {
      let (top, bottom, down) = place(row)
      for column in 0..<side {
        let (left, right, across) = place(column)
        let upper = pixels[top * small + left] * (1 - across) + pixels[top * small + right] * across
        let lower = pixels[bottom * small + left] * (1 - across) + pixels[bottom * small + right] * across
        brightness.append(upper * (1 - down) + lower * down)
      }
    }
    self.brightness = brightness
  }

  /// Where there is cloth and not background.
  func isCloth(_ row: Int, _ column: Int) -> Bool { brightness[row * side + column] > 0.15 }

  /// The pixel's colour under a light of some colour.
  func colour(_ row: Int, _ column: Int, _ light: (Float, Float, Float)) -> Colour {
    let value = 40 + 215 * brightness[row * side + column]
    return Colour(red: UInt8(value * light.0), green: UInt8(value * light.1), blue: UInt8(value * light.2))
  }

  /// A light of any hue, never dim.
  static func light(_ random: inout RandomStream) -> (Float, Float, Float) {
    func channel() -> Float { Float(random.number(in: 0.3..<1)) }
    let light = (channel(), channel(), channel())
    let most = max(light.0, light.1, light.2)
    return (light.0 / most, light.1 / most, light.2 / most)
  }
}
