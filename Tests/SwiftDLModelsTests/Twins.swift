import Foundation
import SwiftDL
import TestSupport
import Testing

/// Gives a model a golden file's weights and expects its output and gradients to be those of PyTorch's twin.
func expectTwin<M: Module>(_ fresh: M, _ name: String, _ forward: (M, Tensor) -> Tensor) throws {
  let path = try #require(Bundle.module.path(forResource: "Fixtures/\(name).safetensors", ofType: nil))
  let golden = try SafeTensorsFile(path)
  var model = fresh
  var names: Set<String> = []
  var failure: (any Error)?
  model.forEachField { kind, path, tensor in
    let isBuffer = kind == .buffer && golden.entries.contains { $0.name == "buffers/" + path }
    let name = (isBuffer ? "buffers/" : "weights/") + path
    do {
      let value = try golden.tensor(name)
      #expect(value.shape == tensor.shape, "\(path)")
      tensor = value
    } catch { failure = error }
    names.insert(name)
  }
  if let failure { throw failure }
  #expect(names == Set(golden.entries.map(\.name).filter { $0.hasPrefix("weights/") || $0.hasPrefix("buffers/") }))
  let input = try golden.tensor("input")
  expectClose(forward(model, input), try golden.tensor("output"), tolerance: 1e-5)
  let target = try golden.tensor("target")
  let gradients = valueAndGradients(of: model) { meanSquaredError(forward($0, input), target) }.gradients
  let expected = try gradients.paths.map { try golden.tensor("gradients/" + $0) }
  func largest(_ tensor: Tensor) -> Float { tensor.absoluteValue().scalars.max() ?? 0 }
  // What is zero but for rounding, such as the slope of a bias before a normalisation, has to be as small.
  let rounding = 1e-6 * (expected.map(largest).max() ?? 0)
  for (path, (gradient, expected)) in zip(gradients.paths, zip(gradients.tensors, expected)) {
    if largest(expected) < rounding {
      #expect(largest(gradient) < rounding, "\(path)")
    } else {
      expectClose(gradient, expected, tolerance: 1e-4, path)
    }
  }
}

/// Expects output frames up to one to have no gradient at all at later input frames, and measures how far
/// back the gradient reaches: the receptive field over `phases` positions.
func expectCausal(
  _ window: (input: Int, output: Int), channels: Int, phases: Int, _ forward: (Tensor) -> Tensor
) -> Int {
  var random = RandomStream(seed: 6)
  let x = random.normal([1, window.input, channels]).tracked()
  let y = forward(x)
  #expect(y.shape[1] == window.output)
  var before = 0
  for phase in 0..<min(phases, window.output - 1) {
    let output = window.output - 2 - phase
    let now = output + window.input - window.output
    let upToNow = gradients(of: y.sliced(axis: 1, 0..<output + 1).sum(), at: [x])[0]
    #expect(upToNow.sliced(axis: 1, now + 1..<window.input).scalars.allSatisfy { $0 == 0 }, "the future of \(output)")
    let one = gradients(of: y.sliced(axis: 1, output..<output + 1).sum(), at: [x])[0]
    let perFrame = one.absoluteValue().sum(axes: [0, 2]).scalars
    #expect(perFrame[now] != 0 || before > 0)
    before = max(before, now - (perFrame.firstIndex { $0 != 0 } ?? now))
  }
  return before
}

/// Expects a change of symbol t to leave the bits of earlier predictions alone, and to change later ones.
func expectCausalSymbols(_ window: (input: Int, output: Int), symbols: Int, _ forward: (Tensor) -> Tensor) {
  let numbers = (0..<window.input).map { Float(($0 * $0 + 3 * $0) % symbols) }
  let before = forward(Tensor([1, window.input, 1], numbers))
  #expect(before.shape[1] == window.output)
  for output in [1, window.output / 2, window.output - 1] {
    var changed = numbers
    let now = output + window.input - window.output
    changed[now] = Float((Int(changed[now]) + 1) % symbols)
    let after = forward(Tensor([1, window.input, 1], changed))
    let past = 0..<output
    expectIdentical(after.sliced(axis: 1, past), before.sliced(axis: 1, past), "before \(output)")
    let present = output..<output + 1
    #expect(after.sliced(axis: 1, present).scalars != before.sliced(axis: 1, present).scalars, "at \(output)")
  }
}

/// Expects a few hundred updates to learn `input` by heart.
func expectOverfits<M: Module>(
  _ fresh: M, rate: Float, steps: Int = 300, _ loss: (M) -> Tensor
) {
  var model = fresh
  var optimizer = Adam(learningRate: rate)
  let first = loss(model).scalar
  for _ in 0..<steps {
    optimizer.update(&model, with: valueAndGradients(of: model, loss).gradients)
  }
  let last = loss(model).scalar
  #expect(last < 0.25 * first, "the loss went from \(first) to \(last)")
}
