import SwiftDL
import Testing

/// The pool is one for the process, so each test has a process of its own.
@Suite struct MemoryTests {
  @Test func liveBytesReturnToTheStart() async {
    await #expect(processExitsWith: .success) {
      func work() {
        let x = Tensor([64, 64], repeating: 0.01).tracked()
        var y = x
        for _ in 0..<10 { y = (matmul(y, x) + 1).tanh() }
        let slope = gradients(of: y.sum(), at: [x], differentiable: true)[0]
        let curvature = gradients(of: slope.squared().sum(), at: [x])[0]
        #expect(curvature.isFinite)
      }
      work()  // what is made once is made now
      let start = MemoryStatistics.current.live
      for _ in 0..<3 { work() }
      #expect(MemoryStatistics.current.live == start)
    }
  }

  @Test func peakIsCounted() async {
    await #expect(processExitsWith: .success) {
      let megabyte = 1 << 18  // floats
      let kept = Tensor.zeros([megabyte])
      let start = MemoryStatistics.current.live
      #expect(start >= 4 * megabyte)
      MemoryStatistics.resetPeak()
      #expect(MemoryStatistics.current.peak == start)
      do {
        let a = Tensor.zeros([3 * megabyte])
        let b = Tensor.zeros([5 * megabyte])
        #expect(a.count < b.count)
      }
      let statistics = MemoryStatistics.current
      #expect(statistics.live == start)
      // 3 MiB and 5 MiB, each rounded up by less than a quarter.
      #expect(statistics.peak >= start + 8 << 20 && statistics.peak < start + 10 << 20)
      #expect(kept.count == megabyte)
    }
  }

  @Test func blocksAreReused() async {
    await #expect(processExitsWith: .success) {
      func address(_ count: Int) -> UnsafePointer<Float>? {
        Tensor.zeros([count]).withUnsafeBuffer { $0.baseAddress }
      }
      for count in [1, 17, 1000, 100_000, 3_000_000] {
        let first = address(count)
        let cached = MemoryStatistics.current.cached
        #expect(address(count) == first)
        #expect(MemoryStatistics.current.cached == cached)
      }
      MemoryStatistics.releaseCache()
      #expect(MemoryStatistics.current.cached == 0)
    }
  }

  /// Live and cached together stay below 1.5 times the peak plus 64 MiB, whatever the sizes asked for.
  @Test func cacheIsBounded() async {
    await #expect(processExitsWith: .success) {
      for round in 1...40 {
        var held: [Tensor] = []
        // Every round asks for sizes that no earlier round used: nothing cached fits.
        for index in 0..<4 {
          held.append(Tensor(unsafe: [(round * 700_001 + index * 130_003)]) { _ in })
          let now = MemoryStatistics.current
          #expect(2 * (now.live + now.cached) <= 3 * now.peak + 128 << 20)
        }
      }
    }
  }

  /// After the first steps, training asks the system for nothing.
  @Test func trainingStepsTakeNothingFromTheSystem() async {
    await #expect(processExitsWith: .success) {
      var random = RandomStream(seed: 1)
      let x = random.normal([4, 3000, 16])
      var layers = [
        Conv1D(inputChannels: 16, outputChannels: 48, kernelSize: 5, padding: .same, activation: .tanh, random: &random),
        Conv1D(inputChannels: 48, outputChannels: 16, kernelSize: 9, padding: .same, random: &random),
      ]
      var optimizer = Adam()
      func step() {
        struct Pair: Module {
          var layers: [Conv1D]
          mutating func visitFields(_ visit: inout FieldVisitor) { visit.modules("layers", &layers) }
        }
        var pair = Pair(layers: layers)
        layers = []
        let gradients = valueAndGradients(of: pair) { pair in
          meanSquaredError(pair.layers.reduce(x) { $1($0) }, x)
        }.gradients
        optimizer.update(&pair, with: gradients)
        layers = pair.layers
      }
      for _ in 0..<3 { step() }
      let before = MemoryStatistics.current
      for _ in 0..<20 { step() }
      let after = MemoryStatistics.current
      #expect(after.requested == before.requested && after.live == before.live)
      #expect(before.requested >= before.live + before.cached)
    }
  }

  /// What one size leaves serves every other.
  @Test func gapsAreJoined() async {
    await #expect(processExitsWith: .success) {
      let megabyte = 1 << 18  // floats
      do {
        let parts = (0..<8).map { _ in Tensor(unsafe: [megabyte]) { _ in } }
        #expect(parts.count == 8)
      }
      let requested = MemoryStatistics.current.requested
      do {
        let whole = Tensor(unsafe: [8 * megabyte]) { _ in }
        #expect(whole.count == 8 * megabyte && MemoryStatistics.current.requested == requested)
      }
      MemoryStatistics.releaseCache()
      #expect(Tensor(unsafe: [8 * megabyte]) { $0.update(repeating: 1) }.isFinite)
      #expect(MemoryStatistics.current.requested > requested)
    }
  }

  @Test func shapesTakeNoMoreThanTheyNeed() async {
    await #expect(processExitsWith: .success) {
      for count in [1, 16, 17, 65, 100, 1023, 1025, 70_000, 1_000_003] {
        let before = MemoryStatistics.current.live
        let tensor = Tensor(unsafe: [count]) { _ in }
        let bytes = MemoryStatistics.current.live - before
        #expect(bytes >= 4 * tensor.count)
        // At most a quarter more, and 63 bytes to fill the last line.
        #expect(bytes <= 5 * tensor.count + 63)
      }
    }
  }
}
