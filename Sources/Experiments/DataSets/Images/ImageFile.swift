import CPNG
import CTurboJPEG
public import SwiftDL

/// Pictures in files: PNG by libpng, JPEG by libjpeg-turbo.
public enum ImageFile {
  /// The ends of names that are read.
  static let endings = [".png", ".jpg", ".jpeg"]

  /// Pixels that a picture may have: larger ones are refused by their header, before memory is taken.
  static let mostPixels = 1 << 26

  /// Whether a file has the name of a picture.
  static func isImage(_ name: String) -> Bool { endings.contains { name.lowercased().hasSuffix($0) } }

  /// The picture in a file, whose kind its first bytes tell. What is transparent becomes black.
  ///
  /// - Throws: `FileError` for files that are missing, of another kind, cut off, damaged, or larger than any data set's.
  public static func read(_ path: String) throws(FileError) -> RGBImage {
    let bytes = try WholeFile.bytes(path, limit: 1 << 28)
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return try png(bytes, path) }
    if bytes.starts(with: [0xFF, 0xD8]) { return try jpeg(bytes, path) }
    throw FileError(path, "is no picture in PNG or JPEG", hint: "convert it to one of them")
  }

  private static func check(_ width: Int, _ height: Int, _ path: String) throws(FileError) {
    guard width > 0, height > 0, width <= mostPixels / height else {
      throw FileError(path, "says it has \(width) × \(height) pixels", hint: "up to \(mostPixels) in all are read")
    }
  }

  private static func png(_ bytes: [UInt8], _ path: String) throws(FileError) -> RGBImage {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    func problem() -> FileError {
      let message = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      return FileError(path, "cannot be read as PNG: \(message)", hint: "it is cut off or damaged")
    }
    let read: Result<RGBImage, FileError> = bytes.withUnsafeBytes { bytes in
      guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
        return .failure(problem())
      }
      let (width, height) = (Int(image.width), Int(image.height))
      do throws(FileError) { try check(width, height, path) } catch { return .failure(error) }
      image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
      // Numbers of 16 bits are shortened, not taken for amounts of light.
      image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
      var pixels = [UInt8](repeating: 0, count: 3 * width * height)
      var black = png_color(red: 0, green: 0, blue: 0)
      guard png_image_finish_read(&image, &black, &pixels, 0, nil) != 0 else { return .failure(problem()) }
      return .success(RGBImage(width: width, height: height, bytes: pixels))
    }
    return try read.get()
  }

  private static func jpeg(_ bytes: [UInt8], _ path: String) throws(FileError) -> RGBImage {
    guard let decoder = tjInitDecompress() else { throw FileError(path, "cannot be read: no memory for a decoder") }
    defer { tjDestroy(decoder) }
    func problem() -> FileError {
      FileError(
        path, "cannot be read as JPEG: \(String(cString: tjGetErrorStr2(decoder)).lowercased())",
        hint: "it is cut off or damaged")
    }
    var (width, height, subsampling, colours) = (Int32(0), Int32(0), Int32(0), Int32(0))
    let size = UInt(bytes.count)
    guard tjDecompressHeader3(decoder, bytes, size, &width, &height, &subsampling, &colours) == 0, width > 0, height > 0
    else { throw problem() }
    try check(Int(width), Int(height), path)
    var pixels = [UInt8](repeating: 0, count: 3 * Int(width) * Int(height))
    // A warning, of a file that ends early, counts as failure too.
    guard tjDecompress2(decoder, bytes, size, &pixels, width, 0, height, Int32(TJPF_RGB.rawValue), 0) == 0 else {
      throw problem()
    }
    return RGBImage(width: Int(width), height: Int(height), bytes: pixels)
  }
}
