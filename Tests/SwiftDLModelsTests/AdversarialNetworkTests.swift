import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Networks of adversarial separation") struct AdversarialNetworkTests {
  private var smallUNet: AdversarialUNet {
    var configuration = AdversarialUNetConfiguration()
    configuration.features = 3
    configuration.levels = 2
    configuration.bins = 18
    configuration.frames = 10
    return AdversarialUNet(configuration)
  }

  private var smallCritic: SpectrogramCritic {
    var configuration = SpectrogramCriticConfiguration()
    configuration.bins = 32
    configuration.frames = 16
    configuration.halving = [3, 4]
    configuration.halvingBins = [5]
    configuration.hidden = 6
    return SpectrogramCritic(configuration)
  }

  @Test("the published sizes and counts") func sizes() {
    let separator = AdversarialUNet(.init())
    #expect(separator.parameterCount == 958_596)
    #expect(separator.configuration.inputSize == (350, 158) && separator.configuration.outputSize == (258, 66))
    #expect(separator(.zeros([1, 350, 158, 1])).shape == [1, 258, 66, 2])
    let critic = SpectrogramCritic(.init())
    #expect(critic.parameterCount == 1_869_344)
    #expect(critic(.zeros([2, 256, 64, 1])).shape == [2, 1])
  }

  @Test("PyTorch's twins") func twins() throws {
    let separator = smallUNet
    #expect(separator.configuration.inputSize == (38, 30) && separator.configuration.outputSize == (18, 10))
    try expectTwin(separator, "adversarial-u-net") { $0($1) }
    try expectTwin(smallCritic, "spectrogram-critic") { $0($1) }
  }

  @Test("every size that is accepted gives the size that is announced, and no other is accepted") func extents() {
    let separator = smallUNet
    for extent in 1...60 {
      let shape: Shape = [1, extent, 30, 1]
      guard separator.problem(withInput: shape) == nil else { continue }
      let output = separator(.zeros(shape)).shape
      #expect(output[1] == extent - 20 && output[2] == 10, "\(extent)")
    }
    let accepted = (1...60).filter { separator.problem(withInput: [1, $0, 30, 1]) == nil }
    #expect(accepted == [22, 26, 30, 34, 38, 42, 46, 50, 54, 58])
    for wanted in 1...40 {
      var configuration = separator.configuration
      configuration.bins = wanted
      let (input, output) = (configuration.inputSize.bins, configuration.outputSize.bins)
      #expect(output >= wanted && output < wanted + 8 && input == output + 20, "\(wanted)")
      #expect(separator.problem(withInput: [1, input, 30, 1]) == nil)
    }
  }

  @Test("impossible shapes are told in a line") func problems() {
    var separator = AdversarialUNetConfiguration()
    separator.levels = 0
    #expect(separator.problem?.contains("levels") == true)
    separator = .init()
    separator.sources = []
    #expect(separator.problem?.contains("sources") == true)
    var critic = SpectrogramCriticConfiguration()
    critic.bins = 100
    #expect(critic.problem?.contains("bins is 100") == true)
    critic = .init()
    critic.halving = []
    #expect(critic.problem?.contains("halving") == true)
    #expect(SpectrogramCritic(.init()).problem(withInput: [2, 256, 63, 1]) != nil)
  }
}

@Suite("Separator by the adversarial U-Net") struct AdversarialSeparatorTests {
  @Test("the published lengths and count")
  func sizes() {
    let c = AdversarialSeparatorConfiguration()
    #expect(c.network.inputSize == (350, 158) && c.network.outputSize == (258, 66) && c.bins == 257)
    #expect(c.defaultWindow == WindowLengths(input: 157 * 256 + 512, output: 65 * 256))
    #expect(AdversarialSeparator(c).parameterCount == 958_596)
  }

  @Test("what is estimated to be the mixture is the mixture, sample by sample")
  func identity() {
    var separator = AdversarialSeparator(.tiny)
    // The last convolution sees the mixture itself in its first feature.
    separator.forEachField { _, path, tensor in
      let isOutput = path == "network.output.weight"
      tensor = isOutput ? Tensor(tensor.shape, (0..<tensor.count).map { $0 < 2 ? 1 : 0 }) : .zeros(tensor.shape)
    }
    let window = separator.configuration.window(forOutputFrames: 200)
    var random = RandomStream(seed: 1)
    let x = random.uniform([2, window.input, 1], in: -1..<1)
    let y = separator(x)
    let kept = x.sliced(axis: 1, window.contextBefore..<window.contextBefore + window.output)
    #expect(y.shape == [2, window.output, 2])
    for (_, source) in separator.sources(of: y) { expectClose(source, kept, tolerance: 1e-5) }
    expectClose(separator(.zeros(x.shape)), .zeros(y.shape))
  }

  @Test("windows have the lengths that are announced, and shifted by a stride they give the same")
  func windows() {
    let separator = AdversarialSeparator(.tiny, random: RandomStream(seed: 2))
    let c = separator.configuration
    for frames in [1, 50, 129, 300] {
      let window = c.window(forOutputFrames: frames)
      #expect(window.output >= frames && window.output < frames + c.totalStride + 2 * c.frameSize, "\(frames)")
      #expect(c.accepts(inputFrames: window.input) && !c.accepts(inputFrames: window.input + c.hop))
      #expect(separator(.zeros([1, window.input, 1])).shape == [1, window.output, 2])
    }
    let (long, short) = (c.window(forOutputFrames: 400), c.window(forOutputFrames: 200))
    var random = RandomStream(seed: 3)
    let x = random.uniform([1, long.input, 1], in: -1..<1)
    let whole = separator(x)
    for start in [0, c.totalStride, 2 * c.totalStride] {
      let part = separator(x.sliced(axis: 1, start..<start + short.input))
      expectClose(part, whole.sliced(axis: 1, start..<start + short.output), tolerance: 1e-5)
    }
  }
}
