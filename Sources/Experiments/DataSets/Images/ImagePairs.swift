import Glibc
import SwiftDL

/// Pictures in pairs, such as outlines and photographs, or scenes and their labels.
///
/// Folders are known by themselves: `train` and `val` (or `test`) with pictures of two halves side by side, as pix2pix's
/// sets are; or Cityscapes as it is distributed, `leftImg8bit/{train,val}/CITY/…_leftImg8bit.png` and
/// `gtFine/{train,val}/CITY/…_gtFine_color.png`.
struct ImagePairs: Sendable {
  /// Where a pair is.
  enum Source: Sendable {
    case halves(String)
    case files(String, String)

    /// What names it in messages.
    var path: String {
      switch self {
      case .halves(let path): path
      case .files(let path, _): path
      }
    }

    func read() throws(FileError) -> (first: RGBImage, second: RGBImage) {
      switch self {
      case .halves(let path):
        let image = try ImageFile.read(path)
        guard image.width >= 2, image.width % 2 == 0 else {
          throw FileError(path, "is \(image.width) pixels wide", hint: "two pictures of equal width side by side are needed")
        }
        return (image.halves.left, image.halves.right)
      case .files(let first, let second): return (try ImageFile.read(first), try ImageFile.read(second))
      }
    }
  }

  /// What becomes of a pair's pictures.
  struct Format: Sendable {
    /// Rows and columns.
    var side: Int
    /// Whether the first one is kept in grey: a channel and not three.
    var firstIsGrey = false
    /// Classes of the second one, where it has labels.
    var palette: LabelPalette?

    var channels: [Int] { [firstIsGrey ? 1 : 3, 3] }

    /// The bytes of a pair, pixel by pixel.
    func bytes(_ pair: (first: RGBImage, second: RGBImage), _ path: String) throws(FileError) -> [UInt8] {
      try palette?.check(pair.second, path)
      let first = pair.first.bicubic(width: side, height: side)
      let isExact = palette?.isExact ?? false
      let second = isExact ? pair.second.nearest(width: side, height: side) : pair.second.bicubic(width: side, height: side)
      let greys = firstIsGrey ? first.greys : []
      var bytes: [UInt8] = []
      bytes.reserveCapacity(side * side * channels.reduce(0, +))
      for pixel in 0..<side * side {
        if firstIsGrey { bytes.append(greys[pixel]) } else { bytes += first.bytes[3 * pixel..<3 * pixel + 3] }
        bytes += second.bytes[3 * pixel..<3 * pixel + 3]
      }
      return bytes
    }
  }

  let name: String
  let train: PixelStore
  let test: PixelStore

  /// Opens a folder, bringing all pictures to one size where the cache lacks them.
  ///
  /// - Parameters:
  ///   - cache: where pixels are kept.
  ///   - progress: told pictures done and in all; returning false stops.
  /// - Returns: nil when stopped.
  /// - Throws: `FileError` for folders without pairs, pictures that cannot be read or are of mixed sizes, and labels of
  ///   colours that the palette lacks.
  static func open(
    _ folder: String, _ format: Format, cache: String, progress: (Int, Int) -> Bool
  ) throws(FileError) -> ImagePairs? {
    let (training, testing) = (try sources(folder, ["train"]), try sources(folder, ["val", "valid", "test"]))
    let total = training.count + testing.count
    func store(_ sources: [Source], after done: Int) throws(FileError) -> PixelStore? {
      let size = try sources[0].read().first
      return try PixelStore.open(
        in: cache, key: try key(of: sources, format), count: sources.count, height: format.side, width: format.side,
        channels: format.channels.reduce(0, +), progress: { progress(done + $0, total) },
        sample: { index throws(FileError) in
          let pair = try sources[index].read()
          for image in [pair.first, pair.second] where (image.width, image.height) != (size.width, size.height) {
            throw FileError(
              sources[index].path,
              "has pictures of \(image.width) × \(image.height), others of \(size.width) × \(size.height)",
              hint: "bring all to one size")
          }
          return try format.bytes(pair, sources[index].path)
        })
    }
    guard let train = try store(training, after: 0), let test = try store(testing, after: training.count) else {
      return nil
    }
    let name = folder.split(separator: "/").last.map(String.init) ?? folder
    return ImagePairs(name: name, train: train, test: test)
  }

  /// Paths, sizes and times, and what is made of them.
  private static func key(of sources: [Source], _ format: Format) throws(FileError) -> String {
    var key = "\(format.firstIsGrey) \(format.palette?.text ?? "") \(format.palette?.isExact ?? false)"
    for source in sources {
      var status = stat()
      guard stat(source.path, &status) == 0 else {
        throw FileError(source.path, "cannot be read: \(String(cString: strerror(errno)).lowercased())")
      }
      key += "\n\(source.path) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
    return key
  }

  /// The pairs of the first part that is there, by name.
  private static func sources(_ folder: String, _ parts: [String]) throws(FileError) -> [Source] {
    guard Folders.isDirectory(folder) else {
      throw FileError(folder, "is no folder", hint: "name one with pairs of pictures")
    }
    let isCityscapes = Folders.isDirectory("\(folder)/leftImg8bit")
    for part in parts where Folders.isDirectory("\(folder)/\(isCityscapes ? "leftImg8bit/" : "")\(part)") {
      let found = isCityscapes ? try cityscapes(folder, part) : try halves("\(folder)/\(part)")
      if found.isEmpty { throw FileError("\(folder)/\(part)", "holds no pictures", hint: "PNG and JPEG are read") }
      return found
    }
    throw FileError(
      folder, "has no folder \(parts[0])", hint: "train and val are needed, with two pictures side by side in every file")
  }

  private static func halves(_ folder: String) throws(FileError) -> [Source] {
    try Folders.names(in: folder).filter(ImageFile.isImage).map { .halves("\(folder)/\($0)") }
  }

  private static func cityscapes(_ folder: String, _ part: String) throws(FileError) -> [Source] {
    var sources: [Source] = []
    let ending = "_leftImg8bit.png"
    for city in try Folders.names(in: "\(folder)/leftImg8bit/\(part)") {
      let scenes = "\(folder)/leftImg8bit/\(part)/\(city)"
      guard Folders.isDirectory(scenes) else { continue }
      for name in try Folders.names(in: scenes) where name.hasSuffix(ending) {
        let labels = "\(folder)/gtFine/\(part)/\(city)/\(name.dropLast(ending.count))_gtFine_color.png"
        guard Folders.exists(labels) else {
          throw FileError("\(scenes)/\(name)", "has no labels", hint: "\(labels) is missing")
        }
        sources.append(.files("\(scenes)/\(name)", labels))
      }
    }
    return sources
  }
}
