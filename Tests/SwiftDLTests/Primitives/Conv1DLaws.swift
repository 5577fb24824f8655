import SwiftDL
import TestSupport
import Testing

/// The convolution and its two gradients are one trilinear form, whatever the geometry.
@Suite struct Conv1DLaws {
  /// The defining sum, in float64.
  static func naive(_ x: Tensor, _ w: Tensor, _ g: Conv1DGeometry) -> Tensor {
    let (p, q) = (x.scalars, w.scalars)
    let (groupInputs, groupOutputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    var result: [Float] = []
    for b in 0..<g.batch {
      for t in 0..<g.outputFrames {
        for o in 0..<g.outputChannels {
          var sum = 0.0
          for k in 0..<g.kernelSize {
            let frame = t * g.stride + k * g.dilation - g.padding.before
            if frame < 0 || frame >= g.inputFrames { continue }
            for i in 0..<groupInputs {
              let channel = o / groupOutputs * groupInputs + i
              let value = p[(b * g.inputFrames + frame) * g.inputChannels + channel]
              sum += Double(value) * Double(q[(k * groupInputs + i) * g.outputChannels + o])
            }
          }
          result.append(Float(sum))
        }
      }
    }
    return Tensor([g.batch, g.outputFrames, g.outputChannels], result)
  }

  static func run(_ x: Tensor, _ w: Tensor, _ g: Conv1DGeometry) -> Tensor {
    conv1D(x, w, stride: g.stride, dilation: g.dilation, groups: g.groups, padding: g.padding)
  }

  static let geometries: [Conv1DGeometry] = {
    var list: [Conv1DGeometry] = []
    let channels = [(1, 1, 1), (3, 2, 1), (4, 6, 2), (4, 4, 4), (3, 6, 3)]  // inputs, outputs, groups
    let paddings = [
      Padding.none, Padding(before: 2, after: 0), Padding(before: 1, after: 3),
      Padding(before: -2, after: 1), Padding(before: 4, after: -3),
    ]
    for (inputs, outputs, groups) in channels {
      for padding in paddings {
        for (kernel, stride, dilation) in [(1, 1, 1), (3, 1, 1), (3, 2, 1), (2, 1, 3), (4, 3, 2), (5, 4, 1)] {
          list.append(
            Conv1DGeometry(
              batch: 2, inputFrames: 13, inputChannels: inputs, outputChannels: outputs,
              kernelSize: kernel, stride: stride, dilation: dilation, groups: groups, padding: padding))
        }
      }
    }
    // As wide as vector registers and a little wider, where kernels change their way of working.
    for (inputs, outputs) in [(16, 16), (17, 33), (32, 24), (1, 24), (24, 1)] {
      list.append(
        Conv1DGeometry(
          batch: 1, inputFrames: 70, inputChannels: inputs, outputChannels: outputs, kernelSize: 5,
          stride: 1, padding: Padding(before: 2, after: 2)))
      list.append(
        Conv1DGeometry(
          batch: 2, inputFrames: 41, inputChannels: inputs, outputChannels: outputs, kernelSize: 4,
          stride: 2, padding: .none))
    }
    return list
  }()

  @Test func everyGeometry() {
    var random = TestRandom(seed: 71)
    withEvery("geometry", in: Self.geometries) { g in
      let x = random.tensor([g.batch, g.inputFrames, g.inputChannels])
      let w = random.tensor([g.kernelSize, g.inputChannels / g.groups, g.outputChannels])
      let y = random.tensor([g.batch, g.outputFrames, g.outputChannels])
      expectClose(Self.run(x, w, g), Self.naive(x, w, g))
      expectTrilinear({ Self.run($0, $1, g) }, at: x, w)
      // The other two faces of the form are public too.
      expectTrilinear({ conv1DInputGradient($0, $1, g) }, at: w, y)
      expectTrilinear({ conv1DWeightGradient($0, $1, g) }, at: x, y)
      let parts = [x.tracked(), w.tracked()]
      let slopes = gradients(of: Self.run(parts[0], parts[1], g), at: parts, seed: y)
      expectIdentical(slopes[0], conv1DInputGradient(w, y, g))
      expectIdentical(slopes[1], conv1DWeightGradient(x, y, g))
    }
  }

  @Test func thirdOrder() {
    var random = TestRandom(seed: 72)
    for g in Self.geometries where g.inputChannels * g.outputChannels <= 24 && g.padding.before == 1 {
      withEvery("geometry", in: [g]) { g in
        let x = random.tensor([g.batch, g.inputFrames, g.inputChannels])
        let w = random.tensor([g.kernelSize, g.inputChannels / g.groups, g.outputChannels])
        expectGradients(of: { Self.run($0[0], $0[1], g) }, at: [x, w], order: 3, step: 1)
      }
    }
  }

  @Test func lengths() {
    func frames(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ padding: Padding) -> Int {
      Conv1DGeometry(
        batch: 1, inputFrames: input, inputChannels: 1, outputChannels: 1, kernelSize: kernel,
        stride: stride, dilation: dilation, padding: padding
      ).outputFrames
    }
    #expect(frames(10, 3, 1, 1, .none) == 8)
    #expect(frames(10, 3, 2, 1, .none) == 4)
    #expect(frames(10, 3, 1, 4, .none) == 2)
    #expect(frames(10, 3, 1, 1, Padding(before: 2, after: 0)) == 10)
    #expect(frames(3, 3, 5, 1, .none) == 1)
    #expect(frames(2, 3, 1, 1, .none) == 0)
    #expect(frames(4, 1, 1, 1, Padding(before: -3, after: -3)) == 0)
  }
}
