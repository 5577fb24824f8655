import Foundation
import SwiftDL
import TestSupport
import Testing

@Suite struct CheckpointTests {
  private func state(_ optimizer: any Optimizer, step: Int) -> TrainingState {
    var state = TrainingState()
    state.step = step
    state.optimizers["main"] = optimizer.state
    return state
  }

  /// Five steps, saved, loaded elsewhere, five more: the bits of ten.
  @Test(arguments: everyOptimizer.map(\.name)) func resumedIsUninterrupted(name: String) throws {
    let scratch = try Scratch()
    let make = try #require(everyOptimizer.first { $0.name == name }).make
    var whole = (model: TwoTensors(), optimizer: make(), random: RandomStream(seed: 4))
    var average = ExponentialMovingAverage(of: whole.model, decay: 0.9)
    func train(
      _ run: inout (model: TwoTensors, optimizer: any Optimizer, random: RandomStream),
      _ average: inout ExponentialMovingAverage, _ steps: Range<Int>
    ) {
      for step in steps {
        run.optimizer.learningRate *= 0.97
        var gradients = TwoTensors.gradients(step: step)
        gradients *= run.random.uniform([1]).scalar
        run.optimizer.update(&run.model, with: gradients)
        average.update(from: run.model)
      }
    }
    train(&whole, &average, 0..<5)
    var saved = state(whole.optimizer, step: 5)
    saved.epoch = 2
    saved.position = 17
    saved.randomStreams["data"] = whole.random
    saved.values["average"] = average.values
    saved.notes["schedule"] = "{\"rate\": 0.1}\n"
    try Checkpoint.write(whole.model, saved, metadata: ["config": "levels: 3\n"], to: scratch("c"))
    #expect(scratch.contents == ["c"])

    var resumed = (model: TwoTensors(seed: 9), optimizer: make(), random: RandomStream(seed: 0))
    var resumedAverage = ExponentialMovingAverage(of: resumed.model, decay: 0.9)
    let loaded = try Checkpoint.read(into: &resumed.model, from: scratch("c"))
    resumed.optimizer.state = try #require(loaded.optimizers["main"])
    resumed.random = try #require(loaded.randomStreams["data"])
    resumedAverage.values = try #require(loaded.values["average"])
    #expect(loaded.step == 5 && loaded.epoch == 2 && loaded.position == 17)
    #expect(loaded.notes == saved.notes)

    train(&whole, &average, 5..<10)
    train(&resumed, &resumedAverage, 5..<10)
    for (actual, expected) in zip(resumed.model.parameters.tensors, whole.model.parameters.tensors) {
      expectIdentical(actual, expected)
    }
    for path in average.values.paths {
      expectIdentical(resumedAverage.values[path], average.values[path])
    }
    #expect(resumed.random == whole.random)
    #expect(resumed.optimizer.learningRate == whole.optimizer.learningRate)
    // The same run gives the same files.
    try Checkpoint.write(whole.model, state(whole.optimizer, step: 10), to: scratch("a"))
    try Checkpoint.write(resumed.model, state(resumed.optimizer, step: 10), to: scratch("b"))
    for name in [Checkpoint.weightsName, Checkpoint.stateName] {
      #expect(try scratch.bytes("a/" + name) == scratch.bytes("b/" + name))
    }
  }

  @Test func weightsAloneServeInference() throws {
    let scratch = try Scratch()
    let model = TwoTensors(seed: 2)
    try Checkpoint.write(model, state(Adam(), step: 3), metadata: ["config": "y"], to: scratch("c"))
    var other = TwoTensors(seed: 3)
    let metadata = try other.load(from: scratch("c/weights.safetensors"))
    #expect(metadata == ["config": "y", "step": "3"])
    expectIdentical(other.weight, model.weight)
  }

  @Test func aMixedPairIsNoticed() throws {
    let scratch = try Scratch()
    let (first, second) = (TwoTensors(seed: 1), TwoTensors(seed: 2))
    try Checkpoint.write(first, state(Adam(), step: 1), to: scratch("a"))
    try Checkpoint.write(second, state(Adam(), step: 1), to: scratch("b"))
    _ = try scratch.write(try scratch.bytes("b/weights.safetensors"), "a/weights.safetensors")
    var model = first
    let problem = try #require(
      failure { _ = try Checkpoint.read(into: &model, from: scratch("a")) })
    #expect(problem.problem.contains("belongs to other weights"))
    expectIdentical(model.weight, first.weight)
  }

  @Test func everyFlippedBitOfAStateIsNoticed() throws {
    let scratch = try Scratch()
    var model = TwoTensors()
    var optimizer = Adam()
    optimizer.update(&model, with: TwoTensors.gradients(step: 0))
    try Checkpoint.write(model, state(optimizer, step: 1), to: scratch("c"))
    let whole = try scratch.bytes("c/state.safetensors")
    var random = TestRandom(seed: 8)
    for _ in 0..<500 {
      var bytes = whole
      bytes[random.integer(in: 0...bytes.count - 1)] ^= 1 << UInt8(random.integer(in: 0...7))
      _ = try scratch.write(bytes, "c/state.safetensors")
      var copy = model
      #expect(throws: FileError.self) { _ = try Checkpoint.read(into: &copy, from: scratch("c")) }
    }
  }

  @Test func replacingKeepsOneOfTheTwo() throws {
    let scratch = try Scratch()
    let (old, new) = (TwoTensors(seed: 1), TwoTensors(seed: 2))
    try Checkpoint.write(old, state(Adam(), step: 1), to: scratch("c"))
    try Checkpoint.write(new, state(Adam(), step: 1), to: scratch("c"))
    #expect(scratch.contents == ["c"])
    var model = old
    _ = try Checkpoint.read(into: &model, from: scratch("c"))
    expectIdentical(model.weight, new.weight)
  }

  // MARK: The store

  @Test func theStoreKeepsTheLastAndTheBest() throws {
    let scratch = try Scratch()
    let store = CheckpointStore(scratch.path, keepingNewest: 2)
    #expect(try store.last() == nil && store.best() == nil)
    for (step, isBest) in [(10, true), (20, false), (30, false), (40, false)] {
      try store.write(TwoTensors(seed: UInt64(step)), state(Adam(), step: step), isBest: isBest)
    }
    #expect(
      scratch.contents == ["best", "last", "step-000000010", "step-000000030", "step-000000040"])
    #expect(try store.last() == scratch("step-000000040"))
    #expect(store.best() == scratch("step-000000010"))
    try store.write(TwoTensors(seed: 50), state(Adam(), step: 50), isBest: true)
    #expect(scratch.contents == ["best", "last", "step-000000040", "step-000000050"])
    var model = TwoTensors()
    let state = try Checkpoint.read(into: &model, from: scratch("best"))
    #expect(state.step == 50)
    expectIdentical(model.weight, TwoTensors(seed: 50).weight)
  }

  @Test func anAbandonedFutureGoes() throws {
    let scratch = try Scratch()
    let store = CheckpointStore(scratch.path, keepingNewest: 3)
    for step in [10, 20, 30] {
      try store.write(TwoTensors(), state(Adam(), step: step), isBest: step == 10)
    }
    // Resumed from the best one.
    try store.write(TwoTensors(), state(Adam(), step: 15))
    #expect(try store.steps() == [10, 15])
    #expect(try store.last() == scratch("step-000000015"))
  }

  /// Whatever a stopped machine leaves behind, the newest complete checkpoint is found, and the
  /// rest is swept up.
  @Test func leftoversDoNoHarm() throws {
    let scratch = try Scratch()
    let store = CheckpointStore(scratch.path)
    try store.write(TwoTensors(), state(Adam(), step: 10))
    try Folders.create(scratch(".step-000000020.77.part"))
    _ = try scratch.write([1, 2, 3], ".step-000000020.77.part/weights.safetensors")
    #expect(try store.steps() == [10])
    try FileManager.default.removeItem(atPath: scratch("last"))
    #expect(try store.last() == scratch("step-000000010"), "without its link")
    try store.write(TwoTensors(), state(Adam(), step: 20))
    #expect(scratch.contents == ["last", "step-000000020"])
  }
}
