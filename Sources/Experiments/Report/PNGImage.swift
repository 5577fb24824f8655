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
    // Eight bits a pixel, indexed, no interlacing.
    let header = Self.bigEndian(width) + Self.bigEndian(height) + [8, 3, 0, 0, 0]
    // Each row begins with the number of its filter; neighbours of indexed colours predict nothing,
    // so none.
    var rows: [UInt8] = []
    rows.reserveCapacity(height * (width + 1))
    for row in 0..<height { rows += [0] + pixels[row * width..<(row + 1) * width] }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + Self.chunk("IHDR", header)
      + Self.chunk("PLTE", palette.flatMap { [$0.red, $0.green, $0.blue] })
      + Self.chunk("IDAT", Self.compressed(rows))
      + Self.chunk("IEND", [])
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
