public import SwiftDL

/// What a generator makes samples of.
public struct GeneratorInputs: Sendable {
  /// `[batch, numbers]`, in -1 … 1.
  public var noise: Tensor
  /// What samples are made for, `[batch, …]`: scenes whose labels are to be found, mixtures whose sources. `nil` where
  /// they are made of noise alone.
  public var condition: Tensor?

  public init(noise: Tensor, condition: Tensor? = nil) { (self.noise, self.condition) = (noise, condition) }
}

/// A network that makes samples of noise, and of what they are to be made for.
public protocol SampleGenerator: Network {
  /// Whole samples `[batch, …, channels]`, all parts side by side along the last axis; those that were given too.
  func samples(_ inputs: GeneratorInputs, _ context: Context) -> Tensor
}

extension SampleGenerator {
  /// Of generators that are given nothing but noise.
  public func samples(_ inputs: GeneratorInputs, _ context: Context) -> Tensor { self(inputs.noise, context) }
}

extension DenseGenerator: SampleGenerator {}

extension ConvGenerator: SampleGenerator {}

extension GeneratorUNet: SampleGenerator {
  public func samples(_ inputs: GeneratorInputs, _ context: Context) -> Tensor {
    guard let condition = inputs.condition else {
      require(false, "generator: a U-Net makes samples for a condition, and none is given")
      return inputs.noise
    }
    let made = self(condition, noise: inputs.noise, context)
    // A scene belongs to the sample; a mixture is the sum of its parts.
    return configuration.answer == .image ? .concatenated([condition, made], axis: 3) : made
  }
}
