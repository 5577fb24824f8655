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
