public import SwiftDL

/// The shape of a WaveNet: everything but its weights.
public struct WaveNetConfiguration: Codable, Sendable, Hashable {
  /// Symbols in and out, such as the levels of companded audio.
  public var symbols = 256
  public var stacks = 4
  /// Layers per stack; the dilation doubles from 1 on within each.
  public var layers = 13
  /// Channels of the residual signal and of the gates.
  public var width = 128
  /// Channels of the sum over all layers.
  public var skipWidth = 512
  /// What a layer gives to the sum is cropped to the frames that come out before it is convolved, not after:
  /// the same function, with less work. As published, it is cropped after.
  public var skipsAreCroppedFirst = true
  /// Symbols per second, of audio.
  public var sampleRate: Int?
  /// Frames of the usual window's output.
  public var windowFrames = 5000

  public init() {}

  /// What is impossible about the configuration, in one line; `nil` when it can be built.
  public var problem: String? {
    if symbols < 2 || symbols > 1 << 16 { return "symbols is \(symbols); 2 to \(1 << 16) are possible" }
    if stacks < 1 || stacks > 64 { return "stacks is \(stacks); 1 to 64 are possible" }
    if layers < 1 || layers > 20 { return "layers is \(layers); 1 to 20 are possible" }
    for (name, channels) in [("width", width), ("skipWidth", skipWidth)] where channels < 1 || channels > 4096 {
      return "\(name) is \(channels); 1 to 4096 are possible"
    }
    let weights = stacks * layers * width * (5 * width + skipWidth)
    if weights > 500_000_000 {
      return "stacks, layers and widths make \(weights / 1_000_000) million weights; 500 are possible"
    }
    return windowFrames < 1 || windowFrames > 1 << 20
      ? "windowFrames is \(windowFrames); 1 to \(1 << 20) are possible" : nil
  }

  public var receptiveField: ReceptiveField {
    ReceptiveField(before: stacks * ((1 << layers) - 1), after: 0)
  }

  /// The window with the given output frames.
  public func window(forOutputFrames frames: Int) -> WindowLengths {
    require(frames > 0, "WaveNet: a window of \(frames) output frames")
    return WindowLengths(input: frames + receptiveField.before, output: frames)
  }

  public var defaultWindow: WindowLengths { window(forOutputFrames: windowFrames) }

  /// Multiply–adds of one window, forward.
  public func multiplyAdds(_ window: WindowLengths) -> Int {
    var frames = window.input
    var total = 0
    for layer in 0..<stacks * layers {
      frames -= 1 << (layer % layers)
      total += frames * width * (4 * width + (layer == stacks * layers - 1 ? 0 : width))
      total += (skipsAreCroppedFirst ? window.output : frames) * width * skipWidth
    }
    return total + window.output * skipWidth * (skipWidth + symbols)
  }

  /// Piano music at 16 kHz in 256 levels, as published: 8.1 million parameters.
  public static let audio: WaveNetConfiguration = {
    var c = audioCropped
    c.skipsAreCroppedFirst = false
    return c
  }()
  /// The same function with less work.
  public static let audioCropped: WaveNetConfiguration = {
    var c = WaveNetConfiguration()
    c.sampleRate = 16000
    return c
  }()
  /// For tests of whole pipelines.
  public static let tiny: WaveNetConfiguration = {
    var c = WaveNetConfiguration()
    c.symbols = 7
    c.stacks = 2
    c.layers = 3
    c.width = 4
    c.skipWidth = 6
    c.windowFrames = 12
    return c
  }()

  /// The presets by name, as the command line lists them.
  public static let presets: [(name: String, configuration: WaveNetConfiguration)] = [
    ("wavenet-audio", audio), ("wavenet-audio-cropped", audioCropped), ("wavenet-tiny", tiny),
  ]
}

/// WaveNet: dilated gated convolutions of two taps, each adding to the signal and to a sum over all layers.
///
/// No padding: the output is shorter than the input by the receptive field less one. Output t depends on
/// symbols up to t only: it scores the symbol that follows.
/// Source: van den Oord et al., "WaveNet: a generative model for raw audio", 2016, section 2.
public struct WaveNet: Module {
  public let configuration: WaveNetConfiguration
  public var input: SymbolConv1D
  public var layers: [Layer]
  /// All layers' contributions to the sum as one convolution, `[1, layers · width, skipWidth]`.
  public var skipWeight: Tensor
  /// `[layers, skipWidth]`: every layer's own.
  public var skipBias: Tensor
  public var hidden: Conv1D
  public var output: Conv1D

  public struct Layer: Module {
    /// To the signal's and the gate's sums.
    public var dilated: Conv1D
    /// What is added to the signal. That of the last layer has no effect; it is there because it is in the
    /// original.
    public var residual: Conv1D

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.module("dilated", &dilated)
      visit.module("residual", &residual)
    }
  }

  /// Fresh weights, drawn as PyTorch draws those of its layers.
  public init(_ configuration: WaveNetConfiguration, random: RandomStream = RandomStream(seed: 0)) {
    require(configuration.problem == nil, "WaveNet: \(configuration.problem ?? "")")
    self.configuration = configuration
    let c = configuration
    var random = random
    func conv(
      _ input: Int, _ output: Int, kernel: Int = 1, dilation: Int = 1, activation: Activation = .none
    ) -> Conv1D {
      Conv1D(
        inputChannels: input, outputChannels: output, kernelSize: kernel, dilation: dilation,
        activation: activation, initialization: .kaimingUniform, random: &random)
    }
    let count = c.stacks * c.layers
    input = SymbolConv1D(
      symbols: c.symbols, outputChannels: c.width, kernelSize: 1, initialization: .kaimingUniform,
      random: &random)
    layers = (0..<count).map { layer in
      Layer(
        dilated: conv(c.width, 2 * c.width, kernel: 2, dilation: 1 << (layer % c.layers)),
        residual: conv(c.width, c.width))
    }
    let limit = 1 / Float(c.width).squareRoot()
    skipWeight = random.uniform([1, count * c.width, c.skipWidth], in: -limit..<limit)
    skipBias = random.uniform([count, c.skipWidth], in: -limit..<limit)
    hidden = conv(c.skipWidth, c.skipWidth, activation: .relu)
    output = conv(c.skipWidth, c.symbols)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("input", &input)
    visit.modules("layers", &layers)
    visit.parameter("skipWeight", &skipWeight)
    visit.parameter("skipBias", &skipBias)
    visit.module("hidden", &hidden)
    visit.module("output", &output)
  }

  /// A score for every symbol per frame.
  ///
  /// - Parameter symbols: numbers `[batch, frames, 1]`.
  /// - Returns: `[batch, frames − receptive field + 1, symbols]`; the last one scores what follows the last
  ///   input frame.
  public func callAsFunction(_ symbols: Tensor) -> Tensor {
    require(problem(withInput: symbols.shape) == nil, "WaveNet: an input that \(problem(withInput: symbols.shape) ?? "")")
    var x = input(symbolNumbers(symbols, below: configuration.symbols), batch: symbols.shape[0])
    let frames = symbols.shape[1] - configuration.receptiveField.before
    // As published, a running sum; cropped first, the inputs of one product at the end.
    var skips: [Tensor] = []
    var sum = skipBias.sum(axes: [0])
    for (index, layer) in layers.enumerated() {
      let gated = gatedConv1D(
        [x], layer.dilated.weight, bias: layer.dilated.bias, dilation: layer.dilated.dilation)
      if configuration.skipsAreCroppedFirst {
        skips.append(latest(gated, frames))
      } else {
        let weight = skipWeight.sliced(axis: 1, index * configuration.width..<(index + 1) * configuration.width)
        sum = latest(conv1D(gated, weight), frames) + sum
      }
      if index < layers.count - 1 {
        x = conv1D([ConvInput(gated)], layer.residual.weight, bias: layer.residual.bias, identity: x)
      }
    }
    return output(hidden(skips.isEmpty ? sum.relu() : conv1D(skips, skipWeight, bias: sum, activation: .relu)))
  }

  private func latest(_ x: Tensor, _ frames: Int) -> Tensor { x.sliced(axis: 1, x.shape[1] - frames..<x.shape[1]) }
}

extension WaveNet: Network {
  public static let architecture = "wavenet"
  public static var presets: [(name: String, configuration: WaveNetConfiguration)] { WaveNetConfiguration.presets }
  public static func problem(with configuration: WaveNetConfiguration) -> String? { configuration.problem }

  public func problem(withInput shape: Shape) -> String? {
    if let problem = symbolProblem(shape) { return problem }
    let least = configuration.receptiveField.frames
    return shape[1] >= least ? nil : "has \(shape[1]) frames; at least \(least) are needed"
  }

  public var facts: NetworkFacts {
    let window = configuration.defaultWindow
    return NetworkFacts(
      window: window, receptiveField: configuration.receptiveField, sampleRate: configuration.sampleRate,
      multiplyAddsPerSecond: configuration.sampleRate.map {
        Double(configuration.multiplyAdds(window)) / Double(window.output) * Double($0)
      })
  }
}
