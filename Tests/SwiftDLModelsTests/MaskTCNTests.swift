import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Mask TCN")
struct MaskTCNTests {
  @Test("parameter counts and lengths")
  func counts() {
    for (name, configuration) in MaskTCNConfiguration.presets {
      #expect(configuration.problem == nil, "\(name)")
      #expect(MaskTCN(configuration).parameterCount == configuration.parameterCount, "\(name)")
      #expect(configuration.accepts(inputFrames: configuration.defaultWindow.input), "\(name)")
    }
    #expect(MaskTCNConfiguration.full.parameterCount == 3_417_346)
    #expect(MaskTCNConfiguration.live.receptiveField.after == 1023)
  }

  /// The twin's shape.
  private var twin: MaskTCNConfiguration {
    var c = MaskTCNConfiguration.tiny
    (c.channels, c.sources) = (2, ["a", "b", "rest"])
    return c
  }

  @Test("forward and gradients equal PyTorch's")
  func equalsTwin() throws {
    try expectTwin(MaskTCN(twin), "mask-tcn") { $0($1) }
  }

  @Test("the sources add up to the mixture, their magnitudes to its magnitudes")
  func sums() {
    var random = RandomStream(seed: 4)
    let network = MaskTCN(twin, random: random.stream("network"))
    let x = random.uniform([2, 320, 2], in: -1..<1)
    let sources = network.sources(of: network(x)).map(\.signal)
    expectClose(sources.dropFirst().reduce(sources[0]) { $0 + $1 }, x, tolerance: 1e-5)
    let magnitudes = network.magnitudes(x, .inference).split(axis: 2, extents: [34, 34, 34])
    var alone = twin
    alone.sources = ["all", "rest"]
    let ofMixture = MaskTCN(alone).magnitudes(ofSources: .concatenated([x, x], axis: 2)).split(axis: 2, extents: [34, 34])[0]
    expectClose(magnitudes.dropFirst().reduce(magnitudes[0]) { $0 + $1 }, ofMixture, tolerance: 1e-5)
  }

  @Test("the receptive field is where gradients reach", arguments: [0, 1, 3])
  func receptiveField(lookahead: Int) {
    var c = MaskTCNConfiguration.tiny
    (c.lookahead, c.blocks) = (lookahead, 1)
    let network = MaskTCN(c, random: RandomStream(seed: 2))
    let window = c.window(forOutputFrames: 600)
    var random = RandomStream(seed: 1)
    let x = random.normal([1, window.input, 1]).tracked()
    let y = network.sources(of: network(x))[0].signal
    var (before, after) = (0, 0)
    for phase in 0..<c.hop {
      let now = window.output / 2 / c.hop * c.hop + phase
      let gradient = gradients(of: y.sliced(axis: 1, now..<now + 1).sum(), at: [x])[0].scalars
      before = max(before, now - (gradient.firstIndex { $0 != 0 } ?? now))
      after = max(after, (gradient.lastIndex { $0 != 0 } ?? now) - now)
    }
    // The window is zero at a frame's first sample.
    let field = c.receptiveField
    #expect(before <= field.before && before >= field.before - 2, "\(before) of \(field.before)")
    #expect(after <= field.after && after >= field.after - 2, "\(after) of \(field.after)")
  }

  @Test("the network frame by frame makes the masks it makes at once")
  func program() {
    var random = RandomStream(seed: 5)
    var c = MaskTCNConfiguration.tiny
    c.lookahead = 0
    let network = MaskTCN(c, random: random.stream("network"))
    let magnitudes = random.uniform([1, 12, 17], in: 0..<3)
    let stream = NetworkStream(network.maskProgram())
    let masks = stream(magnitudes.log1p())
    // The masks of a window of audio, through its magnitudes.
    let x = random.uniform([1, 11 * c.hop + c.frameSize, 1], in: -1..<1)
    let all = network.magnitudes(ofSources: .concatenated([x, x], axis: 2)).split(axis: 2, extents: [17, 17])[0]
    stream.reset()
    expectClose(
      stream(all.log1p()) * all, network.magnitudes(x, .inference).split(axis: 2, extents: [17, 17])[0], tolerance: 1e-5)
    #expect(masks.scalars.allSatisfy { $0 > 0 && $0 < 1 })
  }

  @Test("configurations that cannot be are said in one line")
  func problems() {
    func problem(_ change: (inout MaskTCNConfiguration) -> Void) -> String? {
      var c = MaskTCNConfiguration.tiny
      change(&c)
      return c.problem
    }
    #expect(problem { $0.sources = ["vocals"] }?.contains("at least two") == true)
    #expect(problem { $0.frameSize = 33 }?.contains("even") == true)
    #expect(problem { $0.hop = 32 }?.contains("overlap") == true)
    #expect(problem { $0.width = 5000 }?.contains("width") == true)
    #expect(problem { ($0.width, $0.frameSize, $0.hop, $0.channels) = (4096, 65536, 16, 64) }?.contains("million") == true)
  }
}
