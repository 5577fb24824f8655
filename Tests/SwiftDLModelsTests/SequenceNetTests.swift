import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Seq-U-Net, TCN and WaveNet")
struct SequenceNetTests {
  @Test("parameter counts of the papers' models")
  func counts() {
    #expect(SeqUNet(.char).parameterCount == 5_905_240)
    #expect(SeqUNet(.word).parameterCount == 14_911_690)
    #expect(SeqUNet(.muse).parameterCount == 1_768_738)
    #expect(SeqUNet(.chorales).parameterCount == 521_938)
    #expect(SeqUNetResidual(.audio).parameterCount == 26_867_236)
    #expect(SeqUNetResidual(.audioRealtime).parameterCount == 3_465_280)
    #expect(TCN(.char).parameterCount == 5_923_350)
    #expect(TCN(.word).parameterCount == 14_659_600)
    #expect(TCN(.muse).parameterCount == 1_754_058)
    #expect(TCN(.chorales).parameterCount == 534_468)
    #expect(WaveNet(.audio).parameterCount == 8_141_184)
  }

  @Test("window lengths of the papers")
  func lengths() {
    #expect(SeqUNetConfiguration.char.defaultWindow == WindowLengths(input: 397, output: 325))
    #expect(SeqUNetConfiguration.word.defaultWindow == WindowLengths(input: 117, output: 45))
    #expect(SeqUNetResidualConfiguration.audio.defaultWindow == WindowLengths(input: 36857, output: 5120))
    #expect(
      SeqUNetResidualConfiguration.audio.window(forOutputFrames: 1) == WindowLengths(input: 32761, output: 1024))
    #expect(WaveNetConfiguration.audio.defaultWindow == WindowLengths(input: 37764, output: 5000))
    // 123.4 and 188.9 milliard with one-hot inputs and the last residual layer, which this network does without.
    let window = WindowLengths(input: 37764, output: 5000)
    #expect(WaveNetConfiguration.audioCropped.multiplyAdds(window) / 1_000_000_000 == 122)
    #expect(WaveNetConfiguration.audio.multiplyAdds(window) / 1_000_000_000 == 187)
  }

  @Test("a TCN begins as its code leaves it: blocks as PyTorch draws them, shortcuts normal with deviation 0.01")
  func weightsOfTCN() throws {
    let network = TCN(.muse, random: RandomStream(seed: 4))
    func deviation(_ x: Tensor) -> Float { x.squared().mean().squareRoot().scalar }
    for block in network.blocks {
      // Uniform within 1 / √(inputs · taps).
      let weight = block.second.base.weight
      let bound = 1 / Float(weight.shape[0] * weight.shape[1]).squareRoot()
      #expect(weight.scalars.allSatisfy { abs($0) <= bound } && abs(deviation(weight) / bound - 0.577) < 0.01)
    }
    let shortcut = try #require(network.blocks[0].shortcut)
    #expect(abs(deviation(shortcut.weight) - 0.01) < 5e-4)
  }

  @Test("receptive fields of the papers")
  func receptiveFields() {
    #expect(SeqUNetConfiguration.char.receptiveField.frames == 73)
    #expect(SeqUNetConfiguration.muse.receptiveField.frames == 145)
    #expect(SeqUNetConfiguration.chorales.receptiveField.frames == 13)
    #expect(SeqUNetResidualConfiguration.audio.receptiveField.frames == 32749)
    #expect(SeqUNetResidualConfiguration.audioRealtime.receptiveField.frames == 32749)
    #expect(SeqUNetResidualConfiguration.audioRealtime.defaultWindow == WindowLengths(input: 52217, output: 20480))
    #expect(TCNConfiguration.char.receptiveField.frames == 61)
    #expect(TCNConfiguration.muse.receptiveField.frames == 121)
    #expect(TCNConfiguration.chorales.receptiveField.frames == 13)
    #expect(WaveNetConfiguration.audio.receptiveField.frames == 32765)
  }

  // MARK: PyTorch's twins

  @Test("Seq-U-Net equals PyTorch's", arguments: [SeqUNetConfiguration.Padding.valid, .zeros])
  func seqUNet(padding: SeqUNetConfiguration.Padding) throws {
    var c = SeqUNetConfiguration.tiny
    c.padding = padding
    if padding == .zeros { c.kernel = 5 }
    try expectTwin(SeqUNet(c), "seq-u-net-\(padding)") { $0($1) }
  }

  @Test("Seq-U-Net of symbols equals PyTorch's")
  func seqUNetOfSymbols() throws {
    try expectTwin(SeqUNet(Self.symbolic), "seq-u-net-symbols") { $0($1) }
  }

  @Test("residual Seq-U-Net equals PyTorch's")
  func seqUNetResidual() throws {
    var c = SeqUNetResidualConfiguration.tiny
    c.depth = 2
    try expectTwin(SeqUNetResidual(c), "seq-u-net-residual") { $0($1) }
  }

  @Test("TCN equals PyTorch's")
  func tcn() throws {
    try expectTwin(TCN(.tiny), "tcn") { $0($1) }
    var c = TCNConfiguration.tiny
    c.symbols = SymbolConfiguration(count: 7, channels: 4, dropout: 0, start: .uniform)
    c.inputChannels = 4
    c.widths = [5, 4]
    c.outputChannels = nil
    try expectTwin(TCN(c), "tcn-symbols") { $0($1) }
  }

  @Test("WaveNet equals PyTorch's, cropped before its sum or after", arguments: [true, false])
  func waveNet(croppedFirst: Bool) throws {
    var c = WaveNetConfiguration.tiny
    c.skipsAreCroppedFirst = croppedFirst
    try expectTwin(WaveNet(c), "wavenet") { $0($1) }
  }

  // MARK: Laws

  @Test("no prediction sees the future, and each sees as far back as said")
  func causality() {
    for padding in [SeqUNetConfiguration.Padding.valid, .zeros] {
      var c = SeqUNetConfiguration.tiny
      c.padding = padding
      // 65 frames are a legal padded length: nothing else stands in front.
      let window = padding == .valid ? c.window(forOutputFrames: 16) : WindowLengths(input: 65, output: 65)
      let model = SeqUNet(c, random: RandomStream(seed: 5))
      let before = expectCausal((window.input, window.output), channels: 3, phases: 8) { model($0) }
      #expect(before == c.receptiveField.before)
    }
    // Wide enough that no ReLU closes the only way back.
    var wide = TCNConfiguration.tiny
    wide.widths = [16, 16, 16]
    let tcn = TCN(wide, random: RandomStream(seed: 5))
    let before = expectCausal((40, 40), channels: 3, phases: 2) { tcn($0) }
    #expect(before == TCNConfiguration.tiny.receptiveField.before)
  }

  @Test("no prediction of symbols sees later symbols")
  func causalityOfSymbols() {
    let seq = SeqUNet(Self.symbolic)
    let window = seq.configuration.window(forOutputFrames: 9)
    expectCausalSymbols((window.input, window.output), symbols: 7) { seq($0) }
    let residual = SeqUNetResidual(.tiny)
    let long = residual.configuration.defaultWindow
    expectCausalSymbols((long.input, long.output), symbols: 7) { residual($0) }
    let waveNet = WaveNet(.tiny)
    let whole = waveNet.configuration.defaultWindow
    expectCausalSymbols((whole.input, whole.output), symbols: 7) { waveNet($0) }
  }

  @Test("a wanted length is reached by the smallest window")
  func smallestWindows() {
    for levels in 2...4 {
      var c = SeqUNetConfiguration.tiny
      c.widths = Array(repeating: 2, count: levels)
      let model = SeqUNet(c)
      var last = c.window(forOutputFrames: 1)
      for frames in 1...60 {
        let window = c.window(forOutputFrames: frames)
        #expect(window.output >= frames && (window == last || last.output < frames))
        #expect(model.problem(withInput: [1, window.input, 3]) == nil)
        #expect(model.problem(withInput: [1, window.input + 1, 3]) != nil)
        last = window
      }
    }
  }

  @Test("dropout drops in training only, the same way for the same stream")
  func dropout() {
    var c = SeqUNetConfiguration.tiny
    c.dropout = 0.4
    var t = TCNConfiguration.tiny
    t.dropout = 0.4
    var random = RandomStream(seed: 2)
    let window = c.defaultWindow
    let x = random.normal([2, window.input, 3])
    func check(_ forward: (Context) -> Tensor) {
      func training() -> Tensor { forward(Context(training: true, random: RandomStream(seed: 3))) }
      expectIdentical(training(), training())
      #expect(training().scalars != forward(.inference).scalars)
    }
    let (seq, tcn) = (SeqUNet(c), TCN(t))
    check { seq(x, $0) }
    check { tcn(x, $0) }
  }

  @Test("the bits do not depend on the number of threads")
  func threads() {
    let model = SeqUNetResidual(.tiny)
    let window = model.configuration.window(forOutputFrames: 64)
    let x = Tensor([2, window.input, 1], (0..<2 * window.input).map { Float($0 * $0 % 7) })
    let results = [1, 2, 3].map { threads in
      ComputeContext.$current.withValue(ComputeContext(threads: threads)) {
        valueAndGradients(of: model) { $0(x).squared().mean() }.gradients.tensors.flatMap(\.scalars)
      }
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test("symbols are learned by heart")
  func overfits() {
    func symbols(_ count: Int, _ frames: Int) -> [Int] { (0..<frames).map { ($0 * $0 + $0 / 3) % count } }
    func loss<N: Network>(_ window: WindowLengths, of: N.Type) -> (N) -> Tensor {
      let numbers = symbols(7, window.input + 1)
      let x = Tensor([1, window.input, 1], numbers.dropLast().map(Float.init))
      let next = Array(numbers.suffix(window.output))
      return { crossEntropy($0(x), next) }
    }
    let residual = SeqUNetResidual(.tiny)
    expectOverfits(residual, rate: 2e-2, loss(residual.configuration.defaultWindow, of: SeqUNetResidual.self))
    let waveNet = WaveNet(.tiny)
    expectOverfits(waveNet, rate: 2e-2, loss(waveNet.configuration.defaultWindow, of: WaveNet.self))
    let seq = SeqUNet(Self.symbolic)
    expectOverfits(seq, rate: 2e-2, loss(seq.configuration.window(forOutputFrames: 9), of: SeqUNet.self))
  }

  @Test("every tensor is visited")
  func visited() {
    expectEveryTensorVisited(in: SeqUNet(Self.symbolic))
    expectEveryTensorVisited(in: SeqUNetResidual(.tiny))
    expectEveryTensorVisited(in: TCN(.tiny))
    expectEveryTensorVisited(in: WaveNet(.tiny))
  }

  @Test("configurations that cannot be built are refused")
  func refused() {
    #expect(SeqUNetConfiguration.char.problem == nil && TCNConfiguration.word.problem == nil)
    var c = SeqUNetConfiguration.char
    c.kernel = 4
    #expect(c.problem?.contains("odd") == true)
    c = .char
    c.outputChannels = 50
    #expect(c.problem?.contains("tied") == true)
    var w = WaveNetConfiguration.audio
    w.width = 4096
    #expect(w.problem?.contains("million weights") == true)
  }

  static let symbolic: SeqUNetConfiguration = {
    var c = SeqUNetConfiguration.tiny
    c.symbols = SymbolConfiguration(count: 7, channels: 4, dropout: 0, start: .uniform)
    c.inputChannels = 4
    c.outputChannels = 4
    c.widths = [5, 4, 4]
    return c
  }()
}

@Suite("FactorGAN's dense networks")
struct DenseNetworkTests {
  @Test("parameter counts of the paper's models")
  func counts() {
    let counts = (DenseGenerator.presets + DenseDiscriminator.presets).map(\.configuration)
    #expect(DenseGenerator(counts[0]).parameterCount == 225_312)
    #expect(DenseDiscriminator(counts[1]).parameterCount == 117_121)
    #expect(DenseDiscriminator(counts[2]).parameterCount == 217_473)
  }

  @Test("the generator equals PyTorch's")
  func generator() throws {
    let c = DenseNetworkConfiguration(inputChannels: 5, hiddenChannels: 8, outputChannels: 12)
    try expectTwin(DenseGenerator(c), "dense-generator") { $0($1) }
    expectEveryTensorVisited(in: DenseGenerator(c))
  }

  @Test("the discriminator equals PyTorch's in training, its power iteration included")
  func discriminator() throws {
    let c = DenseNetworkConfiguration(inputChannels: 12, hiddenChannels: 8, outputChannels: 1)
    try expectTwin(DenseDiscriminator(c), "dense-discriminator") { $0($1, Context(training: true)) }
    expectEveryTensorVisited(in: DenseDiscriminator(c))
  }

  @Test("no layer of the discriminator stretches anything")
  func lipschitz() {
    let c = DenseNetworkConfiguration(inputChannels: 20, hiddenChannels: 16, outputChannels: 1)
    let model = DenseDiscriminator(c, random: RandomStream(seed: 4))
    var random = RandomStream(seed: 5)
    let (a, b) = (random.normal([8, 20]), random.normal([8, 20]))
    let stretch = (model(a) - model(b)).norm(axes: [1]) / (a - b).norm(axes: [1])
    #expect(stretch.scalars.allSatisfy { $0 <= 1.05 }, "\(stretch)")
  }

  @Test("gradients of the gradient norm, as WGAN-GP takes them, agree with differences")
  func secondOrder() {
    let c = DenseNetworkConfiguration(inputChannels: 4, hiddenChannels: 5, outputChannels: 1)
    let model = DenseDiscriminator(c, random: RandomStream(seed: 6))
    var random = RandomStream(seed: 7)
    let x = random.normal([3, 4])
    let penalty: (DenseDiscriminator) -> Tensor = { model in
      let point = x.tracked()
      let slope = gradients(of: model(point).sum(), at: [point], differentiable: true)[0]
      return (slope.norm(axes: [1]) - 1).squared().mean()
    }
    let gradient = valueAndGradients(of: model, penalty).gradients
    let step: Float = 1e-3 / gradient.norm
    let up = penalty(model.mapParameters { $1 + step * gradient[$0] }).scalar
    let down = penalty(model.mapParameters { $1 - step * gradient[$0] }).scalar
    let ratio = (up - down) / (2 * step * gradient.norm * gradient.norm)
    #expect(abs(ratio - 1) < 0.02, "\(ratio)")
  }
}
