import SwiftDL
import Testing

/// What a graph holds, and when it lets go. Each test has a process, and so a pool, of its own.
@Suite struct GraphMemoryTests {
  /// Release must not recurse: a recursive one needs a stack frame per node.
  @Test func aMillionNodesDeep() async {
    await #expect(processExitsWith: .success) {
      let start = Tensor(1).tracked()
      var end = start
      for _ in 0..<1_000_000 { end = 1 * end }
      #expect(gradients(of: end, at: [start])[0].scalar == 1)
      // Two paths at every node, and a gradient whose own graph is as deep.
      end = start
      for _ in 0..<200_000 { end = 0.5 * end + 0.5 * end }
      let slope = gradients(of: end, at: [start], differentiable: true)[0]
      #expect(slope.scalar == 1)
    }
  }

  /// A layer's activation is given back as the sweep passes it, while the layer's gradient takes its place.
  ///
  /// Layer i computes tanh(x·wᵢ), all of B bytes. Its product keeps x and wᵢ, its tanh the result, which is
  /// the next x: after the forward pass n·B are live besides the weights. The sweep leaves n·B of gradients. If
  /// it kept the activations, 2n·B would be live at its end; releasing them keeps the peak at n·B, the
  /// intermediate cotangents of one layer (fewer than 6) aside.
  @Test func sweepsReleaseWhatTheyPass() async {
    await #expect(processExitsWith: .success) {
      struct Chain: Module {
        var weights: [Tensor]
        mutating func visitFields(_ visit: inout FieldVisitor) {
          for index in weights.indices { visit.parameter("\(index)", &weights[index]) }
        }
      }
      let (layers, bytes) = (50, 1 << 20)
      let shape: Shape = [bytes / 4]
      let model = Chain(weights: (0..<layers).map { _ in Tensor(shape, repeating: 0.9) })
      let input = Tensor(shape, repeating: 0.5)
      _ = Tensor(1).tracked()  // what is made once is made now
      let start = MemoryStatistics.current.live
      MemoryStatistics.resetPeak()
      let (value, slopes) = valueAndGradients(of: model) { model in
        model.weights.reduce(input) { ($0 * $1).tanh() }
      }
      let kept = withExtendedLifetime((model, value, slopes)) { MemoryStatistics.current.live - start }
      #expect(kept == (layers + 1) * bytes, "gradients and value: \(kept) bytes")
      #expect(MemoryStatistics.current.peak - start <= (layers + 8) * bytes)
    }
  }

  /// Even when the caller holds the value, and with it the graph, cotangents live for one layer only.
  @Test func cotangentsAreReleased() async {
    await #expect(processExitsWith: .success) {
      let (layers, bytes) = (50, 1 << 20)
      _ = Tensor(1).tracked()  // what is made once is made now
      let start = MemoryStatistics.current.live
      let point = Tensor([bytes / 4], repeating: 0.5).tracked()
      var value = point
      for _ in 0..<layers { value = (0.9 * value).tanh() }
      MemoryStatistics.resetPeak()
      #expect(MemoryStatistics.current.live - start == (layers + 1) * bytes, "one activation per layer")
      let slope = gradients(of: value, at: [point])[0]
      #expect(slope.count == point.count)
      #expect(MemoryStatistics.current.peak - start <= (layers + 8) * bytes)
    }
  }

  /// Nothing is recorded where nothing is tracked.
  @Test func inferenceKeepsNothing() async {
    await #expect(processExitsWith: .success) {
      let bytes = 1 << 20
      let start = MemoryStatistics.current.live
      MemoryStatistics.resetPeak()
      var value = Tensor([bytes / 4], repeating: 0.5)
      for _ in 0..<50 { value = (0.9 * value).tanh() }
      #expect(value.isFinite)
      #expect(MemoryStatistics.current.peak - start <= 3 * bytes)
    }
  }
}
