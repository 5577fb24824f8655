import SwiftDL
import TestSupport
import Testing

@Suite struct NormLayerTests {
  @Test func batchNormMakesMeanZeroAndVarianceOne() {
    var random = RandomStream(seed: 1)
    let x = random.normal([4, 9, 3], mean: 5, standardDeviation: 2)
    let y = BatchNorm(channels: 3, epsilon: 0)(x, Context(training: true))
    let (mean, variance) = y.moments(axes: [0, 1])
    expectClose(mean + 1, .ones([1, 1, 3]))
    expectClose(variance, .ones([1, 1, 3]))
  }

  /// After many passes over one batch the running statistics are the batch's, and inference is
  /// training apart from the unbiased variance.
  @Test func runningStatisticsConvergeToTheBatch() {
    var random = RandomStream(seed: 2)
    let x = random.normal([5, 4, 2], mean: -1, standardDeviation: 3)
    var layer = BatchNorm(channels: 2, epsilon: 0)
    let context = Context(training: true)
    for _ in 0..<200 {
      _ = layer(x, context)
      context.applyUpdates(to: &layer)
    }
    let (mean, variance) = x.moments(axes: [0, 1])
    expectClose(layer.runningMean, mean.reshaped([2]))
    expectClose(layer.runningVariance, variance.reshaped([2]) * (20 / 19))
    expectClose(layer(x, .inference) * Float(20.0 / 19).squareRoot(), layer(x, context))
  }

  /// Two passes in one context move the running statistics as two steps do.
  @Test func aNormUsedTwiceMovesTwice() {
    var random = RandomStream(seed: 3)
    let (a, b) = (random.normal([6, 2]), random.normal([6, 2], mean: 1))
    var (together, apart) = (BatchNorm(channels: 2), BatchNorm(channels: 2))
    let context = Context(training: true)
    for x in [a, b] { _ = together(x, context) }
    context.applyUpdates(to: &together)
    for x in [a, b] {
      _ = apart(x, context)
      context.applyUpdates(to: &apart)
    }
    expectIdentical(together.runningMean, apart.runningMean)
    expectIdentical(together.runningVariance, apart.runningVariance)
    #expect(together.runningMean.scalars != [0, 0])
  }

  @Test func inferenceLeavesBuffersAlone() {
    var random = RandomStream(seed: 4)
    let x = random.normal([6, 2])
    var norm = BatchNorm(channels: 2)
    var spectral = SpectralNorm(
      Dense(inputChannels: 2, outputChannels: 3, random: &random), random: &random)
    let context = Context.inference
    let (mean, u) = (norm.runningMean, spectral.u)
    _ = norm(x, context)
    _ = spectral(x, context)
    context.applyUpdates(to: &norm)
    context.applyUpdates(to: &spectral)
    expectIdentical(norm.runningMean, mean)
    expectIdentical(spectral.u, u)
  }

  @Test func groupNormSeesOneExampleAndIgnoresScaleAndOffset() {
    var random = RandomStream(seed: 5)
    let x = random.normal([3, 7, 4])
    let layer = GroupNorm(groups: 2, channels: 4, epsilon: 0)
    let y = layer(x)
    expectClose(layer(x.sliced(axis: 0, 1..<2)), y.sliced(axis: 0, 1..<2))
    expectClose(layer(3 * x - 2), y)
    let instance = GroupNorm(groups: 4, channels: 4, hasScale: false)
    #expect(instance.parameterCount == 0)
    let mean = instance(x).mean(axes: [1])
    expectClose(mean + 1, .ones(mean.shape))
  }

  /// Composed of elementwise operations, as the formula has it.
  private func composedGroupNorm(_ x: Tensor, _ layer: GroupNorm) -> Tensor {
    let perGroup = x.shape[x.rank - 1] / layer.groups
    let grouped = x.reshaped([x.shape[0], -1, layer.groups, perGroup])
    let centered = grouped - grouped.mean(axes: [1, 3], keepingAxes: true)
    let variance = centered.squared().mean(axes: [1, 3], keepingAxes: true)
    let scaled = centered / (variance + layer.epsilon).squareRoot()
    let byGroup = (layer.scale ?? .ones([1])).reshaped([layer.groups, perGroup])
    return (scaled * byGroup + (layer.shift ?? .zeros([1])).reshaped([layer.groups, perGroup])).reshaped(x.shape)
  }

  @Test("values and gradients to the third order are those of the formula", arguments: [1, 2, 6])
  func groupNormIsItsFormula(groups: Int) {
    var random = RandomStream(seed: 12)
    var layer = GroupNorm(groups: groups, channels: 6)
    layer.scale = random.uniform([6], in: 0.5..<2)
    layer.shift = random.normal([6])
    let (x, direction) = (random.normal([2, 9, 6], mean: 3), random.normal([2, 9, 6]))
    /// The value, then again and again the slope of its own size along a direction.
    func slopes(_ norm: @escaping (Tensor) -> Tensor) -> [Tensor] {
      let point = x.tracked()
      var value = (norm(point).sigmoid() * direction).sum()
      var found = [norm(x)]
      for _ in 0..<3 {
        let slope = gradients(of: value, at: [point], differentiable: true)[0]
        found.append(slope.detached)
        value = (slope * direction).sum()
      }
      return found
    }
    for (order, (own, composed)) in zip(slopes { layer($0) }, slopes { composedGroupNorm($0, layer) }).enumerated() {
      expectClose(own, composed, tolerance: 2e-4, "order \(order)")
    }
  }

  /// One group over one position is a layer norm.
  @Test func groupNormOfVectorsIsLayerNorm() {
    var random = RandomStream(seed: 6)
    let x = random.normal([5, 6])
    expectClose(GroupNorm(groups: 1, channels: 6)(x), LayerNorm(channels: 6)(x))
  }

  @Test func weightNormStartsAsItsBaseAndIgnoresTheLengthOfV() {
    var random = RandomStream(seed: 7)
    let x = random.normal([2, 6, 3])
    let base = Conv1D(inputChannels: 3, outputChannels: 4, kernelSize: 2, random: &random)
    var layer = WeightNorm(base)
    #expect(layer.gain.shape == [4])
    #expect(layer.parameters.paths == ["base.weight", "base.bias", "gain"])
    expectClose(layer(x), base(x))
    layer.base.weight = 7 * layer.base.weight
    expectClose(layer(x), base(x))
    layer.gain = Tensor([1, 2, 3, 4])
    expectClose(layer.normalized().weight.norm(axes: [0, 1]), layer.gain)
    // Its transposed twin counts output channels on another axis.
    let transposed = WeightNorm(
      TransposedConv1D(inputChannels: 3, outputChannels: 5, kernelSize: 2, random: &random))
    #expect(transposed.gain.shape == [5])
    expectClose(transposed(x), transposed.base(x))
  }

  /// A diagonal weight shows its singular values.
  @Test func spectralNormDividesByTheLargestSingularValue() {
    var random = RandomStream(seed: 8)
    let diagonal = Tensor([3, 3], [2, 0, 0, 0, -4, 0, 0, 0, 1])
    var layer = SpectralNorm(Dense(weight: diagonal, bias: nil), random: &random)
    let context = Context(training: true)
    for _ in 0..<30 {
      _ = layer.normalized(context)
      context.applyUpdates(to: &layer)
    }
    expectClose(layer.normalized(.inference).weight, diagonal / 4)
    expectClose(layer.u.absoluteValue() + 1, [1, 2, 1])
    #expect(layer.parameters.paths == ["base.weight"])
    #expect(layer.buffers.paths == ["u", "v"])
  }

  /// One call for two passes is two calls: in values, in gradients, and in the estimates that are left.
  @Test(arguments: [Activation.none, .relu, .leakyReLU(slope: 0.1), .tanh])
  func spectralNormTakesSeveralPassesInOneCall(activation: Activation) {
    var random = RandomStream(seed: 10)
    let dense = Dense(
      inputChannels: 6, outputChannels: 4, activation: activation, initialization: .kaimingUniform, random: &random)
    let layer = SpectralNorm(dense, random: &random)
    let (x, scale) = (random.normal([5, 6]), random.normal([5, 4]))
    func run(_ context: Context, _ forward: (SpectralNorm<Dense>, Tensor, Context) -> Tensor) -> (
      value: Tensor, gradients: [Tensor], buffers: [Tensor]
    ) {
      let point = x.tracked()
      let same = Context(training: true, passes: context.passes)
      let atPoint = gradients(of: (forward(layer, point, same) * scale).sum(), at: [point])
      let (value, found) = valueAndGradients(of: layer) { (forward($0, x, context) * scale).sum() }
      var moved = layer
      context.applyUpdates(to: &moved)
      return (value, found.tensors + atPoint, moved.buffers.tensors)
    }
    let together = run(Context(training: true, passes: [3, 2])) { $0($1, $2) }
    let apart = run(Context(training: true)) { layer, x, context in
      let first = layer(x.sliced(axis: 0, 0..<3), context)
      return .concatenated([first, layer(x.sliced(axis: 0, 3..<5), context)], axis: 0)
    }
    expectClose(together.value, apart.value)
    for (a, b) in zip(together.gradients, apart.gradients) { expectClose(a, b, tolerance: 2e-5) }
    for (a, b) in zip(together.buffers, apart.buffers) { expectIdentical(a, b) }
    #expect(together.buffers[0].scalars != layer.buffers.tensors[0].scalars)
  }

  @Test func spectralNormRefusesPassesThatAreNotItsBatch() async {
    await #expect(processExitsWith: .failure) {
      var random = RandomStream(seed: 1)
      let layer = SpectralNorm(Dense(inputChannels: 2, outputChannels: 2, random: &random), random: &random)
      _ = layer(.zeros([4, 2]), Context(training: true, passes: [3, 2]))
    }
  }

  /// The normalised weight does not change with the weight's length, so neither does the loss: the
  /// gradient is at right angles to the weight.
  @Test func spectralNormGradientIsOrthogonalToTheWeight() {
    var random = RandomStream(seed: 9)
    let x = random.normal([2, 6, 3])
    let layer = SpectralNorm(
      Conv1D(inputChannels: 3, outputChannels: 4, kernelSize: 2, random: &random), random: &random)
    let (_, found) = valueAndGradients(of: layer) { $0(x, Context(training: true)).squared().sum() }
    let gradient = found["base.weight"]
    let product = innerProduct(gradient, layer.base.weight)
    #expect(abs(product) < 1e-5 * euclideanNorm(gradient) * euclideanNorm(layer.base.weight))
    #expect(euclideanNorm(gradient) > 0.1)
  }
}
