import Foundation
import SwiftDL
import TestSupport
import Testing

/// A pointwise function: what it is in float64, and where it may be evaluated and differentiated.
struct PointwiseCase: Sendable, CustomTestStringConvertible {
  let name: String
  let function: @Sendable (Tensor) -> Tensor
  let meaning: @Sendable (Double) -> Double
  var domain: Range<Float> = -2..<2
  /// Where the slope jumps; gradients are checked away from it.
  var corners: [Float] = []
  /// Relative to the largest value: a few units in the last place.
  var tolerance: Float = 5e-7

  var testDescription: String { name }

  /// Points of the domain, at least 0.05 away from every corner.
  func points(_ count: Int) -> Tensor {
    var random = TestRandom(seed: 31)
    var scalars: [Float] = []
    while scalars.count < count {
      let x = Float.random(in: domain, using: &random)
      if corners.allSatisfy({ abs($0 - x) > 0.05 }) { scalars.append(x) }
    }
    return Tensor(scalars)
  }

  static let all: [PointwiseCase] = [
    .init(name: "exp", function: { $0.exp() }, meaning: { exp($0) }),
    .init(name: "expm1", function: { $0.expm1() }, meaning: { expm1($0) }),
    .init(name: "log", function: { $0.log() }, meaning: { log($0) }, domain: 0.3..<3),
    .init(name: "log1p", function: { $0.log1p() }, meaning: { log1p($0) }, domain: -0.7..<3),
    .init(name: "squareRoot", function: { $0.squareRoot() }, meaning: { $0.squareRoot() }, domain: 0.3..<3),
    .init(name: "squared", function: { $0.squared() }, meaning: { $0 * $0 }),
    .init(name: "reciprocal", function: { $0.reciprocal() }, meaning: { 1 / $0 }, domain: 0.5..<3),
    .init(
      name: "reciprocal of negatives", function: { $0.reciprocal() }, meaning: { 1 / $0 },
      domain: -3 ..< -0.5),
    .init(name: "power 2.5", function: { $0.power(2.5) }, meaning: { pow($0, 2.5) }, domain: 0.3..<2),
    .init(name: "power -1.5", function: { $0.power(-1.5) }, meaning: { pow($0, -1.5) }, domain: 0.5..<2),
    .init(name: "power 0", function: { $0.power(0) }, meaning: { _ in 1 }),
    .init(name: "power 1", function: { $0.power(1) }, meaning: { $0 }),
    .init(name: "power 3", function: { $0.power(3) }, meaning: { $0 * $0 * $0 }),
    .init(
      name: "absoluteValue", function: { $0.absoluteValue() }, meaning: { abs($0) }, corners: [0]),
    .init(
      name: "sign", function: { $0.sign() }, meaning: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, corners: [0]),
    .init(name: "sine", function: { $0.sine() }, meaning: { sin($0) }),
    .init(name: "cosine", function: { $0.cosine() }, meaning: { cos($0) }),
    .init(
      name: "clamped", function: { $0.clamped(to: -0.5...1) }, meaning: { min(max($0, -0.5), 1) },
      corners: [-0.5, 1]),
    .init(name: "relu", function: { $0.relu() }, meaning: { max($0, 0) }, corners: [0]),
    .init(
      name: "leakyReLU", function: { $0.leakyReLU(slope: 0.2) }, meaning: { $0 > 0 ? $0 : 0.2 * $0 },
      corners: [0]),
    .init(name: "tanh", function: { $0.tanh() }, meaning: { tanh($0) }),
    .init(name: "sigmoid", function: { $0.sigmoid() }, meaning: { 1 / (1 + exp(-$0)) }),
    .init(name: "softplus", function: { $0.softplus() }, meaning: { log1p(exp($0)) }),
  ]
}

@Suite struct PointwiseLaws {
  @Test(arguments: PointwiseCase.all) func meansWhatItSays(_ function: PointwiseCase) {
    let x = function.points(101)
    expectClose(
      function.function(x), x.scalars.map { Float(function.meaning(Double($0))) },
      tolerance: function.tolerance)
  }

  @Test(arguments: PointwiseCase.all) func gradientsToOrderThree(_ function: PointwiseCase) {
    expectGradients(
      of: { function.function($0[0]) }, at: [function.points(17)], order: 3, tolerance: 4e-3)
  }

  @Test func activationsByName() {
    var random = TestRandom(seed: 32)
    let x = random.tensor([7])
    expectIdentical(x.activated(.none), x)
    expectIdentical(x.activated(.relu), x.relu())
    expectIdentical(x.activated(.leakyReLU(slope: 0.1)), x.leakyReLU(slope: 0.1))
    expectIdentical(x.activated(.tanh), x.tanh())
    expectIdentical(x.activated(.sigmoid), x.sigmoid())
  }

  /// Slopes at corners are finite, and what the documentation says.
  @Test func slopesAtCorners() {
    func slope(_ f: (Tensor) -> Tensor, at x: Float) -> Float {
      let point = Tensor(x).tracked()
      return gradients(of: f(point), at: [point])[0].scalar
    }
    #expect(slope({ $0.absoluteValue() }, at: 0) == 0)
    #expect(slope({ $0.sign() }, at: 0) == 0)
    #expect(slope({ $0.relu() }, at: 0) == 0)
    #expect(slope({ $0.leakyReLU(slope: 0.5) }, at: 0) == 0.5)
    #expect(slope({ $0.power(0) }, at: 0) == 0)
    #expect(slope({ $0.power(2) }, at: 0) == 0)
    #expect(slope({ $0.softplus() }, at: 1000) == 1)
    #expect(slope({ $0.softplus() }, at: -1000) == 0)
    #expect(slope({ $0.sigmoid() }, at: 1000) == 0)
  }
}
