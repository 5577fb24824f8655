import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Universal MIR network") struct UniversalMIRTests {
  private func network(_ head: UniversalHead, leakySlope: Float = 0.2) -> UniversalMIR {
    var c = UniversalMIRConfiguration.tiny
    c.head = head
    c.leakySlope = leakySlope
    return UniversalMIR(c, random: RandomStream(seed: 4))
  }

  @Test(
    "parameter counts, as configured and as built, and lengths",
    arguments: [
      (UniversalMIRConfiguration.clip, 6_191_482, 1), (.frame, 6_205_768, 256), (.sample, 6_186_724, 65536),
      (.small, 176_344, 1), (.tiny, 959, 1),
    ])
  func counts(c: UniversalMIRConfiguration, count: Int, outputs: Int) {
    #expect(c.problem == nil)
    #expect(c.parameterCount == count)
    let network = UniversalMIR(c)
    #expect(network.parameterCount == count)
    #expect(network.facts.window == WindowLengths(input: c.clipSamples, output: outputs))
    #expect(network.facts.latency == Double(c.clipSamples) / Double(c.sampleRate))
  }

  @Test("PyTorch's twin, of every kind of head", arguments: [("clip", 3), ("frame", 4), ("sample", 2)])
  func twin(rate: String, outputs: Int) throws {
    let head = UniversalHead(try #require(UniversalHead.Rate(rawValue: rate)), outputs: outputs)
    try expectTwin(network(head), "universal-mir-\(rate)") { $0($1) }
  }

  @Test("heads share the trunk: another head leaves it alone, and says as much as it is asked for")
  func heads() {
    let clip = network(UniversalHead(.clip, outputs: 3))
    var random = RandomStream(seed: 1)
    let sound = random.normal([2, 64, 1])
    let heads: [(UniversalHead, Shape)] = [
      (UniversalHead(.clip, outputs: 5), [2, 1, 5]), (UniversalHead(.frame, outputs: 2), [2, 16, 2]),
      (UniversalHead(.sample, outputs: 1), [2, 64, 1]),
    ]
    for (head, shape) in heads {
      let other = clip.with(head: head, random: RandomStream(seed: 8))
      #expect(other(sound).shape == shape)
      for (path, tensor) in zip(clip.trunk.parameters.paths, clip.trunk.parameters.tensors) {
        expectIdentical(other.trunk.parameters[path], tensor, path)
      }
    }
    #expect(clip.problem(withInput: [1, 60, 1])?.contains("64 would do") == true)
    #expect(clip.problem(withInput: [1, 64, 2])?.contains("[batch, samples, 1]") == true)
  }

  @Test("what is impossible is told in a line") func problems() {
    func problem(_ change: (inout UniversalMIRConfiguration) -> Void) -> String? {
      var c = UniversalMIRConfiguration.tiny
      change(&c)
      return c.problem
    }
    #expect(problem { $0.frameLevel = 3 }?.contains("frameLevel") == true)
    #expect(problem { $0.downKernel = 4 }?.contains("downKernel") == true)
    #expect(problem { $0.clipSamples = 100 }?.contains("multiples of 8") == true)
    #expect(problem { $0.levels = 0 }?.contains("levels") == true)
    #expect(problem { ($0.levels, $0.filters, $0.clipSamples) = (16, 512, 65536) }?.contains("million") == true)
  }

  @Test("four clips are learnt by heart, by every head") func overfits() {
    var random = RandomStream(seed: 2)
    let sound = random.normal([4, 64, 1])
    expectOverfits(network(UniversalHead(.clip, outputs: 4)), rate: 1e-2) {
      crossEntropy($0(sound), [0, 1, 2, 3])
    }
    let frames = random.bernoulli([4, 16, 2], probability: 0.5)
    expectOverfits(network(UniversalHead(.frame, outputs: 2)), rate: 2e-2, steps: 600) {
      binaryCrossEntropyWithLogits($0(sound), frames)
    }
    let smooth = sound.sliced(axis: 1, 0..<63).padded(axis: 1, before: 1, after: 0) + sound
    expectOverfits(network(UniversalHead(.sample, outputs: 1)), rate: 1e-2) { meanSquaredError($0(sound), smooth) }
  }

  @Test(
    "the gradient through three inner steps is the slope of what they leave",
    arguments: [
      UniversalHead(.clip, outputs: 3), UniversalHead(.frame, outputs: 2), UniversalHead(.sample, outputs: 1),
    ])
  func secondOrder(head: UniversalHead) {
    // A kink is a jump of the inner gradient, which differences see and derivatives do not: here they are faint.
    let network = network(head, leakySlope: 0.95)
    var random = RandomStream(seed: 6)
    let (support, query) = (random.normal([2, 64, 1]), random.normal([2, 64, 1]))
    let targets = (random.normal(network(support).shape), random.normal(network(query).shape))
    let loop = InnerLoop(steps: 3, rates: InnerRates(0.02, for: network))
    let inner: InnerLoop.Loss<UniversalMIR> = { model, _, context in meanSquaredError(model(support, context), targets.0) }
    func outer(_ model: UniversalMIR) -> Tensor { meanSquaredError(model(query), targets.1) }
    let (made, kept) = (
      loop.gradient(at: network, order: .second, inner: inner) { model, _ in outer(model) },
      loop.gradient(at: network, order: .secondUnrolled, inner: inner) { model, _ in outer(model) }
    )
    var direction = ParameterValues()
    for (path, tensor) in zip(network.parameters.paths, network.parameters.tensors) {
      expectClose(
        Tensor((made.parameters[path] - kept.parameters[path]).norm().scalar / kept.parameters.norm), [0], tolerance: 1e-5,
        path)
      direction.append(path, random.normal(tensor.shape))
    }
    func left(_ shift: Float) -> Double {
      let moved = network.mapParameters { $1 + shift * direction[$0] }
      return Double(outer(loop.adapted(moved, inner)).scalar)
    }
    let slope = direction.paths.reduce(0.0) { $0 + innerProduct(direction[$1], made.parameters[$1]) }
    let step: Float = 5e-3
    let difference = (left(step / 2) - left(-step / 2)) / Double(step)
    let first = loop.gradient(at: network, order: .first, inner: inner) { model, _ in outer(model) }
    let scale = Double(made.parameters.norm)
    #expect(abs(slope - difference) < 0.02 * scale, "\(slope), measured \(difference)")
    let without = direction.paths.reduce(0.0) { $0 + innerProduct(direction[$1], first.parameters[$1]) }
    #expect(abs(without - difference) > 2 * abs(slope - difference), "first order alone: \(without)")
  }
}
