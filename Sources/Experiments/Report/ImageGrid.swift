public import SwiftDL

extension PNGImage {
  /// Grey images beside and below each other, row by row, with a light line between them.
  ///
  /// - Parameters:
  ///   - images: `[count, height·width]`, 0 for black to 1 for white; what is beyond is cut off.
  ///   - columns: how many stand in a row, at the most.
  public init(grid images: Tensor, height: Int, width: Int, columns: Int) {
    let count = images.shape[0]
    require(
      count > 0 && columns > 0 && images.count == count * height * width,
      "PNGImage: images of \(height) × \(width) pixels from a tensor of shape \(images.shape)")
    let across = min(count, columns)
    let down = (count + across - 1) / across
    let (fullWidth, fullHeight) = (across * (width + 1) + 1, down * (height + 1) + 1)
    var pixels = [UInt8](repeating: 160, count: fullWidth * fullHeight)
    images.withUnsafeBuffer { values in
      for index in 0..<count {
        let top = index / across * (height + 1) + 1
        let left = index % across * (width + 1) + 1
        for row in 0..<height {
          for column in 0..<width {
            let value = values[(index * height + row) * width + column]
            pixels[(top + row) * fullWidth + left + column] = UInt8((min(max(value, 0), 1) * 255).rounded())
          }
        }
      }
    }
    let greys = (0...255).map { Colour(red: UInt8($0), green: UInt8($0), blue: UInt8($0)) }
    self.init(width: fullWidth, height: fullHeight, palette: greys, pixels: pixels)
  }
}

extension RGBImage {
  /// Pictures beside and below each other, row by row, with a light line between them.
  ///
  /// - Parameters:
  ///   - images: of one size.
  ///   - columns: how many stand in a row, at the most.
  init(grid images: [RGBImage], columns: Int) {
    let (width, height) = (images[0].width, images[0].height)
    let across = min(images.count, columns)
    let down = (images.count + across - 1) / across
    self.init(
      width: across * (width + 1) + 1, height: down * (height + 1) + 1,
      colour: Colour(red: 160, green: 160, blue: 160))
    for (index, image) in images.enumerated() {
      let (top, left) = (index / across * (height + 1) + 1, index % across * (width + 1) + 1)
      for row in 0..<height {
        let place = 3 * ((top + row) * self.width + left)
        bytes.replaceSubrange(
          place..<place + 3 * width, with: image.bytes[3 * row * width..<3 * (row + 1) * width])
      }
    }
  }
}

/// A picture that goes into a file.
public protocol PNGPicture: Sendable {
  /// The bytes of a PNG file.
  func encoded() -> [UInt8]
}

extension PNGImage: PNGPicture {}
extension RGBImage: PNGPicture {}

extension PNGPicture {
  /// Writes the file, whole or not at all.
  public func write(to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    let bytes = encoded()
    let written: Result<Void, FileError> = bytes.withUnsafeBytes { raw in
      do throws(FileError) { return .success(try file.write(raw)) } catch { return .failure(error) }
    }
    try written.get()
    try file.commit()
  }
}

extension ReportBlock {
  /// A picture under its name, from the bytes of a PNG file.
  static func picture(name: String, png: [UInt8]) -> ReportBlock {
    ReportBlock(
      html: Markup.element(
        "figure", [:],
        Markup.element("figcaption", [:], Markup.escaped(name))
          + Markup.element(
            "img",
            [
              "src": Markup.dataURI(png, type: "image/png"), "alt": name,
              "style": "max-width:100%;image-rendering:pixelated",
            ])) + "\n")
  }
}
