import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Wave-U-Net with fixed resampling")
struct ResamplingWaveUNetTests {
  @Test("parameter counts and lengths of the author's version")
  func counts() {
    let c = ResamplingWaveUNetConfiguration.separate
    #expect(c.parameterCount == 4 * 17_477_538)
    #expect(c.window(forOutputFrames: 88200) == WindowLengths(input: 97961, output: 88409))
    #expect(c.problem == nil)
    var one = c
    one.sources = ["vocals"]
    #expect(one.parameterCount == 17_477_538 && ResamplingWaveUNet(one).parameterCount == one.parameterCount)
    #expect(ResamplingWaveUNet(.tiny).parameterCount == ResamplingWaveUNetConfiguration.tiny.parameterCount)
  }

  @Test("forward and gradients equal PyTorch's", arguments: ["separate", "shared"])
  func twin(variant: String) throws {
    var c = ResamplingWaveUNetConfiguration.tiny
    (c.channels, c.kernel) = (2, 3)
    if variant == "shared" {
      (c.isShared, c.normalization, c.stride) = (true, .none, 3)
    }
    try expectTwin(ResamplingWaveUNet(c), "wave-u-net-resampling-\(variant)") { $0($1) }
  }

  @Test("the networks of some sources are enough for them")
  func restricted() {
    var c = ResamplingWaveUNetConfiguration.tiny
    for isShared in [false, true] {
      c.isShared = isShared
      let network = ResamplingWaveUNet(c, random: RandomStream(seed: 2))
      let one = network.restricted(to: ["vocals"])
      var random = RandomStream(seed: 1)
      let x = random.normal([1, c.defaultWindow.input, 1])
      #expect(one.configuration.sources == (isShared ? c.sources : ["vocals"]))
      let vocals = one.sources(of: one(x)).first { $0.name == "vocals" }
      expectIdentical(vocals?.signal ?? x, network.sources(of: network(x))[1].signal)
    }
  }

  @Test("a wanted length is reached by the smallest window", arguments: [2, 3, 4])
  func smallestWindow(stride: Int) {
    var c = ResamplingWaveUNetConfiguration.tiny
    (c.stride, c.kernel) = (stride, 3)
    var previous = 0
    for frames in 1...300 {
      let window = c.window(forOutputFrames: frames)
      #expect(window.output >= frames && window.output >= previous && c.accepts(inputFrames: window.input))
      #expect(!c.accepts(inputFrames: window.input + 1))
      previous = window.output
    }
    // One stride less would not be enough, unless filters need more than the output does.
    let window = c.window(forOutputFrames: 300)
    #expect(window.output - 300 < c.totalStride)
  }

  @Test("the receptive field is where gradients reach")
  func receptiveField() {
    var c = ResamplingWaveUNetConfiguration.tiny
    // Normalisation looks at the whole window. (A factor of 3 has zeros where the outermost taps are.)
    (c.normalization, c.stride, c.kernel, c.isShared) = (.none, 4, 3, true)
    let network = ResamplingWaveUNet(c, random: RandomStream(seed: 2))
    let window = c.window(forOutputFrames: 200)
    var random = RandomStream(seed: 1)
    let x = random.normal([1, window.input, 1]).tracked()
    let y = network(x)
    #expect(y.shape[1] == window.output)
    var (before, after) = (0, 0)
    for phase in 0..<c.totalStride {
      let output = window.output / 2 / c.totalStride * c.totalStride + phase
      let now = output + (window.input - window.output) / 2
      let gradient = gradients(of: y.sliced(axis: 1, output..<output + 1).sum(), at: [x])[0].scalars
      before = max(before, now - (gradient.firstIndex { $0 != 0 } ?? now))
      after = max(after, (gradient.lastIndex { $0 != 0 } ?? now) - now)
    }
    #expect(c.receptiveField == ReceptiveField(before: before, after: after))
  }

  @Test("shapes and settings that cannot be are said in one line")
  func problems() {
    let network = ResamplingWaveUNet(.tiny)
    #expect(network.problem(withInput: [1, 100, 1])?.contains("would do") == true)
    #expect(network.problem(withInput: [1, 100, 2])?.contains("is expected") == true)
    var c = ResamplingWaveUNetConfiguration.tiny
    c.features = 12
    #expect(c.problem?.contains("multiple") == true)
    (c.features, c.levels) = (4096, 10)
    #expect(c.problem?.contains("million") == true)
  }
}
