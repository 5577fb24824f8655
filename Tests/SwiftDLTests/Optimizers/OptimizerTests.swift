import SwiftDL
import TestSupport
import Testing

@Suite struct OptimizerTests {
  /// PyTorch's numbers; see scripts/golden/optimizers_golden.py.
  static let golden: ParameterValues = {
    do { return try SafeTensorsFile.read(fixture("optimizers.safetensors")).tensors } catch {
      fatalError("\(error)")
    }
  }()

  /// Parameters of size about 1, each step rounding once or twice: ten steps stay within a few
  /// units in the last place (6e-8).
  @Test(arguments: everyOptimizer.map(\.name)) func matchesPyTorch(name: String) throws {
    var optimizer = try #require(everyOptimizer.first { $0.name == name }).make()
    let golden = Self.golden
    var model = TwoTensors(weight: golden["initial.weight"], bias: golden["initial.bias"])
    for step in 0..<10 {
      let gradients = ParameterValues(
        paths: ["weight", "bias"],
        tensors: ["weight", "bias"].map {
          golden["gradients.\($0)"].sliced(axis: 0, step..<step + 1).reshaped(
            model.parameters[$0].shape)
        })
      optimizer.update(&model, with: gradients)
      for (path, value) in zip(model.parameters.paths, model.parameters.tensors) {
        let expected = golden["\(name).\(path)"].sliced(axis: 0, step..<step + 1)
        expectClose(
          value.scalars, expected.scalars, tolerance: 1e-6, "\(name) \(path) step \(step)")
      }
    }
    #expect(optimizer.state.step == 10)
  }

  @Test(arguments: everyOptimizer.map(\.name)) func updatesInPlace(name: String) throws {
    var optimizer = try #require(everyOptimizer.first { $0.name == name }).make()
    var model = TwoTensors()
    optimizer.update(&model, with: TwoTensors.gradients(step: 0))
    let before = address(model.weight)
    let moments = addresses(optimizer.state)
    for step in 1..<4 { optimizer.update(&model, with: TwoTensors.gradients(step: step)) }
    #expect(address(model.weight) == before)
    #expect(addresses(optimizer.state) == moments)
  }

  @Test(arguments: everyOptimizer.map(\.name)) func leavesSnapshotsAlone(name: String) throws {
    var optimizer = try #require(everyOptimizer.first { $0.name == name }).make()
    var model = TwoTensors()
    optimizer.update(&model, with: TwoTensors.gradients(step: 0))
    let (snapshot, earlier) = (model, optimizer)
    let (numbers, moments) = (model.weight.scalars, earlier.state.second.tensors.map(\.scalars))
    optimizer.update(&model, with: TwoTensors.gradients(step: 1))
    #expect(snapshot.weight.scalars == numbers && model.weight.scalars != numbers)
    #expect(earlier.state.second.tensors.map(\.scalars) == moments)
    #expect(earlier.state.step == 1 && optimizer.state.step == 2)
  }

  @Test func parametersWithoutGradientsStay() {
    var model = TwoTensors()
    let before = model
    var optimizer = Adam()
    var gradients = ParameterValues()
    gradients.append("bias", .ones([7]))
    optimizer.update(&model, with: gradients)
    expectIdentical(model.weight, before.weight)
    #expect(model.bias.scalars != before.bias.scalars)
    #expect(optimizer.state.first.paths == ["bias"])
  }

  @Test func optionalFieldsAreUpdatedInPlace() {
    struct Maybe: Module {
      var bias: Tensor? = .ones([100])
      var inner: TwoTensors? = TwoTensors()
      mutating func visitFields(_ visit: inout FieldVisitor) {
        visit.parameter("bias", &bias)
        visit.module("inner", &inner)
      }
    }
    var model = Maybe()
    let gradients = ParameterValues(
      paths: ["bias", "inner.weight"], tensors: [.ones([100]), .ones([5, 3])])
    let before = model.bias.map(address)
    let inner = (model.inner?.weight).map(address)
    var optimizer = SGD(learningRate: 0.5)
    optimizer.update(&model, with: gradients)
    #expect(model.bias?.scalars == Array(repeating: 0.5, count: 100))
    #expect(model.bias.map(address) == before && (model.inner?.weight).map(address) == inner)
  }

  @Test func aQuadraticIsMinimisedByEveryOptimizer() {
    for (name, make) in everyOptimizer where !name.hasSuffix("decay") {
      var optimizer = make()
      var model = TwoTensors()
      let start = model.parameters.norm
      for _ in 0..<200 {
        let (_, gradients) = valueAndGradients(of: model) { model in
          (model.weight * model.weight).sum() + (model.bias * model.bias).sum()
        }
        optimizer.update(&model, with: gradients)
      }
      #expect(model.parameters.norm < 0.5 * start, "\(name)")
    }
  }

  private func address(_ tensor: Tensor) -> UnsafePointer<Float>? {
    tensor.withUnsafeBuffer(\.baseAddress)
  }
  private func addresses(_ state: OptimizerState) -> [UnsafePointer<Float>?] {
    (state.first.tensors + state.second.tensors).map(address)
  }
}
