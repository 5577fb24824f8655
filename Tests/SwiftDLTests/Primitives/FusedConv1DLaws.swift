import SwiftDL
import TestSupport
import Testing

/// The fused convolution equals its definition, in value and to every order of gradients.
@Suite struct FusedConv1DLaws {
  struct Case: CustomStringConvertible {
    var frames = [9]
    var channels = [3]
    var outputs = 4
    var kernel = 3
    var stride = 1
    var dilation = 1
    var groups = 1
    var padding = Padding.none
    var description: String {
      "frames \(frames), channels \(channels) to \(outputs), kernel \(kernel), stride \(stride), "
        + "dilation \(dilation), groups \(groups), padding \(padding)"
    }
  }

  static let cases: [Case] = [
    Case(),
    Case(padding: Padding(before: 2, after: 0)),
    Case(frames: [12], stride: 2, dilation: 2, padding: Padding(before: 1, after: 4)),
    Case(channels: [4], groups: 2),
    Case(channels: [4], groups: 4, padding: Padding(before: -1, after: 2)),
    Case(frames: [9, 9], channels: [2, 3]),
    Case(frames: [14, 9], channels: [2, 3]),
    Case(frames: [9, 12, 10], channels: [1, 2, 2], stride: 2, padding: Padding(before: 1, after: 1)),
    Case(frames: [40, 33], channels: [16, 17], outputs: 24, kernel: 5),
  ]

  static let activations: [Activation] = [.none, .relu, .leakyReLU(slope: 0.2), .tanh, .sigmoid]

  static func definition(
    _ inputs: [Tensor], _ w: Tensor, _ bias: Tensor?, _ activation: Activation, _ c: Case
  ) -> Tensor {
    let frames = c.frames.min() ?? 0
    let x = Tensor.concatenated(inputs.map { $0.centerCropped(axis: 1, to: frames) }, axis: 2)
    let sum = conv1D(
      x, w, stride: c.stride, dilation: c.dilation, groups: c.groups, padding: c.padding)
    return (bias.map { sum + $0 } ?? sum).activated(activation)
  }

  static func forEachCase(
    small: Bool,
    _ body: (_ points: [Tensor], _ fused: ([Tensor]) -> Tensor, _ plain: ([Tensor]) -> Tensor) -> Void
  ) {
    var random = TestRandom(seed: 81)
    withEvery("case", in: cases.filter { !small || $0.outputs < 24 }) { c in
      withEvery("activation", in: activations) { activation in
        withEvery("bias", in: [false, true]) { hasBias in
          let count = c.channels.count
          var points = zip(c.frames, c.channels).map { random.tensor([2, $0, $1]) }
          points.append(
            random.tensor([c.kernel, c.channels.reduce(0, +) / c.groups, c.outputs], in: -0.5..<0.5))
          // With a bias away from 0 few sums lie at a corner of the activation.
          if hasBias { points.append(random.tensor([c.outputs])) }
          body(
            points,
            { tensors in
              conv1D(
                Array(tensors[..<count]), tensors[count], bias: hasBias ? tensors[count + 1] : nil,
                activation: activation, stride: c.stride, dilation: c.dilation, groups: c.groups,
                padding: c.padding)
            },
            { tensors in
              definition(
                Array(tensors[..<count]), tensors[count], hasBias ? tensors[count + 1] : nil,
                activation, c)
            })
        }
      }
    }
  }

  @Test func valuesAndFirstGradients() {
    Self.forEachCase(small: false) { points, fused, plain in
      let (a, b) = (points.map { $0.tracked() }, points.map { $0.tracked() })
      let (x, y) = (fused(a), plain(b))
      expectClose(x.detached, y.detached)
      var random = TestRandom(seed: 82)
      let seed = random.tensor(y.shape)
      for (index, pair) in zip(gradients(of: x, at: a, seed: seed), gradients(of: y, at: b, seed: seed))
        .enumerated()
      {
        expectClose(pair.0, pair.1, "gradient \(index)")
      }
      // One gradient at a time: what is not asked for is not computed.
      for index in points.indices {
        var alone = points
        alone[index] = points[index].tracked()
        let part = gradients(of: fused(alone), at: [alone[index]], seed: seed)[0]
        expectClose(part, gradients(of: y, at: [b[index]], seed: seed)[0], "gradient \(index) alone")
      }
    }
  }

  /// Gradients of a number made from the gradients, by both ways.
  @Test func secondGradients() {
    Self.forEachCase(small: false) { points, fused, plain in
      func second(_ function: ([Tensor]) -> Tensor) -> [Tensor] {
        let points = points.map { $0.tracked() }
        let first = gradients(of: function(points).squared().sum(), at: points, differentiable: true)
        let number = first.dropFirst().reduce(first[0].squared().sum()) { $0 + $1.squared().sum() }
        return gradients(of: number, at: points)
      }
      for (index, pair) in zip(second(fused), second(plain)).enumerated() {
        expectClose(pair.0, pair.1, tolerance: 2e-5, "second gradient \(index)")
      }
    }
  }

  @Test func differences() {
    var random = TestRandom(seed: 83)
    let (x, skip) = (random.tensor([1, 6, 2]), random.tensor([1, 9, 1]))
    let (w, bias) = (random.tensor([3, 3, 2]), random.tensor([2]))
    withEvery("activation", in: [Activation.none, .tanh, .sigmoid]) { activation in
      expectGradients(
        of: { conv1D([$0[0], $0[1]], $0[2], bias: $0[3], activation: activation) },
        at: [x, skip, w, bias], order: 2)
    }
  }
}
