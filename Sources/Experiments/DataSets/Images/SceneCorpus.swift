public import SwiftDL

/// Scenes with labels for every pixel: clothes before a wall, on a ground. A stand-in for Cityscapes, made of the packages
/// `dataset-fashion-mnist` and `python3-skimage`, whose photographs of brick, grass and gravel are the textures.
///
/// `DIR/{train,val}/N.png`, 256 × 128: left the scene, right the labels, in the colours of `DIR/palette.csv`. What is
/// composed gives the labels, so they are exact. The parts show different clothes and different places of the textures.
public struct SceneCorpus: Sendable {
  /// Pairs to learn from, and to judge by: as many as Cityscapes has.
  public var trainCount = 2975
  public var testCount = 500
  public var seed: UInt64 = 0
  private let clothes: DigitCorpus
  private let textures: [RGBImage]

  /// Where the package python3-skimage has its pictures.
  public static let installedTextures = "/usr/lib/python3/dist-packages/skimage/data"
  private static let textureNames = ["brick", "grass", "gravel"]
  /// Light that makes the grey photographs look their part.
  private static let lights: [(Float, Float, Float)] = [(1, 0.62, 0.5), (0.62, 0.95, 0.45), (0.95, 0.93, 0.9)]
  private static let side = 128

  /// - Parameters:
  ///   - images: a folder of IDX files; the package where empty.
  ///   - textures: a folder with brick.png, grass.png and gravel.png.
  public init(images: String = "", textures: String = installedTextures) throws(FileError) {
    clothes = try DigitCorpus(images)
    var pictures: [RGBImage] = []
    for name in Self.textureNames {
      let path = "\(textures)/\(name).png"
      guard Folders.exists(path) else {
        throw FileError(
          path, "is missing", hint: "apt-get install python3-skimage, or name a folder of textures with --textures")
      }
      let picture = try ImageFile.read(path)
      guard picture.width >= 4 * Self.side, picture.height >= 2 * Self.side else {
        throw FileError(
          path, "has \(picture.width) × \(picture.height) pixels",
          hint: "at least \(4 * Self.side) × \(2 * Self.side) are needed")
      }
      pictures.append(picture)
    }
    self.textures = pictures
  }

  public var pictureCount: Int { trainCount + testCount }

  /// The classes: the textures, then the clothes.
  static let palette: LabelPalette = {
    let colours: [(UInt8, UInt8, UInt8)] = [
      (128, 32, 16), (32, 128, 32), (128, 128, 128), (255, 0, 0), (0, 0, 255), (255, 128, 0), (255, 0, 255),
      (128, 0, 255), (0, 255, 255), (255, 255, 0), (0, 255, 0), (255, 255, 255), (0, 128, 255),
    ]
    let names = textureNames + Garment.classes
    return LabelPalette(
      entries: zip(names, colours).map { name, colour in
        .init(name: name, colour: Colour(red: colour.0, green: colour.1, blue: colour.2), isEvaluated: true)
      }, isExact: true)
  }()

  /// Writes the corpus below an empty folder.
  ///
  /// - Parameter progress: told pictures done; returning false stops.
  public func write(to folder: String, progress: (Int) -> Bool) throws(FileError) -> Bool {
    var done = 0
    for (part, count, images) in [("train", trainCount, clothes.train), ("val", testCount, clothes.test)] {
      try Folders.create("\(folder)/\(part)")
      for number in 0..<count {
        guard progress(done) else { return false }
        var random = RandomStream(seed: seed).stream(part).stream(number)
        let picture = pair(images, isForTest: part == "val", &random)
        try picture.write(to: "\(folder)/\(part)/\(String(100_000 + number).dropFirst()).png")
        done += 1
      }
    }
    try AtomicFile.write(Self.palette.text, to: "\(folder)/\(LabelPalette.fileName)")
    try AtomicFile.write(
      """
      Scenes and labels: a stand-in for Cityscapes, made of the packages dataset-fashion-mnist (MIT) and python3-skimage
      (photographs of textures, CC0).

      """, to: "\(folder)/README")
    return true
  }

  private func pair(_ images: DigitImages, isForTest: Bool, _ random: inout RandomStream) -> RGBImage {
    let side = Self.side
    var scene = RGBImage(width: side, height: side, colour: Colour(red: 0, green: 0, blue: 0))
    var labels = scene
    func lay(_ texture: Int, rows: Range<Int>) {
      let picture = textures[texture]
      // The right quarter is the test's.
      let seen = isForTest ? picture.width - side..<picture.width - side + 1 : 0..<picture.width - 2 * side + 1
      let left = seen.lowerBound + random.integer(below: seen.count)
      let top = random.integer(below: picture.height - side + 1)
      let isMirrored = random.number() < 0.5
      let (strength, light) = (Float(random.number(in: 0.7..<1.1)), Self.lights[texture])
      for row in rows {
        for column in 0..<side {
          let pixel = picture[top + row, left + (isMirrored ? side - 1 - column : column)]
          func shade(_ value: UInt8, _ light: Float) -> UInt8 { UInt8(min(Float(value) * light * strength, 255)) }
          scene[row, column] = Colour(
            red: shade(pixel.red, light.0), green: shade(pixel.green, light.1), blue: shade(pixel.blue, light.2))
          labels[row, column] = Self.palette.entries[texture].colour
        }
      }
    }
    let horizon = side / 4 + random.integer(below: side / 2)
    lay(0, rows: 0..<horizon)
    lay(1 + random.integer(below: 2), rows: horizon..<side)
    for _ in 0..<2 + random.integer(below: 3) {
      let index = random.integer(below: images.count)
      let garment = Garment(images, index, side: 28 + random.integer(below: 37))
      let light = Garment.light(&random)
      let (top, left) = (random.integer(below: side - garment.side + 1), random.integer(below: side - garment.side + 1))
      let label = Self.palette.entries[Self.textureNames.count + Int(images.labels[index])].colour
      for row in 0..<garment.side {
        for column in 0..<garment.side where garment.isCloth(row, column) {
          scene[top + row, left + column] = garment.colour(row, column, light)
          labels[top + row, left + column] = label
        }
      }
    }
    return scene.beside(labels)
  }
}
