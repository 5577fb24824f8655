import Foundation
import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Wave-U-Net")
struct WaveUNetTests {
  @Test(
    "parameter counts of the paper's models",
    arguments: [
      (WaveUNetConfiguration.m1, 10_263_028), (.m2, 10_263_002), (.m3, 10_263_002), (.m4, 10_263_390),
      (.m5, 10_265_550), (.m6, 10_263_498), (.m7, 20_594_652), (.m5HighRate, 10_265_550),
    ])
  func counts(configuration: WaveUNetConfiguration, count: Int) {
    #expect(WaveUNet(configuration).parameterCount == count)
  }

  @Test("a network too large for any machine is refused before it is built")
  func absurdSize() {
    var c = WaveUNetConfiguration.m1
    #expect(c.problem == nil)
    c.filters = 512
    c.levels = 16
    #expect(c.problem?.contains("million weights") == true)
  }

  @Test("window lengths of the paper")
  func lengths() {
    #expect(WaveUNetConfiguration.m1.defaultWindow == WindowLengths(input: 16384, output: 16384))
    #expect(WaveUNetConfiguration.m4.defaultWindow == WindowLengths(input: 147443, output: 16389))
    #expect(WaveUNetConfiguration.m7.defaultWindow == WindowLengths(input: 233459, output: 102405))
    #expect(WaveUNetConfiguration.m5HighRate.defaultWindow == WindowLengths(input: 147443, output: 16389))
  }

  @Test("a wanted length is reached by the smallest window")
  func smallestWindow() {
    for context in [false, true] {
      var c = WaveUNetConfiguration.tiny
      c.context = context
      var previous = 0
      for frames in 1...200 {
        let window = c.window(forOutputFrames: frames)
        #expect(window.output >= frames && window.output >= previous)
        #expect(window.output - frames < 2 * c.totalStride)
        #expect(c.accepts(inputFrames: window.input))
        previous = window.output
      }
    }
  }

  @Test("forward and gradients equal PyTorch's", arguments: ["m1", "m2", "m4", "m5", "m6", "learned-same"])
  func twin(variant: String) throws {
    var c = WaveUNetConfiguration()
    c.levels = 3
    c.filters = 4
    c.downKernel = 5
    c.upKernel = 3
    c.output = ["m1", "learned-same"].contains(variant) ? .direct : .difference
    c.context = ["m4", "m5", "m6"].contains(variant)
    c.channels = c.context ? 2 : 1
    c.upsampling = ["m5", "learned-same"].contains(variant) ? .learned : .linear
    c.outputActivation = variant == "learned-same" ? .linear : .tanh
    if variant == "m6" { c.sources = ["bass", "drums", "other", "vocals"] }
    let golden = try SafeTensorsFile(try fixture("wave-u-net-\(variant).safetensors"))
    var model = WaveUNet(c)
    var names: Set<String> = []
    var failure: (any Error)?
    model.forEachField { _, path, tensor in
      do { tensor = try golden.tensor("weights/" + path) } catch { failure = error }
      names.insert("weights/" + path)
    }
    if let failure { throw failure }
    #expect(names == Set(golden.entries.map(\.name).filter { $0.hasPrefix("weights/") }))
    let input = try golden.tensor("input")
    expectClose(model(input), try golden.tensor("output"), tolerance: 1e-5)
    let target = try golden.tensor("target")
    let gradients = valueAndGradients(of: model) { meanSquaredError($0(input), target) }.gradients
    for (path, gradient) in zip(gradients.paths, gradients.tensors) {
      expectClose(gradient, try golden.tensor("gradients/" + path), tolerance: 1e-4, path)
    }
  }

  @Test("the receptive field is what gradients see")
  func receptiveField() {
    for context in [false, true] {
      var c = WaveUNetConfiguration.tiny
      c.context = context
      let model = WaveUNet(c, random: RandomStream(seed: 5))
      let window = c.window(forOutputFrames: 20 * c.totalStride)
      var random = RandomStream(seed: 6)
      let x = random.normal([1, window.input, 1]).tracked()
      let y = model(x)
      var before = 0
      var after = 0
      for position in 0..<c.totalStride {
        let output = 10 * c.totalStride + position
        let one = y.sliced(axis: 1, output..<output + 1).sliced(axis: 2, 0..<1).sum()
        let gradient = gradients(of: one, at: [x])[0].scalars
        let centre = output + window.contextBefore
        before = max(before, centre - (gradient.firstIndex { $0 != 0 } ?? centre))
        after = max(after, (gradient.lastIndex { $0 != 0 } ?? centre) - centre)
      }
      #expect(ReceptiveField(before: before, after: after) == c.receptiveField)
    }
  }

  @Test("a difference output adds up to the mixture")
  func differenceOutput() {
    var c = WaveUNetConfiguration.tiny
    c.channels = 2
    c.context = true
    c.sources = ["a", "b", "c"]
    let window = c.window(forOutputFrames: 50)
    var random = RandomStream(seed: 1)
    let x = random.uniform([2, window.input, 2], in: -1..<1)
    let model = WaveUNet(c)
    let parts = model.sources(of: model(x))
    #expect(parts.map(\.name) == ["a", "b", "c"])
    let total = parts.map(\.signal).reduce(Tensor.zeros([2, window.output, 2]), +)
    expectClose(total, x.centerCropped(axis: 1, to: window.output), tolerance: 1e-6)
  }

  @Test("learned upsampling starts as linear interpolation")
  func learnedStart() {
    var linear = WaveUNetConfiguration.tiny
    linear.context = true
    var learned = linear
    learned.upsampling = .learned
    let window = linear.window(forOutputFrames: 40)
    var random = RandomStream(seed: 2)
    let x = random.normal([1, window.input, 1])
    let seed = RandomStream(seed: 9)
    expectClose(WaveUNet(learned, random: seed)(x), WaveUNet(linear, random: seed)(x), tolerance: 1e-6)
  }

  @Test("windows shifted by the total stride agree")
  func shift() {
    var c = WaveUNetConfiguration.tiny
    c.context = true
    let model = WaveUNet(c, random: RandomStream(seed: 3))
    let window = c.window(forOutputFrames: 64)
    var random = RandomStream(seed: 4)
    let x = random.normal([1, window.input + c.totalStride, 1])
    let first = model(x.sliced(axis: 1, 0..<window.input))
    let second = model(x.sliced(axis: 1, c.totalStride..<window.input + c.totalStride))
    let overlap = window.output - c.totalStride
    expectClose(
      first.sliced(axis: 1, c.totalStride..<window.output), second.sliced(axis: 1, 0..<overlap), tolerance: 1e-5)
  }

  @Test("four examples are learned by heart")
  func overfits() {
    var random = RandomStream(seed: 8)
    let a = random.normal([4, 64, 1])
    let b = random.normal([4, 64, 1])
    let target = Tensor.concatenated([a, b], axis: 2)
    var model = WaveUNet(.tiny, random: RandomStream(seed: 7))
    var optimizer = Adam(learningRate: 1e-2)
    var first: Float = 0
    var last: Float = 0
    for step in 0..<400 {
      let (loss, gradients) = valueAndGradients(of: model) { meanSquaredError($0(a + b), target) }
      optimizer.update(&model, with: gradients)
      if step == 0 { first = loss.scalar }
      last = loss.scalar
    }
    #expect(last < 0.25 * first, "the loss went from \(first) to \(last)")
  }

  @Test("every tensor is visited")
  func visited() { expectEveryTensorVisited(in: WaveUNet(.m5)) }

  private func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Fixtures/\(name)", ofType: nil))
  }
}
