import Foundation
import SwiftDL
import TestSupport
import Testing

/// A network small enough to know everything about.
private struct SmallPerceptron: Module {
  var layers: [Dense]

  init(random: RandomStream = RandomStream(seed: 3)) {
    var random = random
    layers = [
      Dense(inputChannels: 1, outputChannels: 8, activation: .tanh, random: &random),
      Dense(inputChannels: 8, outputChannels: 8, activation: .relu, random: &random),
      Dense(inputChannels: 8, outputChannels: 1, random: &random),
    ]
  }

  mutating func visitFields(_ visit: inout FieldVisitor) { visit.modules("layers", &layers) }
  func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) } }
}

/// A network with all that a context carries: dropout, and statistics that move with every pass.
private struct NormedPerceptron: Module {
  var first: Dense
  var norm: BatchNorm
  var dropout = Dropout(probability: 0.3)
  var last: Dense

  init() {
    var random = RandomStream(seed: 5)
    first = Dense(inputChannels: 2, outputChannels: 6, random: &random)
    norm = BatchNorm(channels: 6)
    last = Dense(inputChannels: 6, outputChannels: 1, random: &random)
  }

  mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.module("first", &first)
    visit.module("norm", &norm)
    visit.module("last", &last)
  }

  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    last(dropout(norm(first(x), context).tanh(), context))
  }
}

@Suite("Inner loops") struct InnerLoopTests {
  private let golden: SafeTensorsFile

  init() throws {
    golden = try SafeTensorsFile(
      try #require(Bundle.module.path(forResource: "Fixtures/meta_learning.safetensors", ofType: nil)))
  }

  /// PyTorch's network, its examples, and a loop over some of its parameters.
  private func task(where adapts: (String) -> Bool) throws -> (
    model: SmallPerceptron, loop: InnerLoop, inner: InnerLoop.Loss<SmallPerceptron>,
    outer: (SmallPerceptron, Context) -> Tensor
  ) {
    var model = SmallPerceptron()
    var values: [String: Tensor] = [:]
    for name in golden.entries.map(\.name) { values[name] = try golden.tensor(name) }
    model = model.mapParameters { path, _ in values["weights/\(path)"] ?? .zeros([]) }
    let rates = InnerRates(0, for: model, where: adapts).mapParameters { path, _ in values["rates/\(path)"] ?? .zeros([]) }
    let examples = values
    func loss(_ model: SmallPerceptron, _ step: Int) -> Tensor {
      guard let x = examples["data/x\(step)"], let y = examples["data/y\(step)"] else { return Tensor(.nan) }
      return meanSquaredError(model(x), y)
    }
    return (
      model, InnerLoop(steps: 3, rates: rates), { model, step, _ in loss(model, step) }, { model, _ in loss(model, 3) }
    )
  }

  @Test(
    "gradients through three steps are PyTorch's",
    arguments: [
      ("second", InnerLoop.Order.second), ("second", .secondUnrolled), ("first", .first), ("anil", .second),
      ("anil", .secondUnrolled),
    ])
  func twin(name: String, order: InnerLoop.Order) throws {
    let (model, loop, inner, outer) = try task { name != "anil" || $0.hasPrefix("layers.2") }
    let result = loop.gradient(at: model, order: order, inner: inner, outer: outer)
    expectClose(Tensor(result.loss), try golden.tensor("\(name)/loss"), tolerance: 1e-5)
    for (path, gradient) in zip(result.parameters.paths, result.parameters.tensors) {
      expectClose(gradient, try golden.tensor("\(name)/weights/\(path)"), tolerance: 2e-5, path)
    }
    #expect(result.rates.paths == loop.rates.values.paths)
    for (path, gradient) in zip(result.rates.paths, result.rates.tensors) {
      expectClose(gradient, try golden.tensor("\(name)/rates/\(path)"), tolerance: 2e-5, path)
    }
  }

  /// A task on the network that needs its context.
  private static let sound = {
    var random = RandomStream(seed: 9)
    return (x: random.normal([8, 2]), y: random.normal([8, 1]), heldOut: random.normal([8, 2]))
  }()

  @Test("steps made again have the gradient of steps that were kept, dropout and running statistics included")
  func recomputation() {
    let model = NormedPerceptron()
    let loop = InnerLoop(steps: 5, rates: InnerRates(0.1, for: model), random: RandomStream(seed: 2))
    let sound = Self.sound
    func gradient(_ order: InnerLoop.Order) -> MetaGradient {
      loop.gradient(
        at: model, order: order, inner: { model, _, context in meanSquaredError(model(sound.x, context), sound.y) },
        outer: { model, context in meanSquaredError(model(sound.heldOut, context), sound.y) })
    }
    let (made, kept, first) = (gradient(.second), gradient(.secondUnrolled), gradient(.first))
    // The same arithmetic, but for fused operations that differentiate in other steps than their definitions.
    #expect(abs(made.loss - kept.loss) < 1e-5 * kept.loss && made.loss == first.loss)
    let largest = kept.parameters.norm
    for (path, tensor) in zip(kept.parameters.paths, kept.parameters.tensors) {
      let difference = (made.parameters[path] - tensor).absoluteValue().scalars.max() ?? 0
      #expect(difference < 2e-6 * largest, "\(path)")
    }
    for (path, tensor) in zip(kept.rates.paths, kept.rates.tensors) {
      #expect(abs(made.rates[path].scalar - tensor.scalar) < 2e-6 * kept.rates.norm, "\(path)")
    }
    // Leaving the second order out is another gradient.
    let apart = zip(first.parameters.tensors, kept.parameters.tensors).map { ($0 - $1).norm().scalar }.max() ?? 0
    #expect(apart > 1e-2 * largest)
  }

  @Test("the descent moves what has a rate, and carries running statistics along")
  func descent() {
    let model = NormedPerceptron()
    let sound = Self.sound
    let loss: InnerLoop.Loss<NormedPerceptron> = { model, _, context in
      meanSquaredError(model(sound.x, context), sound.y)
    }
    let rates = InnerRates(0.1, for: model) { $0.hasPrefix("last.") }
    let end = InnerLoop(steps: 4, rates: rates).adapted(model, loss)
    for (path, tensor) in zip(end.parameters.paths, end.parameters.tensors) {
      let moved = tensor.scalars != model.parameters[path].scalars
      #expect(moved == path.hasPrefix("last."), "\(path)")
    }
    #expect(end.norm.buffers.tensors.map(\.scalars) != model.norm.buffers.tensors.map(\.scalars))
    // The same by hand: context, gradient, step.
    var byHand = model
    let loop = InnerLoop(steps: 4, rates: rates)
    for step in 0..<4 {
      let context = Context(training: true, random: loop.random.stream(step))
      let slopes = valueAndGradients(of: byHand) { loss($0, step, context) }.gradients
      var next = byHand.mapParameters { path, p in path.hasPrefix("last.") ? p - 0.1 * slopes[path] : p }
      context.applyUpdates(to: &next)
      byHand = next
    }
    for (path, tensor) in zip(end.parameters.paths, end.parameters.tensors) {
      expectIdentical(tensor, byHand.parameters[path], path)
    }
  }

  @Test("no steps at all: the gradient is that of the loss")
  func nothing() throws {
    let (model, _, inner, outer) = try task { _ in true }
    let loop = InnerLoop(steps: 0, rates: InnerRates(0.1, for: model))
    let plain = valueAndGradients(of: model) { outer($0, .inference) }.gradients
    for order in [InnerLoop.Order.first, .second, .secondUnrolled] {
      let result = loop.gradient(at: model, order: order, inner: inner, outer: outer)
      for path in plain.paths { expectIdentical(result.parameters[path], plain[path], path) }
      #expect(result.rates.tensors.allSatisfy { $0.scalar == 0 })
    }
  }

  @Test("memory does not grow with the steps when they are made again")
  func memory() async {
    await #expect(processExitsWith: .success) {
      var random = RandomStream(seed: 1)
      let model = SmallPerceptron()
      let (x, y) = (random.normal([4096, 1]), random.normal([4096, 1]))
      func peak(_ steps: Int, _ order: InnerLoop.Order) -> Int {
        let loop = InnerLoop(steps: steps, rates: InnerRates(0.01, for: model))
        MemoryStatistics.resetPeak()
        let before = MemoryStatistics.current.live
        _ = loop.gradient(
          at: model, order: order, inner: { model, _, _ in meanSquaredError(model(x), y) },
          outer: { model, _ in meanSquaredError(model(x), y) })
        return MemoryStatistics.current.peak - before
      }
      let (one, eight) = (peak(1, .second), peak(8, .second))
      #expect(eight < one * 11 / 10, "one step holds \(one) bytes, eight \(eight)")
      #expect(peak(8, .secondUnrolled) > 4 * one, "the graphs of eight steps are held at once")
    }
  }
}
