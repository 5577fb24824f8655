public import SwiftDL
import SwiftDLModels

/// A generator of pairs of digits, and the pictures it makes.
public struct ImageGenerator: Sendable {
  private let generator: DenseGenerator

  /// The generator in a model's file, a run's folder, or a preset with fresh weights; `nil` where a network of another kind
  /// is there.
  public static func find(_ nameOrPath: String) throws(FileError) -> ImageGenerator? {
    guard let generator = try ModelFile.find(nameOrPath) as? DenseGenerator else { return nil }
    let pixels = PairedDigits.parts.reduce(0, +)
    guard generator.configuration.outputChannels == pixels else {
      throw FileError(
        nameOrPath, "makes \(generator.configuration.outputChannels) numbers; a pair of digits has \(pixels) pixels")
    }
    return ImageGenerator(generator: generator)
  }

  /// So many samples side by side.
  public func picture(count: Int, seed: UInt64) -> PNGImage {
    var random = RandomStream(seed: seed).stream("samples")
    let noise = random.uniform([count, generator.configuration.inputChannels], in: -1..<1)
    return PNGImage(grid: generator(noise), height: 2 * DigitImages.side, width: DigitImages.side, columns: 16)
  }
}
