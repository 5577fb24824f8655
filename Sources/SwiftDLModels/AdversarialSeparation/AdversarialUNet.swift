public import SwiftDL

/// The shape of the U-Net that adversarial separation trains: everything but its weights.
public struct AdversarialUNetConfiguration: Codable, Sendable, Hashable {
  /// Names of the separated sources, in output order.
  public var sources = ["accompaniment", "vocals"]
  /// Times both axes are halved.
  public var levels = 4
  /// Features of the first level, which double from one to the next.
  public var features = 16
  /// Frequency bins and frames that are wanted at the output; `outputSize` is what the network makes of it.
  public var bins = 256
  public var frames = 64

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if sources.isEmpty { return "sources must name at least one source" }
    for (name, value, range) in [
      ("levels", levels, 1...8), ("features", features, 1...256), ("bins", bins, 1...1 << 14),
      ("frames", frames, 1...1 << 14),
    ] where !range.contains(value) {
      return "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) are possible"
    }
    if features << levels > 1 << 14 { return "features and levels make layers of \(features << levels) features" }
    return nil
  }

  /// Bins and frames that the network gives for those that are wanted, and that it takes in for them.
  public var outputSize: (bins: Int, frames: Int) { (sizes(bins).output, sizes(frames).output) }
  public var inputSize: (bins: Int, frames: Int) { (sizes(bins).input, sizes(frames).input) }

  /// From the wanted extent down to the least even extent of the deepest level that reaches it, and up again.
  private func sizes(_ wanted: Int) -> (input: Int, output: Int) {
    var deepest = Double(wanted)
    for _ in 0..<levels { deepest = (deepest + 2) / 2 }
    let even = Int((deepest / 2).rounded(.up)) * 2
    var (input, output) = (even, even)
    for _ in 0..<levels { (input, output) = (2 * (input + 2), 2 * output - 2) }
    return (input + 2, output)
  }

  /// The output's extent for an input's; `nil` where a level cannot be halved or nothing is left.
  func outputExtent(of input: Int) -> Int? {
    var extent = input - 2
    for _ in 0..<levels {
      guard extent > 0, extent % 2 == 0 else { return nil }
      extent = extent / 2 - 2
    }
    for _ in 0..<levels { extent = 2 * extent - 2 }
    return extent > 0 ? extent : nil
  }
}

/// The U-Net of adversarial semi-supervised separation: from a mixture's spectrogram with context around it to those of its
/// sources, by convolutions that see no edges.
///
/// Input `[batch, bins, frames, 1]`, output `[batch, fewer bins, fewer frames, sources]`; both are logarithms of one plus
/// magnitudes. The published size is 350 × 158 to 258 × 66, with 958,596 parameters. All activations are ReLU.
/// Source: Stoller, Ewert, Dixon, "Adversarial semi-supervised audio source separation applied to singing voice
/// extraction", ICASSP 2018, and the authors' code, which has no second transposed convolution in an up block.
public struct AdversarialUNet: Module {
  public let configuration: AdversarialUNetConfiguration
  public var down: [Conv2D]
  /// From the deepest level to the first.
  public var up: [UpBlock]
  public var output: Conv2D

  public struct UpBlock: Module {
    public var doubling: TransposedConv2D
    public var conv: Conv2D

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("doubling", &doubling)
      visit.module("conv", &conv)
    }
  }

  /// Fresh weights: Glorot uniform kernels, zero biases.
  public init(_ configuration: AdversarialUNetConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "adversarial U-Net: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    func conv(_ inputs: Int, _ outputs: Int, kernel: Int = 3) -> Conv2D {
      Conv2D(
        inputChannels: inputs, outputChannels: outputs, kernel: .init(kernel, kernel), activation: .relu, random: &random)
    }
    down = (0...c.levels).map { level in conv(level == 0 ? 1 : c.features << (level - 1), c.features << level) }
    up = (0..<c.levels).reversed().map { level in
      let features = c.features << level
      return UpBlock(
        doubling: TransposedConv2D(
          inputChannels: 2 * features, outputChannels: features, kernel: .init(2, 2), stride: .init(2, 2),
          activation: .relu, random: &random),
        conv: conv(2 * features, features))
    }
    output = conv(c.features + 1, c.sources.count, kernel: 1)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.modules("down", &down)
    visit.modules("up", &up)
    visit.module("output", &output)
  }

  public func callAsFunction(_ mixture: Tensor) -> Tensor {
    let problem = problem(withInput: mixture.shape)
    require(problem == nil, "adversarial U-Net: an input that \(problem ?? "")")
    var x = down[0](mixture)
    var skips: [Tensor] = []
    for conv in down.dropFirst() {
      skips.append(x)
      x = conv(x.maxPooled(PoolGeometry(window: .init(2, 2))))
    }
    for block in up {
      let doubled = block.doubling(x)
      x = block.conv(.concatenated([skips.removeLast().centre(doubled.shape), doubled], axis: 3))
    }
    return output(.concatenated([mixture.centre(x.shape), x], axis: 3))
  }
}

extension AdversarialUNet: Network {
  public static let architecture = "adversarial-u-net"
  public static let presets: [(name: String, configuration: AdversarialUNetConfiguration)] = [
    ("adversarial-unet", AdversarialUNetConfiguration())
  ]
  public static func problem(with configuration: AdversarialUNetConfiguration) -> String? { configuration.problem }

  public func problem(withInput shape: Shape) -> String? {
    let (bins, frames) = configuration.inputSize
    guard shape.rank == 4, shape[3] == 1, configuration.outputExtent(of: shape[1]) != nil,
      configuration.outputExtent(of: shape[2]) != nil
    else { return "has shape \(shape); [batch, \(bins), \(frames), 1] is expected, or another valid size" }
    return nil
  }

  public var facts: NetworkFacts {
    let (input, output) = (configuration.inputSize.frames, configuration.outputSize.frames)
    let window = WindowLengths(input: input, output: output)
    return NetworkFacts(
      window: window, receptiveField: ReceptiveField(before: window.contextBefore, after: window.contextAfter))
  }
}
