public import SwiftDL

/// One network for two questions about a song: when somebody sings, and what of the sound is the voice.
///
/// Input `[batch, 350 bins, 222 frames, 1]`, logarithms of one plus the mixture's magnitudes; output
/// `[batch, 258 + 1, 130, 1]`: the voice's mask and, below the last bin, the probability of singing in each frame, all
/// between 0 and 1. Other valid numbers of frames pass too. 5,813,397 parameters.
///
/// A U-Net by convolutions that see no edges; at its deepest level a convolution over all bins, and back, relates distant
/// frequencies. Both heads read the features of every bin and frame: the mask's by itself, the detector's from all bins of a
/// frame. All but the first convolution have LeakyReLU; its slope, and that the transposed convolution has as many features
/// as the map it joins, are not in the paper. Source: Stoller, Ewert, Dixon, "Jointly detecting and separating singing
/// voice: a multi-task approach", LVA/ICA 2018, section 3 and figure 1.
public struct DetectSeparate: Module {
  public let configuration: DetectSeparateConfiguration
  public var down: [Conv2D]
  public var block: FrequencyBlock
  /// From the deepest level to the first.
  public var up: [UpBlock]
  public var mask: Conv2D
  public var detection: Conv2D

  /// Over all bins, and back.
  public struct FrequencyBlock: Module {
    public var over: Conv2D
    public var back: TransposedConv2D

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("over", &over)
      visit.module("back", &back)
    }
  }

  public struct UpBlock: Module {
    public var doubling: TransposedConv2D
    public var conv: Conv2D

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("doubling", &doubling)
      visit.module("conv", &conv)
    }
  }

  /// What both heads say before their sigmoids.
  public struct Logits {
    /// `[batch, bins, frames, 1]`
    public let mask: Tensor
    /// `[batch, frames]`
    public let singing: Tensor
  }

  /// Fresh weights: Glorot uniform kernels, zero biases.
  public init(_ configuration: DetectSeparateConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "detect-separate: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    let leaky = Activation.leakyReLU(slope: c.leakySlope)
    func conv(_ inputs: Int, _ outputs: Int, kernel: Conv2D.Pair = .init(3, 3), _ activation: Activation) -> Conv2D {
      Conv2D(inputChannels: inputs, outputChannels: outputs, kernel: kernel, activation: activation, random: &random)
    }
    down = (0...c.levels).map { level in
      level == 0 ? conv(1, c.features, .relu) : conv(c.features << (level - 1), c.features << level, leaky)
    }
    let deepest = c.features << c.levels
    block = FrequencyBlock(
      over: conv(deepest, c.blockFeatures, kernel: .init(c.deepestBins, 1), leaky),
      back: TransposedConv2D(
        inputChannels: c.blockFeatures, outputChannels: deepest, kernel: .init(c.deepestBins, 1), activation: leaky,
        random: &random))
    up = (0..<c.levels).reversed().map { level in
      let features = c.features << level
      return UpBlock(
        doubling: TransposedConv2D(
          inputChannels: level == c.levels - 1 ? 2 * deepest : 2 * features, outputChannels: features,
          kernel: .init(2, 2), stride: .init(2, 2), activation: leaky, random: &random),
        conv: conv(2 * features, features, leaky))
    }
    mask = conv(c.features + 1, 1, kernel: .init(1, 1), .none)
    detection = conv(c.features + 1, 1, kernel: .init(c.outputSize.bins, 1), .none)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.modules("down", &down)
    visit.module("block", &block)
    visit.modules("up", &up)
    visit.module("mask", &mask)
    visit.module("detection", &detection)
  }

  /// Both heads, before their sigmoids.
  ///
  /// - Parameter mixture: `[batch, input bins, frames, 1]`, logarithms of one plus magnitudes.
  public func logits(_ mixture: Tensor) -> Logits {
    let features = features(mixture)
    let singing = detection(features)
    return Logits(mask: mask(features), singing: singing.reshaped([singing.shape[0], singing.shape[2]]))
  }

  /// `[batch, output bins, output frames, features + 1]`
  private func features(_ mixture: Tensor) -> Tensor {
    let problem = problem(withInput: mixture.shape)
    require(problem == nil, "detect-separate: an input that \(problem ?? "")")
    var x = down[0](mixture)
    var skips: [Tensor] = []
    for conv in down.dropFirst() {
      skips.append(x)
      x = conv(x.maxPooled(PoolGeometry(window: .init(2, 2))))
    }
    x = .concatenated([x, block.back(block.over(x))], axis: 3)
    for block in up {
      let doubled = block.doubling(x)
      x = block.conv(.concatenated([skips.removeLast().centre(doubled.shape), doubled], axis: 3))
    }
    return .concatenated([x, mixture.centre(x.shape)], axis: 3)
  }

  public func callAsFunction(_ mixture: Tensor) -> Tensor {
    let logits = logits(mixture)
    let singing = logits.singing.reshaped([mixture.shape[0], 1, logits.singing.shape[1], 1])
    return Tensor.concatenated([logits.mask, singing], axis: 1).sigmoid()
  }
}

extension DetectSeparate: Network {
  public static let architecture = "detect-separate"
  public static let presets: [(name: String, configuration: DetectSeparateConfiguration)] = [
    ("detect-separate", DetectSeparateConfiguration())
  ]

  public func problem(withInput shape: Shape) -> String? {
    let (bins, frames) = configuration.inputSize
    guard shape.rank == 4, shape[1] == bins, shape[3] == 1, configuration.outputExtent(of: shape[2]) != nil else {
      return "has shape \(shape); [batch, \(bins), \(frames), 1] is expected, or another valid number of frames"
    }
    return nil
  }

  /// In frames of the spectrogram, of which there are so many in a second.
  public var facts: NetworkFacts {
    let window = WindowLengths(input: configuration.inputSize.frames, output: configuration.outputSize.frames)
    return NetworkFacts(
      window: window, receptiveField: ReceptiveField(before: window.contextBefore, after: window.contextAfter))
  }
}
