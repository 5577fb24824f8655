import CZlib

/// A picture of indexed colours, and its bytes as a PNG file (ISO/IEC 15948).
public struct PNGImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// Up to 256 colours.
  public let palette: [Colour]
  /// `width × height` numbers of colours, from the top row down.
  public let pixels: [UInt8]

  public init(width: Int, height: Int, palette: [Colour], pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height,
      "an image of \(width) × \(height) needs \(width * height) pixels, not \(pixels.count)")
    precondition(
      (1...256).contains(palette.count) && pixels.allSatisfy { $0 < palette.count },
      "a pixel's number must be below \(palette.count), the palette's size, which is at most 256")
    self.width = width
    self.height = height
    self.palette = palette
    self.pixels = pixels
  }

  /// The file: signature, header, palette, one block of compressed rows, end.
  public func encoded() -> [UInt8] {
    // Each row begins with the number of its filter; neighbours of indexed colours predict nothing, so none.
    var rows: [UInt8] = []
    rows.reserveCapacity(height * (width + 1))
    for row in 0..<height { rows += [0] + pixels[row * width..<(row + 1) * width] }
    return PNGFile.bytes(
      width: width, height: height, colours: .indexed(palette.flatMap { [$0.red, $0.green, $0.blue] }), rows: rows)
  }
}

extension RGBImage {
  /// The bytes of a PNG file.
  public func encoded() -> [UInt8] {
    // Every byte as its difference from the pixel before: photographs take a third less.
    var rows: [UInt8] = []
    rows.reserveCapacity(height * (3 * width + 1))
    for row in 0..<height {
      let start = 3 * row * width
      rows.append(1)
      for place in 0..<3 * width {
        rows.append(bytes[start + place] &- (place < 3 ? 0 : bytes[start + place - 3]))
      }
    }
    return PNGFile.bytes(width: width, height: height, colours: .trueColour, rows: rows)
  }
}

/// What PNG files consist of.
enum PNGFile {
  /// What a pixel is.
  enum Colours {
    /// The number of a colour; three bytes for each.
    case indexed([UInt8])
    case trueColour
  }

  /// - Parameter rows: filtered ones, each behind the number of its filter.
  static func bytes(width: Int, height: Int, colours: Colours, rows: [UInt8]) -> [UInt8] {
    var (kind, palette): (UInt8, [UInt8]) = (2, [])
    if case .indexed(let colours) = colours { (kind, palette) = (3, chunk("PLTE", colours)) }
    // Eight bits a number, no interlacing.
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", bigEndian(width) + bigEndian(height) + [8, kind, 0, 0, 0])
      + palette + chunk("IDAT", compressed(rows)) + chunk("IEND", [])
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let checked = Array(name.utf8) + content
    return bigEndian(content.count) + checked
      + bigEndian(Int(crc32(0, checked, UInt32(checked.count))))
  }

  private static func compressed(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(UInt(bytes.count))
    var out = [UInt8](repeating: 0, count: Int(size))
    let status = compress2(&out, &size, bytes, UInt(bytes.count), Z_BEST_COMPRESSION)
    precondition(status == Z_OK, "zlib could not compress \(bytes.count) bytes: status \(status)")
    return Array(out.prefix(Int(size)))
  }

  private static func bigEndian(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }
  }
}
