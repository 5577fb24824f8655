public import SwiftDL
import SwiftDLModels

/// A generator of pictures, and what it makes: pairs of digits, pairs of images, or labels for scenes.
public struct ImageGenerator: Sendable {
  private enum Kind: Sendable {
    case digits(DenseGenerator)
    case pairs(ConvGenerator)
    case labels(GeneratorUNet)
  }

  private let kind: Kind
  private let name: String

  /// The generator in a model's file, a run's folder, or a preset with fresh weights; `nil` where a network of another kind
  /// is there.
  public static func find(_ nameOrPath: String) throws(FileError) -> ImageGenerator? {
    switch try ModelFile.find(nameOrPath) {
    case let generator as DenseGenerator:
      let pixels = PairedDigits.parts.reduce(0, +)
      guard generator.configuration.outputChannels == pixels else {
        throw FileError(
          nameOrPath, "makes \(generator.configuration.outputChannels) numbers; a pair of digits has \(pixels) pixels")
      }
      return ImageGenerator(kind: .digits(generator), name: nameOrPath)
    case let generator as ConvGenerator:
      guard generator.configuration.channels == 4 || generator.configuration.channels == 6 else {
        throw FileError(
          nameOrPath, "makes images of \(generator.configuration.channels) channels",
          hint: "pairs of 1 and 3, or of 3 and 3, are shown")
      }
      return ImageGenerator(kind: .pairs(generator), name: nameOrPath)
    case let generator as GeneratorUNet where generator.configuration.answer == .image:
      guard generator.configuration.inputChannels == 3, generator.configuration.outputChannels == 3 else {
        throw FileError(nameOrPath, "is no network from colours to colours")
      }
      return ImageGenerator(kind: .labels(generator), name: nameOrPath)
    default: return nil
    }
  }

  /// Whether pictures are made for a scene.
  public var needsScene: Bool { if case .labels = kind { true } else { false } }

  /// So many samples side by side.
  ///
  /// - Parameter scene: a picture file, for networks that find labels: scene and labels come out, once for each noise.
  public func picture(count: Int, seed: UInt64, scene: String? = nil) throws(FileError) -> any PNGPicture {
    var random = RandomStream(seed: seed).stream("samples")
    func noise(_ numbers: Int) -> GeneratorInputs {
      GeneratorInputs(noise: random.uniform([count, numbers], in: -1..<1))
    }
    switch kind {
    case .digits(let generator):
      let samples = generator.samples(noise(generator.configuration.inputChannels), .inference)
      return PNGImage(grid: samples, height: 2 * DigitImages.side, width: DigitImages.side, columns: 16)
    case .pairs(let generator):
      let samples = generator.samples(noise(generator.configuration.noise), .inference)
      return RGBImage(grid: samples, SampleParts(sizes: [generator.configuration.channels - 3, 3]), columns: 8)
    case .labels(let generator):
      guard let scene else {
        throw FileError(name, "finds labels for a scene, and none is given", hint: "--prompt SCENE.png")
      }
      let shape = generator.configuration
      let image = try ImageFile.read(scene).bicubic(width: shape.width, height: shape.height)
      var inputs = noise(shape.noise)
      inputs.condition = Tensor(unsafe: [count, shape.height, shape.width, 3]) { buffer in
        for index in buffer.indices { buffer[index] = Float(image.bytes[index % image.bytes.count]) / 255 }
      }
      return RGBImage(grid: generator.samples(inputs, .inference), SampleParts(sizes: [3, 3]), columns: 8)
    }
  }
}
