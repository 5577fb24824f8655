import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("streams of causal networks")
struct StreamTests {
  /// What a network streams, and how its parallel pass is asked.
  struct Subject: Sendable, CustomTestStringConvertible {
    let name: String
    let network: any StreamableNetwork
    let symbols: Int?
    var testDescription: String { name }
  }

  /// Every preset, the paper's audio networks apart (below), and forms that no preset has.
  static let subjects: [Subject] = {
    var subjects: [Subject] = []
    func add(_ name: String, _ network: any StreamableNetwork, _ symbols: Int?) {
      subjects.append(Subject(name: name, network: network, symbols: symbols))
    }
    for (name, configuration) in SeqUNetConfiguration.presets {
      var c = configuration
      // The same shape with a vocabulary that a test can wait for.
      if let symbols = c.symbols { c.symbols?.count = min(symbols.count, 300) }
      add(name, SeqUNet(c, random: RandomStream(seed: 3)), c.symbols?.count)
    }
    for (name, configuration) in TCNConfiguration.presets {
      var c = configuration
      if let symbols = c.symbols { c.symbols?.count = min(symbols.count, 300) }
      add(name, TCN(c, random: RandomStream(seed: 3)), c.symbols?.count)
    }
    add("seq-u-net-audio-tiny", SeqUNetResidual(.tiny, random: RandomStream(seed: 3)), 7)
    var deep = SeqUNetResidualConfiguration.tiny
    (deep.depth, deep.levels, deep.width, deep.kernel) = (2, 4, 20, 5)
    add("seq-u-net-residual, deep", SeqUNetResidual(deep, random: RandomStream(seed: 3)), 7)
    add("wavenet-tiny", WaveNet(.tiny, random: RandomStream(seed: 3)), 7)
    var wide = WaveNetConfiguration.tiny
    (wide.width, wide.layers, wide.skipWidth) = (33, 6, 70)
    add("wavenet, wide", WaveNet(wide, random: RandomStream(seed: 3)), 7)
    return subjects
  }()

  static func input(_ subject: Subject, batch: Int, frames: Int, seed: UInt64 = 1) -> Tensor {
    var random = RandomStream(seed: seed)
    guard let symbols = subject.symbols else {
      let channels = subject.network.streamProgram().facts.inputChannels
      return random.normal([batch, frames, channels ?? 1])
    }
    let numbers = random.uniform([batch, frames, 1], in: 0..<Float(symbols)).scalars.map { $0.rounded(.down) }
    return Tensor([batch, frames, 1], numbers)
  }

  /// A length whose parallel pass gives at least a cycle of outputs, and a bit.
  static func window(_ network: any StreamableNetwork) -> Int {
    switch network {
    case let network as SeqUNet:
      let c = network.configuration
      return c.padding == .zeros ? 3 * c.totalStride + 5 : c.window(forOutputFrames: c.totalStride + 3).input
    case let network as SeqUNetResidual:
      return network.configuration.window(forOutputFrames: 2 * network.configuration.totalStride).input
    case let network as WaveNet: return network.configuration.window(forOutputFrames: 9).input
    default: return network.facts.receptiveField.frames / 2 + 20
    }
  }

  /// Frame by frame: the parallel pass ends where a stream is that was primed with the same.
  static func stepped(
    _ subject: Subject, _ input: Tensor, primedWith frames: Int, weights: StreamWeights = .float32
  ) -> Tensor {
    let network = subject.network
    let stream = NetworkStream(network.streamProgram(weights: weights), batch: input.shape[0], block: 7)
    return continued(network, stream, input, primedWith: frames)
  }
  static func continued<N: StreamableNetwork>(
    _ network: N, _ stream: NetworkStream, _ input: Tensor, primedWith frames: Int
  ) -> Tensor {
    // Primed as far as the whole input would be: its last frame is in phase.
    let first = network.prime(stream, with: input.sliced(axis: 1, 0..<frames))
    let outputs = first.shape[1]
    var all = [first.reshaped([input.shape[0], 1, outputs])]
    for t in frames..<input.shape[1] { all.append(stream(input.sliced(axis: 1, t..<t + 1))) }
    return .concatenated(all, axis: 1)
  }

  @Test("frame by frame is the parallel pass, over a full cycle", arguments: subjects)
  func stepwiseIsParallel(_ subject: Subject) {
    let network = subject.network
    let cycle = network.streamProgram().facts.cycle
    let frames = Self.window(network)
    let input = Self.input(subject, batch: 2, frames: frames)
    let parallel = network(input)
    // Multiples of the cycle before the end: both end in phase.
    let outputs = parallel.shape[1]
    var primed = frames - (outputs - 1) / cycle * cycle
    // A padded pass over one frame begins with more zeros than others do.
    if primed == 1, cycle > 1 { primed += cycle }
    let streamed = Self.stepped(subject, input, primedWith: primed)
    let expected = parallel.sliced(axis: 1, outputs - streamed.shape[1]..<outputs)
    expectClose(streamed, expected, tolerance: 1e-5)
    #expect(streamed.shape[1] > (cycle == 1 ? 8 : cycle))
    let compact = Self.stepped(subject, input, primedWith: primed, weights: .fixed24)
    expectClose(compact, expected, tolerance: 1e-5, "24-bit weights")
  }

  @Test("the paper's audio networks too, over a full cycle", arguments: [false, true])
  func audio(isWaveNet: Bool) {
    let network: any StreamableNetwork =
      isWaveNet
      ? WaveNet(.audioCropped, random: RandomStream(seed: 2)) : SeqUNetResidual(.audio, random: RandomStream(seed: 2))
    let cycle = network.streamProgram().facts.cycle
    let outputs = isWaveNet ? 40 : 2 * cycle
    let frames = network.facts.receptiveField.before + outputs
    let window = isWaveNet ? frames : SeqUNetResidualConfiguration.audio.window(forOutputFrames: outputs).input
    let subject = Subject(name: "", network: network, symbols: 256)
    let input = Self.input(subject, batch: 1, frames: window)
    let parallel = network(input)
    let steps = isWaveNet ? 39 : cycle
    let stream = NetworkStream(network.streamProgram(), block: 64)
    let streamed = Self.continued(network, stream, input, primedWith: window - steps)
    expectClose(
      streamed, parallel.sliced(axis: 1, parallel.shape[1] - steps - 1..<parallel.shape[1]), tolerance: 1e-5)
  }

  @Test("rows, blocks, a reset and a copy change no bits", arguments: subjects, StreamWeights.allCases)
  func partitions(_ subject: Subject, _ weights: StreamWeights) {
    let program = subject.network.streamProgram(weights: weights)
    let input = Self.input(subject, batch: 3, frames: 41)
    let whole = NetworkStream(program, batch: 3, block: 41)
    let expected = whole(input)
    let single = NetworkStream(program, batch: 3, block: 1)
    expectIdentical(single(input), expected, "frame by frame")
    let blocks = NetworkStream(program, batch: 3, block: 6)
    _ = blocks(Self.input(subject, batch: 3, frames: 17, seed: 9))
    blocks.reset()
    expectIdentical(blocks(input.sliced(axis: 1, 0..<20)), expected.sliced(axis: 1, 0..<20), "after a reset")
    let copy = blocks.copy()
    blocks.skip(input.sliced(axis: 1, 20..<30))
    expectIdentical(blocks(input.sliced(axis: 1, 30..<41)), expected.sliced(axis: 1, 30..<41), "after a skip")
    expectIdentical(copy(input.sliced(axis: 1, 20..<41)), expected.sliced(axis: 1, 20..<41), "a copy")
    let row = NetworkStream(program, batch: 1, block: 9)
    expectIdentical(row(input.sliced(axis: 0, 1..<2)), expected.sliced(axis: 0, 1..<2), "one row alone")
  }

  @Test(
    "bfloat16 weights are weights rounded to bfloat16",
    arguments: ["seq-u-net-muse", "seq-u-net-residual, deep", "wavenet, wide"])
  func bfloat16(_ name: String) throws {
    let subject = try #require(Self.subjects.first { $0.name == name })
    func rounded<N: StreamableNetwork>(_ network: N) -> any StreamableNetwork {
      network.mapParameters { path, x in
        // Tables and biases stay as they are.
        guard path.lowercased().hasSuffix("weight"), path != "input.weight" else { return x }
        return Tensor(
          x.shape,
          x.scalars.map { w in
            Float(bitPattern: (w.bitPattern + 0x7FFF + (w.bitPattern >> 16 & 1)) & 0xFFFF_0000)
          })
      }
    }
    let input = Self.input(subject, batch: 1, frames: 60)
    let narrow = NetworkStream(subject.network.streamProgram(weights: .bfloat16), block: 8)(input)
    expectClose(narrow, NetworkStream(rounded(subject.network).streamProgram(), block: 8)(input), tolerance: 1e-5)
    #expect(narrow.scalars != NetworkStream(subject.network.streamProgram(), block: 8)(input).scalars)
  }

  @Test("a single step is what a tensor of one frame gives")
  func steps() {
    let program = SeqUNetResidual(.tiny, random: RandomStream(seed: 1)).streamProgram()
    let (stream, twin) = (NetworkStream(program, batch: 2), NetworkStream(program, batch: 2))
    var scores = [Float](repeating: 0, count: 14)
    for t in 0..<9 {
      let symbols: [Int32] = [Int32(t % 7), Int32((t * 3 + 1) % 7)]
      stream.step(symbols, into: &scores)
      expectIdentical(Tensor([2, 1, 7], scores), twin(Tensor([2, 1, 1], symbols.map(Float.init))))
    }
  }
}
