import SwiftDL

/// The shape of FactorGAN's U-Net generator: everything but its weights.
public struct GeneratorUNetConfiguration: Codable, Sendable, Hashable {
  /// What the network answers.
  public enum Answer: String, Codable, Sendable, Hashable, CaseIterable {
    /// An image in 0 … 1.
    case image
    /// The shares of two sources in a spectrogram's magnitudes.
    case sources
  }

  public var answer = Answer.image
  /// Rows and columns of images, or bins and frames of spectrograms: multiples of 16.
  public var height = 128
  public var width = 128
  public var inputChannels = 3
  /// Of an image that is answered; a spectrogram's mask has one.
  public var outputChannels = 3
  /// Features of the first level.
  public var features = 32
  /// Numbers of noise.
  public var noise = 50

  public init() {}

  /// Scenes to label images, 128 × 128 (ICLR 2020, appendix): 3,361,155 parameters.
  public static let image = GeneratorUNetConfiguration()
  /// Mixtures to accompaniment and voice, 256 bins × 128 frames: 3,367,041 parameters.
  public static let audio: GeneratorUNetConfiguration = {
    var c = GeneratorUNetConfiguration()
    (c.answer, c.height, c.inputChannels, c.outputChannels) = (.sources, 256, 1, 1)
    return c
  }()

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    for (name, value) in [("height", height), ("width", width)] where value < 16 || value > 4096 || value % 16 != 0 {
      return "\(name) is \(value); multiples of 16 up to 4096 are possible"
    }
    for (name, value) in [
      ("inputChannels", inputChannels), ("outputChannels", outputChannels), ("features", features), ("noise", noise),
    ] where value < 1 || value > 512 {
      return "\(name) is \(value); 1 to 512 are possible"
    }
    if answer == .sources && (inputChannels != 1 || outputChannels != 1) {
      return "a mask is of a spectrogram: inputChannels and outputChannels are 1"
    }
    return nil
  }

  /// Features that every level down gives, and every level up.
  var down: [Int] { [1, 2, 4, 8, 8].map { $0 * features } }
  var up: [Int] { [4, 2, 1, 1].map { $0 * features } }
  /// Maps that the noise becomes beside the deepest level's.
  static let noiseMaps = 2

  /// Multiply–adds of one image or spectrogram, forward.
  var multiplyAdds: Int {
    var (inputs, cells, total) = (inputChannels, height * width, 0)
    for (level, outputs) in down.enumerated() {
      if level > 0 { cells /= 4 }
      total += cells * 9 * outputs * (inputs + outputs)
      inputs = outputs
    }
    total += noise * Self.noiseMaps * cells
    inputs += Self.noiseMaps
    for (level, outputs) in up.enumerated() {
      cells *= 4
      total += cells * 9 * outputs * (inputs + down[3 - level] + outputs)
      inputs = outputs
    }
    return total + cells * inputs * outputChannels
  }
}
