import Experiments
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Memory of meta-learning") struct MetaMemoryTests {
  @Test("the memory of an update is predicted within a factor of one and a half, and steps made again do not add to it")
  func prediction() async {
    await #expect(processExitsWith: .success) {
      var random = RandomStream(seed: 1)
      var shape = UniversalMIRConfiguration.small
      shape.clipSamples = 8192
      for head in [UniversalHead(.clip), UniversalHead(.frame, outputs: 2), UniversalHead(.sample, outputs: 1)] {
        shape.head = head
        let network = UniversalMIR(shape)
        let sounds = (random.normal([2, shape.clipSamples, 1]), random.normal([2, shape.clipSamples, 1]))
        var c = MetaConfiguration()
        (c.support, c.query) = (2, 2)
        for algorithm in [MetaAlgorithm.joint, .firstOrder, .reptile, .maml] {
          for (steps, heldAtOnce) in algorithm == .maml ? [(3, false), (6, false), (3, true)] : [(3, false)] {
            (c.algorithm, c.inner.steps, c.inner.memoryLimit) = (algorithm, steps, heldAtOnce ? 1e6 : 0)
            #expect(c.holdsAllSteps(shape) == heldAtOnce)
            let loop = InnerLoop(steps: steps, rates: algorithm.rates(1e-3, for: network))
            MemoryStatistics.resetPeak()
            let before = MemoryStatistics.current.live
            _ = algorithm.gradient(
              at: network, loop, holdsAllSteps: heldAtOnce,
              inner: { model, _, _ in model(sounds.0).squared().mean() },
              outer: { model, _ in model(sounds.1).squared().mean() })
            let measured = Double(MemoryStatistics.current.peak - before)
            let ratio = Double(c.predictedBytes(shape)) / measured
            #expect((0.67...1.5).contains(ratio), "\(algorithm), \(head.rate), \(steps) steps, \(heldAtOnce): \(ratio)")
          }
        }
      }
    }
  }

  @Test("all inner steps are held where the limit lets them, and the limit bounds what is predicted") func limit() {
    var c = MetaConfiguration()
    let shape = UniversalMIRConfiguration.small
    #expect(c.holdsAllSteps(shape))
    c.inner.memoryLimit = Double(c.predictedBytes(shape)) / 1e6 - 1
    #expect(!c.holdsAllSteps(shape))
    #expect(Double(c.predictedBytes(shape)) / 1e6 < c.inner.memoryLimit)
  }
}
