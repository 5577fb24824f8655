import SwiftDL
import TestSupport
import Testing

/// Gradients of every layer at its input and all its parameters, to order 2.
@Suite struct LayerGradientTests {
  private func check<Layer: Module>(
    _ layer: Layer, at x: Tensor, step: Float = 1e-2,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ forward: (Layer, Tensor) -> Tensor
  ) {
    let parameters = layer.parameters
    expectGradients(
      of: { points in
        let values = ParameterValues(paths: parameters.paths, tensors: Array(points.dropFirst()))
        return forward(layer.mapParameters { path, _ in values[path] }, points[0])
      }, at: [x] + parameters.tensors, step: step, sourceLocation: sourceLocation)
  }

  @Test func convolutions() {
    var random = RandomStream(seed: 1)
    let x = random.normal([2, 7, 4])
    check(
      Conv1D(
        inputChannels: 4, outputChannels: 4, kernelSize: 3, stride: 2, dilation: 2, groups: 2,
        padding: .same, activation: .tanh, initialization: .kaimingUniform, random: &random), at: x
    ) { $0($1) }
    check(
      TransposedConv1D(
        inputChannels: 4, outputChannels: 2, kernelSize: 4, stride: 2, groups: 2,
        cropping: Padding(before: 1, after: 2), activation: .sigmoid, random: &random), at: x
    ) { $0($1) }
    check(
      GatedUnit(inputChannels: 4, channels: 2, kernelSize: 2, dilation: 2, random: &random), at: x
    ) { $0($1) }
    let image = random.normal([2, 4, 5, 2])
    check(
      Conv2D(
        inputChannels: 2, outputChannels: 3, kernel: .init(3, 2), stride: .init(1, 2),
        padding: .same,
        activation: .tanh, random: &random), at: image
    ) { $0($1) }
    check(
      TransposedConv2D(
        inputChannels: 2, outputChannels: 3, kernel: .init(3, 2), stride: .init(1, 2),
        verticalCropping: Padding(before: 1, after: 1), random: &random), at: image, step: 1
    ) { $0($1) }
  }

  @Test func inputsSideBySide() {
    var random = RandomStream(seed: 2)
    let (skip, x) = (random.normal([2, 9, 1]), random.normal([2, 6, 2]))
    let layer = Conv1D(
      inputChannels: 3, outputChannels: 2, kernelSize: 3, activation: .tanh, random: &random)
    check(layer, at: x) { $0([skip, $1]) }
    check(layer, at: skip) { $0([$1, x]) }
  }

  @Test func denseAndEmbedding() {
    var random = RandomStream(seed: 3)
    check(
      Dense(inputChannels: 4, outputChannels: 3, activation: .tanh, random: &random),
      at: random.normal([2, 5, 4])
    ) { $0($1) }
    check(Embedding(entries: 4, channels: 3, random: &random), at: random.normal([5, 3])) {
      $0([3, 1, 0, 3, 3]) * $1
    }
  }

  @Test func norms() {
    var random = RandomStream(seed: 4)
    let x = random.normal([3, 5, 4])
    check(BatchNorm(channels: 4), at: x) { $0($1, Context(training: true)) }
    check(BatchNorm(channels: 4), at: x) { $0($1, .inference) }
    check(GroupNorm(groups: 2, channels: 4), at: x) { $0($1) }
    check(LayerNorm(channels: 4), at: x) { $0($1) }
  }

  @Test func weightsThatStandForOthers() {
    var random = RandomStream(seed: 5)
    let x = random.normal([2, 5, 3])
    let base = Conv1D(
      inputChannels: 3, outputChannels: 2, kernelSize: 2, initialization: .kaimingUniform,
      random: &random)
    check(WeightNorm(base), at: x) { $0($1) }
    // u and v are constants of the gradient, so they stay as they are here too.
    check(SpectralNorm(base, random: &random), at: x) { $0($1, .inference) }
  }

  @Test func dropoutMultipliesByItsMask() {
    let layer = Dropout(probability: 0.4)
    let x = Tensor([50], repeating: 2).tracked()
    let y = layer(x, Context(training: true, random: RandomStream(seed: 6)))
    expectIdentical(2 * gradients(of: y, at: [x])[0], y.detached)
  }
}
