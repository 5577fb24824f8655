import SwiftDL
import TestSupport
import Testing

@Suite struct LayerTests {
  @Test func everyTensorIsVisited() {
    var random = RandomStream(seed: 1)
    let convolution = Conv1D(inputChannels: 2, outputChannels: 3, kernelSize: 2, random: &random)
    expectEveryTensorVisited(in: convolution)
    expectEveryTensorVisited(
      in: Conv1D(
        inputChannels: 2, outputChannels: 3, kernelSize: 2, hasBias: false, random: &random))
    expectEveryTensorVisited(
      in: TransposedConv1D(inputChannels: 2, outputChannels: 3, kernelSize: 2, random: &random))
    expectEveryTensorVisited(
      in: Conv2D(inputChannels: 2, outputChannels: 3, kernel: .init(2, 3), random: &random))
    expectEveryTensorVisited(
      in: TransposedConv2D(
        inputChannels: 2, outputChannels: 3, kernel: .init(2, 3), random: &random))
    expectEveryTensorVisited(in: Dense(inputChannels: 2, outputChannels: 3, random: &random))
    expectEveryTensorVisited(in: Embedding(entries: 2, channels: 3, random: &random))
    expectEveryTensorVisited(in: Dropout(probability: 0.5))
    expectEveryTensorVisited(in: BatchNorm(channels: 2))
    expectEveryTensorVisited(in: GroupNorm(groups: 1, channels: 2))
    expectEveryTensorVisited(in: GroupNorm(groups: 1, channels: 2, hasScale: false))
    expectEveryTensorVisited(in: LayerNorm(channels: 2))
    expectEveryTensorVisited(in: WeightNorm(convolution))
    expectEveryTensorVisited(in: SpectralNorm(convolution, random: &random))
    expectEveryTensorVisited(
      in: GatedUnit(inputChannels: 2, channels: 3, kernelSize: 2, random: &random))
  }

  private struct Forgetful: Module {
    var first = [Dense(weight: .ones([2, 3]), bias: nil)]
    var second: Tensor? = .ones([4])
    mutating func visitFields(_ visit: inout FieldVisitor) { visit.modules("first", &first) }
  }

  @Test func aForgottenFieldIsNoticed() {
    withKnownIssue { expectEveryTensorVisited(in: Forgetful()) }
  }

  @Test func uniformInitialisationFillsItsRange() {
    func expectUniform(
      _ tensor: Tensor, limit: Float, _ sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let largest = tensor.scalars.map(abs).max() ?? 0
      #expect(largest <= limit && largest > 0.99 * limit, sourceLocation: sourceLocation)
      // The variance of a uniform variable is limit² / 3; five standard errors of its estimate.
      let variance = tensor.squared().mean().scalar
      let error = 5 * limit * limit * (4 / 45 / Float(tensor.count)).squareRoot()
      #expect(abs(variance - limit * limit / 3) < error, sourceLocation: sourceLocation)
    }
    var random = RandomStream(seed: 2)
    let glorot = Conv1D(
      inputChannels: 24, outputChannels: 48, kernelSize: 5, groups: 2, random: &random)
    expectUniform(glorot.weight, limit: (6 / Float(5 * 12 + 5 * 24)).squareRoot())
    #expect(glorot.bias?.scalars.allSatisfy { $0 == 0 } == true)
    let kaiming = Dense(
      inputChannels: 64, outputChannels: 500, initialization: .kaimingUniform, random: &random)
    expectUniform(kaiming.weight, limit: 1 / 8)
    expectUniform(kaiming.bias ?? .zeros([1]), limit: 1 / 8)
    // PyTorch's fan in of a transposed convolution counts the channels it makes.
    let transposed = TransposedConv1D(
      inputChannels: 50, outputChannels: 16, kernelSize: 4, initialization: .kaimingUniform,
      random: &random)
    expectUniform(transposed.weight, limit: 1 / 8)
  }

  @Test func normalAndZeroInitialisation() {
    var random = RandomStream(seed: 3)
    let normal = Conv2D(
      inputChannels: 16, outputChannels: 32, kernel: .init(4, 4),
      initialization: .normal(standardDeviation: 0.02), random: &random)
    // The variance of σ² estimated from n normal numbers is 2σ⁴ / n; five standard errors.
    let variance = normal.weight.squared().mean().scalar
    #expect(abs(variance / 4e-4 - 1) < 5 * (2 / Float(normal.weight.count)).squareRoot())
    let zero = Dense(inputChannels: 3, outputChannels: 2, initialization: .zeros, random: &random)
    #expect(zero.weight.scalars.allSatisfy { $0 == 0 })
  }

  @Test func equalStreamsMakeEqualLayers() {
    func layer(_ random: inout RandomStream) -> Conv1D {
      Conv1D(
        inputChannels: 2, outputChannels: 3, kernelSize: 4, initialization: .kaimingUniform,
        random: &random)
    }
    var (a, b) = (RandomStream(seed: 4), RandomStream(seed: 4))
    let (first, same, next) = (layer(&a), layer(&b), layer(&a))
    expectIdentical(first.weight, same.weight)
    #expect(first.weight.scalars != next.weight.scalars)
  }

  @Test func dropoutKeepsTheMeanAndFollowsItsStream() {
    let layer = Dropout(probability: 0.3)
    let x = Tensor.ones([100, 50, 8])
    let context = Context(training: true, random: RandomStream(seed: 5))
    let y = layer(x, context)
    let kept = y.scalars.count { $0 != 0 }
    let mean = 0.7 * Double(x.count)
    #expect(abs(Double(kept) - mean) < 5 * (0.3 * mean).squareRoot())
    #expect(y.scalars.allSatisfy { $0 == 0 || $0 == 1 / (1 - layer.probability) })
    #expect(context.random.position == UInt64(x.count))
    expectIdentical(layer(x, Context(training: true, random: RandomStream(seed: 5))), y)
    #expect(layer(x, context).scalars != y.scalars)
    expectIdentical(layer(x, .inference), x)
  }

  @Test func dropoutOfWholeChannels() {
    let layer = Dropout(probability: 0.5, sharedAxes: [1])
    let context = Context(training: true, random: RandomStream(seed: 6))
    let y = layer(.ones([4, 9, 16]), context)
    #expect(context.random.position == 64)
    expectIdentical(y, y.sliced(axis: 1, 0..<1).broadcast(to: y.shape))
    #expect(Set(y.scalars) == [0, 2])
  }

  @Test func aConditionedGateIsTheGateOfBothInputs() {
    var random = RandomStream(seed: 7)
    let (x, condition) = (random.normal([2, 6, 3]), random.normal([2, 6, 2]))
    let gate = GatedUnit(inputChannels: 5, channels: 4, kernelSize: 2, random: &random)
    #expect(gate([x, condition]).shape == [2, gate.outputFrames(6), 4])
    expectClose(gate([x, condition]), gate(.concatenated([x, condition], axis: 2)))
  }
}
