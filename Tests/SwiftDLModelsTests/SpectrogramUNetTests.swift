import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Spectrogram U-Net")
struct SpectrogramUNetTests {
  @Test("parameter counts and lengths of U7")
  func counts() {
    let c = SpectrogramUNetConfiguration.u7
    #expect(c.parameterCount == 2 * 9_821_809 && c.problem == nil)
    // 128 frames, as the paper's M7 was made to match.
    #expect(c.defaultWindow == WindowLengths(input: 98560, output: 98560))
    #expect(c.accepts(inputFrames: 98560) && !c.accepts(inputFrames: 98560 + 768))
    #expect(SpectrogramUNet(.tiny).parameterCount == SpectrogramUNetConfiguration.tiny.parameterCount)
  }

  /// The twin's shape.
  private var twin: SpectrogramUNetConfiguration {
    var c = SpectrogramUNetConfiguration.tiny
    (c.levels, c.dropout) = (3, 0)
    return c
  }

  @Test("forward and gradients equal PyTorch's, in inference and in training", arguments: [false, true])
  func twin(training: Bool) throws {
    try expectTwin(SpectrogramUNet(twin), "spectrogram-u-net-\(training ? "training" : "inference")") {
      $0($1, Context(training: training))
    }
  }

  @Test("without a mask the signal comes back, but for the faded ends")
  func transforms() {
    var network = SpectrogramUNet(.tiny, random: RandomStream(seed: 3))
    // Weights of zero make masks of one half.
    network.forEachField { kind, _, tensor in if kind == .parameter { tensor = .zeros(tensor.shape) } }
    var random = RandomStream(seed: 1)
    let window = network.configuration.defaultWindow
    let x = random.uniform([2, window.input, 1], in: -1..<1)
    let inside = 8..<window.input - 8
    for (_, signal) in network.sources(of: network(x)) {
      expectClose(2 * signal.sliced(axis: 1, inside), x.sliced(axis: 1, inside), tolerance: 1e-5)
    }
  }

  @Test("the receptive field is where gradients reach")
  func receptiveField() {
    var c = SpectrogramUNetConfiguration.tiny
    c.sources = ["vocals"]
    let network = SpectrogramUNet(c, random: RandomStream(seed: 2))
    let window = c.window(forOutputFrames: 1500)
    var random = RandomStream(seed: 1)
    let x = random.normal([1, window.input, 1]).tracked()
    let y = network(x)
    var (before, after) = (0, 0)
    for phase in 0..<c.totalStride {
      let now = window.output / 2 / c.totalStride * c.totalStride + phase
      let gradient = gradients(of: y.sliced(axis: 1, now..<now + 1).sum(), at: [x])[0].scalars
      before = max(before, now - (gradient.firstIndex { $0 != 0 } ?? now))
      after = max(after, (gradient.lastIndex { $0 != 0 } ?? now) - now)
    }
    // The first sample under a Hann window has no weight, so a bound may be one frame's edge more than what is reached.
    #expect(c.receptiveField.before >= before && c.receptiveField.before - before <= 2, "\(c.receptiveField), \(before)")
    #expect(c.receptiveField.after >= after && c.receptiveField.after - after <= 2, "\(c.receptiveField), \(after)")
  }

  @Test("dropout and the statistics of a batch are for training alone")
  func modes() {
    var network = SpectrogramUNet(.tiny, random: RandomStream(seed: 4))
    var random = RandomStream(seed: 1)
    let x = random.normal([2, network.configuration.defaultWindow.input, 1])
    let before = network(x)
    expectIdentical(network(x), before)
    let context = Context(training: true, random: RandomStream(seed: 9))
    #expect(network(x, context).scalars != before.scalars)
    context.applyUpdates(to: &network)
    #expect(network(x).scalars != before.scalars)
  }

  @Test("magnitudes are those of the waveforms")
  func magnitudes() {
    let network = SpectrogramUNet(.tiny, random: RandomStream(seed: 4))
    var random = RandomStream(seed: 1)
    let frames = network.configuration.defaultWindow.input
    let x = random.normal([1, frames, 1])
    let bins = 17
    let estimated = network.magnitudes(x, .inference)
    let own = network.magnitudes(ofSources: .concatenated([x, x], axis: 2))
    #expect(estimated.shape == own.shape && own.shape[2] == 2 * bins)
    // A mask never raises a magnitude, and halves that of the highest bin.
    #expect(zip(estimated.scalars, own.scalars).allSatisfy { $0.0 <= $0.1 })
    expectClose(2 * estimated.sliced(axis: 2, bins - 1..<bins), own.sliced(axis: 2, bins - 1..<bins), tolerance: 1e-5)
  }

  @Test("shapes and settings that cannot be are said in one line")
  func problems() {
    #expect(SpectrogramUNet(.tiny).problem(withInput: [1, 100, 1])?.contains("would do") == true)
    var c = SpectrogramUNetConfiguration.tiny
    c.frameSize = 34
    #expect(c.problem?.contains("multiple") == true)
    (c.frameSize, c.hop) = (32, 32)
    #expect(c.problem?.contains("overlap") == true)
  }
}
