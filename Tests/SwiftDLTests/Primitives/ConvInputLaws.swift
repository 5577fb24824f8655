import SwiftDL
import TestSupport
import Testing

/// Fused operations over views, interpolated and gated inputs equal what they stand for, in value and to second
/// order, also when the work is cut into pieces.
@Suite struct ConvInputLaws {
  private func expectSame(
    at points: [Tensor], tolerance: Float = 2e-5, _ fused: ([Tensor]) -> Tensor, _ plain: ([Tensor]) -> Tensor
  ) {
    func second(_ function: ([Tensor]) -> Tensor) -> [Tensor] {
      let points = points.map { $0.tracked() }
      let first = gradients(of: function(points).squared().sum(), at: points, differentiable: true)
      let number = first.dropFirst().reduce(first[0].squared().sum()) { $0 + $1.squared().sum() }
      return gradients(of: number, at: points)
    }
    func first(_ function: ([Tensor]) -> Tensor) -> [Tensor] {
      let points = points.map { $0.tracked() }
      return gradients(of: function(points).squared().sum(), at: points)
    }
    expectClose(fused(points), plain(points), tolerance: tolerance)
    for (a, b) in zip(first(fused), first(plain)) { expectClose(a, b, tolerance: tolerance, "first") }
    for (a, b) in zip(second(fused), second(plain)) { expectClose(a, b, tolerance: 4e-5, "second") }
  }

  @Test func inputsOfEveryForm() {
    var random = TestRandom(seed: 3)
    let points = [
      random.tensor([2, 9, 3]), random.tensor([2, 17, 2]), random.tensor([2, 5, 4]), random.tensor([2, 12, 4]),
      random.tensor([3, 11, 4], in: -0.5..<0.5), random.tensor([4]),
    ]
    withEvery("alignment", in: [FrameAlignment.middle, .latest]) { alignment in
      withEvery("edge", in: [UpsampleEdge.interior, .replicate]) { edge in
        func start(_ frames: Int, _ all: Int) -> Int { alignment == .middle ? (all - frames) / 2 : all - frames }
        expectSame(at: points) {
          conv1D(
            [.init($0[0]), .decimated($0[1], by: 2), .upsampled($0[2], edge: edge), .gated($0[3])], $0[4],
            bias: $0[5], activation: .tanh, padding: Padding(before: 1, after: 0), alignment: alignment)
        } _: {
          let parts = [
            $0[0], $0[1].decimated(axis: 1, by: 2), $0[2].upsampled(edge: edge), $0[3].gated(),
          ].map { part in
            let first = start(9, part.shape[1])
            return part.sliced(axis: 1, first..<first + 9)
          }
          let sum = conv1D(
            .concatenated(parts, axis: 2), $0[4], padding: Padding(before: 1, after: 0))
          return (sum + $0[5]).tanh()
        }
      }
    }
  }

  /// An input that is used twice collects both gradients, whoever comes first.
  @Test func sharedInputs() {
    var random = TestRandom(seed: 4)
    let points = [random.tensor([2, 12, 4]), random.tensor([1, 2, 4]), random.tensor([1, 4, 4])]
    expectSame(at: points) {
      conv1D([.gated($0[0])], $0[1], bias: nil, identity: $0[0].gated(latest: 12).sliced(axis: 2, 0..<1) + $0[0])
        + conv1D([.decimated($0[0], by: 1)], $0[2], bias: nil)
    } _: {
      conv1D($0[0].gated(), $0[1]) + $0[0].gated().sliced(axis: 2, 0..<1) + $0[0] + conv1D($0[0], $0[2])
    }
  }

  @Test func gatedConvolutionsWithIdentity() {
    var random = TestRandom(seed: 5)
    withEvery("stride and rate", in: [(1, ResidualRate.same), (2, .half)]) { stride, rate in
      let points = [
        random.tensor([2, 15, 3]), random.tensor([2, 13, 2]), random.tensor([3, 5, 6], in: -0.5..<0.5),
        random.tensor([6]), random.tensor([2, 16, 3]),
      ]
      expectSame(at: points) {
        gatedConv1D([$0[0], $0[1]], $0[2], bias: $0[3], stride: stride, addedTo: $0[4], rate: rate)
      } _: {
        let x = Tensor.concatenated([$0[0].sliced(axis: 1, 2..<15), $0[1]], axis: 2)
        let sums = conv1D(x, $0[2], stride: stride) + $0[3]
        let frames = sums.shape[1]
        let identity =
          stride == 1
          ? $0[4].sliced(axis: 1, 16 - frames..<16)
          : $0[4].sliced(axis: 1, 17 - 2 * frames..<16).decimated(axis: 1, by: 2)
        return identity + sums.sliced(axis: 2, 0..<3).tanh() * sums.sliced(axis: 2, 3..<6).sigmoid()
      }
    }
  }

  @Test func doubledIdentities() {
    var random = TestRandom(seed: 6)
    withEvery("frames", in: [13, 12, 1]) { frames in
      expectSame(at: [random.tensor([2, frames, 4]), random.tensor([2, 7, 2])]) {
        $0[0].gated(addedTo: $0[1], rate: .double)
      } _: { points in
        let doubled = Tensor.concatenated(
          (13 - frames..<13).map { points[1].sliced(axis: 1, $0 / 2..<$0 / 2 + 1) }, axis: 1)
        return doubled + points[0].gated()
      }
    }
  }

  /// Large enough that interpolated inputs are made an example at a time, and gated ones in pieces of time.
  @Test func pieces() {
    var random = RandomStream(seed: 7)
    let low = random.normal([3, 12_000, 64])
    let weight = random.normal([3, 64, 4], standardDeviation: 0.1)
    let long = random.normal([1, 70_000, 160])
    let pointwise = random.normal([1, 80, 4], standardDeviation: 0.1)
    let identity = random.normal([1, 70_010, 4])
    func check(_ points: [Tensor], _ fused: ([Tensor]) -> Tensor, _ plain: ([Tensor]) -> Tensor) {
      let (a, b) = (points.map { $0.tracked() }, points.map { $0.tracked() })
      let (x, y) = (fused(a), plain(b))
      expectClose(x.detached, y.detached)
      for (p, q) in zip(gradients(of: x.squared().sum(), at: a), gradients(of: y.squared().sum(), at: b)) {
        expectClose(p, q)
      }
    }
    check([low, weight]) {
      conv1D([.upsampled($0[0], edge: .replicate)], $0[1], bias: nil, activation: .relu)
    } _: {
      conv1D($0[0].upsampled(edge: .replicate), $0[1]).relu()
    }
    check([long, pointwise, identity]) {
      conv1D([.gated($0[0])], $0[1], bias: nil, identity: $0[2])
    } _: {
      conv1D($0[0].gated(), $0[1]) + $0[2].sliced(axis: 1, 10..<70_010)
    }
  }

  @Test func transposedWithAllThatFollows() {
    var random = RandomStream(seed: 8)
    let layer = TransposedConv1D(
      inputChannels: 3, outputChannels: 4, kernelSize: 3, stride: 2, cropping: Padding(before: 1, after: 1),
      activation: .leakyReLU(slope: 0.1), initialization: .kaimingUniform, random: &random)
    let mask = DropoutMask(key: 5, position: 1000, probability: 0.3)
    let x = random.normal([2, 6, 3])
    let geometry = Conv1DGeometry(
      batch: 2, inputFrames: 11, inputChannels: 4, outputChannels: 3, kernelSize: 3, stride: 2,
      padding: Padding(before: 1, after: 1))
    guard let bias = layer.bias else { return }
    expectSame(at: [x, layer.weight, bias]) {
      TransposedConv1D(
        weight: $0[1], bias: $0[2], stride: 2, cropping: Padding(before: 1, after: 1),
        activation: .leakyReLU(slope: 0.1))($0[0], dropout: mask)
    } _: {
      (conv1DInputGradient($0[1], $0[0], geometry) + $0[2]).leakyReLU(slope: 0.1).dropped(by: mask)
    }
  }

  /// The mask is that of the random stream, wherever it is applied.
  @Test func dropout() {
    var random = RandomStream(seed: 9)
    let x = random.normal([2, 9, 3])
    let weight = random.normal([3, 3, 5])
    let mask = DropoutMask(key: 11, position: 77, probability: 0.7)
    var stream = RandomStream(seed: 11, position: 77)
    let factors = stream.bernoulli([2, 7, 5], probability: 1 - mask.probability, value: 1 / (1 - mask.probability))
    withEvery("activation", in: [Activation.none, .relu, .leakyReLU(slope: 0.2)]) { activation in
      expectSame(at: [x, weight]) {
        conv1D([ConvInput($0[0])], $0[1], bias: nil, activation: activation, dropout: mask)
      } _: {
        conv1D($0[0], $0[1]).activated(activation) * factors
      }
    }
    expectIdentical(Tensor.ones([2, 7, 5]).dropped(by: mask), factors)
  }

  @Test func normalizedWeights() {
    var random = RandomStream(seed: 10)
    let layer = Conv1D(inputChannels: 3, outputChannels: 4, kernelSize: 3, random: &random)
    let (x, gain) = (random.normal([2, 8, 3]), random.normal([4]))
    expectSame(at: [layer.weight, gain]) {
      var normed = WeightNorm(layer)
      normed.base.weight = $0[0]
      normed.gain = $0[1]
      return normed(x)
    } _: {
      let norm = $0[0].squared().sum(axes: [0, 1]).squareRoot()
      return conv1D(x, $0[0] * ($0[1] / norm)) + (layer.bias ?? .zeros([4]))
    }
  }

  @Test func spectralWeights() {
    var random = RandomStream(seed: 11)
    let dense = Dense(inputChannels: 6, outputChannels: 4, random: &random)
    let norm = SpectralNorm(dense, random: &random)
    let x = random.normal([5, 6])
    expectSame(at: [dense.weight]) {
      var copy = norm
      copy.base.weight = $0[0]
      return copy(x, .inference)
    } _: {
      let largest = (norm.v.expanded(at: 1) * $0[0] * norm.u).sum()
      return matmul(x, $0[0] / largest) + (dense.bias ?? .zeros([4]))
    }
  }

  @Test func symbolsAreOneHotVectors() {
    var random = RandomStream(seed: 12)
    let symbols: [Int32] = [3, 0, 4, 4, 1, 2, 0, 3, 1, 1, 2, 4]
    var oneHot = [Float](repeating: 0, count: 60)
    for (index, symbol) in symbols.enumerated() { oneHot[5 * index + Int(symbol)] = 1 }
    expectSame(at: [random.normal([3, 5, 4]), random.normal([4])]) {
      symbolConv1D(symbols, batch: 2, $0[0], bias: $0[1])
    } _: {
      conv1D(Tensor([2, 6, 5], oneHot), $0[0]) + $0[1]
    }
  }

  @Test func activatedSums() {
    var random = RandomStream(seed: 13)
    expectSame(at: [random.normal([3, 4]), random.normal([3, 4])]) {
      activatedSum($0[0], $0[1], .relu)
    } _: {
      ($0[0] + $0[1]).relu()
    }
  }
}
