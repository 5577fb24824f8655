import SwiftDL
import TestSupport
import Testing

/// The number of threads changes no bit of any result.
@Suite struct ThreadTests {
  /// Every family of kernels on tensors large enough to be divided.
  static func work() -> [(name: String, tensor: Tensor)] {
    var random = RandomStream(seed: 5)
    let signal = random.normal([3, 700, 17])
    let skip = random.normal([3, 731, 5])
    let points = [
      signal, random.normal([5, 22, 24], standardDeviation: 0.1), random.normal([24]),
      random.normal([24, 40], standardDeviation: 0.2), random.uniform([24]),
    ].map { $0.tracked() }
    let hidden = conv1D(
      [points[0], skip], points[1], bias: points[2], activation: .tanh, stride: 2,
      padding: Padding(before: 2, after: 1))
    let up = hidden.upsampled(edge: .replicate, mix: points[4])
    let product = matmul(up, points[3])
    let (mean, variance) = product.moments(axes: [0, 1])
    let normal = (product - mean) / (variance + 1e-5).squareRoot()
    let image = normal.reshaped([3, 50, 14, 40])
    let pooled =
      image.averagePooled(PoolGeometry(window: .init(2, 2)))
      + image.maxPooled(PoolGeometry(window: .init(2, 2)))
    let loss = (pooled.permuted([3, 0, 1, 2]).exp() + 1).log().sum(axes: [1, 2])
    let first = gradients(of: loss, at: points, differentiable: true)
    let penalty = first.dropFirst().reduce(first[0].squared().sum()) { $0 + $1.squared().sum() }
    let second = gradients(of: penalty, at: points)
    return [("hidden", hidden.detached), ("product", product.detached), ("loss", loss.detached)]
      + first.enumerated().map { ("first \($0.offset)", $0.element.detached) }
      + second.enumerated().map { ("second \($0.offset)", $0.element) }
  }

  @Test func bitsDoNotDependOnThreads() {
    let one = ComputeContext.$current.withValue(ComputeContext(threads: 1)) { Self.work() }
    #expect(one.allSatisfy { $0.tensor.isFinite })
    withEvery("threads", in: [2, 3]) { threads in
      let several = ComputeContext.$current.withValue(ComputeContext(threads: threads)) {
        #expect(ComputeContext.current.threads == threads)
        return Self.work()
      }
      for (a, b) in zip(several, one) { expectIdentical(a.tensor, b.tensor, a.name) }
    }
  }

  /// Lesser instruction sets compute the same to rounding.
  @Test func instructionSetsAgree() {
    let best = Self.work()
    withEvery("instruction set", in: ComputeContext.availableInstructionSets) { name in
      let context = ComputeContext(threads: 1, instructionSet: name)
      #expect(context.instructionSet == name)
      let lesser = ComputeContext.$current.withValue(context) { Self.work() }
      // Differences grow through normalisation and two rounds of gradients.
      for (a, b) in zip(lesser, best) { expectClose(a.tensor, b.tensor, tolerance: 2e-4, a.name) }
    }
  }
}
