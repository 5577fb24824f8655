import Foundation
import SwiftDL
import TestSupport
import Testing

/// One computation of PyTorch's, from Fixtures/layers.json (scripts/golden/layers_golden.py).
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
  let kind: String
  let name: String
  private let numbers: [String: Setting]
  private let tensors: [String: Array]

  static let all: [GoldenCase] = {
    do {
      let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/layers.json")
      return try JSONDecoder().decode([GoldenCase].self, from: Data(contentsOf: url))
    } catch {
      fatalError("layers.json: \(error)")
    }
  }()

  static func of(_ kinds: String...) -> [GoldenCase] {
    let cases = all.filter { kinds.contains($0.kind) }
    precondition(!cases.isEmpty, "layers.json has no case of \(kinds)")
    return cases
  }

  var testDescription: String { "\(kind): \(name)" }

  subscript(name: String) -> Tensor {
    guard let array = tensors[name] else { fatalError("\(testDescription): no tensor \(name)") }
    return Tensor(Shape(array.shape), array.values)
  }
  func tensor(_ name: String) -> Tensor? { tensors[name] == nil ? nil : self[name] }
  func indices(_ name: String) -> [Int] { self[name].scalars.map { Int($0) } }

  func number(_ name: String) -> Int {
    guard case .number(let number)? = numbers[name] else {
      fatalError("\(testDescription): no \(name)")
    }
    return number
  }
  func text(_ name: String) -> String {
    guard case .text(let text)? = numbers[name] else {
      fatalError("\(testDescription): no \(name)")
    }
    return text
  }

  var activation: Activation {
    switch text("activation") {
    case "relu": .relu
    case "leakyReLU": .leakyReLU(slope: 0.2)
    case "tanh": .tanh
    case "sigmoid": .sigmoid
    case "none": .none
    case let other: fatalError("\(testDescription): activation \(other)")
    }
  }

  private struct Array: Decodable, Sendable {
    let shape: [Int]
    let values: [Float]
  }

  private enum Setting: Decodable, Sendable {
    case number(Int)
    case text(String)
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
  }

  /// Expects a layer's output, and its gradients at the input and at every parameter, to be
  /// PyTorch's.
  func expectSame<Layer: Module>(
    _ layer: Layer, sourceLocation: SourceLocation = #_sourceLocation,
    _ forward: (Layer, Tensor) -> Tensor
  ) {
    let marked = layer.mapParameters { $1.tracked() }
    let parameters = marked.parameters
    let input = tensor("x").map { $0.tracked() }
    let output = forward(marked, input ?? .zeros([0]))
    expectClose(output.detached, self["y"], "output", sourceLocation: sourceLocation)
    let found = gradients(
      of: output, at: (input.map { [$0] } ?? []) + parameters.tensors, seed: self["seed"])
    let names =
      (input == nil ? [] : ["x"]) + parameters.paths.map { $0.split(separator: ".").last ?? "" }
    for (name, gradient) in zip(names, found) {
      expectClose(
        gradient, self["gradient.\(name)"], "gradient at \(name)", sourceLocation: sourceLocation)
    }
  }

  /// Expects a function's output and its gradient at x to be PyTorch's.
  func expectSame(sourceLocation: SourceLocation = #_sourceLocation, _ function: (Tensor) -> Tensor) {
    expectSame(Nothing(), sourceLocation: sourceLocation) { function($1) }
  }

  private struct Nothing: Module {
    mutating func visitFields(_ visit: inout FieldVisitor) {}
  }
}
