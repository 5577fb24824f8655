import SwiftDL
import TestSupport
import Testing

@Suite struct Conv2DLaws {
  typealias Pair = Conv2DGeometry.Pair

  static func naive(_ x: Tensor, _ w: Tensor, _ g: Conv2DGeometry) -> Tensor {
    let (p, q) = (x.scalars, w.scalars)
    let (groupInputs, groupOutputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    let shape: Shape = [g.batch, g.output.height, g.output.width, g.outputChannels]
    return Tensor(
      shape,
      (0..<shape.elementCount).map { offset in
        let place = position(offset, in: shape)
        var sum = 0.0
        for kernel in 0..<g.kernel.height * g.kernel.width {
          let (i, j) = (kernel / g.kernel.width, kernel % g.kernel.width)
          let row = place[1] * g.stride.height + i * g.dilation.height - g.verticalPadding.before
          let column = place[2] * g.stride.width + j * g.dilation.width - g.horizontalPadding.before
          guard (0..<g.input.height).contains(row), (0..<g.input.width).contains(column) else { continue }
          for channel in 0..<groupInputs {
            let source = place[3] / groupOutputs * groupInputs + channel
            let pixel = (place[0] * g.input.height + row) * g.input.width + column
            sum +=
              Double(p[pixel * g.inputChannels + source])
              * Double(q[(kernel * groupInputs + channel) * g.outputChannels + place[3]])
          }
        }
        return Float(sum)
      })
  }

  static func run(_ x: Tensor, _ w: Tensor, _ g: Conv2DGeometry) -> Tensor {
    conv2D(
      x, w, stride: g.stride, dilation: g.dilation, groups: g.groups,
      verticalPadding: g.verticalPadding, horizontalPadding: g.horizontalPadding)
  }

  static let geometries: [Conv2DGeometry] = {
    var list: [Conv2DGeometry] = []
    for (inputs, outputs, groups) in [(1, 1, 1), (2, 3, 1), (4, 2, 2), (3, 3, 3)] {
      for (kernel, stride, dilation) in [
        (Pair(1, 1), Pair.one, Pair.one), (Pair(3, 3), .one, .one), (Pair(3, 2), Pair(2, 1), .one),
        (Pair(2, 3), Pair(1, 3), Pair(3, 2)), (Pair(5, 1), Pair(2, 2), .one),
      ] {
        for (vertical, horizontal) in [
          (Padding.none, Padding.none), (Padding(before: 1, after: 1), Padding(before: 0, after: 2)),
          (Padding(before: -1, after: 2), Padding(before: 2, after: -1)),
        ] {
          list.append(
            Conv2DGeometry(
              batch: 2, input: Pair(7, 8), inputChannels: inputs, outputChannels: outputs,
              kernel: kernel, stride: stride, dilation: dilation, groups: groups,
              verticalPadding: vertical, horizontalPadding: horizontal))
        }
      }
    }
    list.append(
      Conv2DGeometry(
        batch: 1, input: Pair(9, 17), inputChannels: 16, outputChannels: 33, kernel: Pair(3, 3),
        verticalPadding: Padding(before: 1, after: 1), horizontalPadding: Padding(before: 1, after: 1)))
    return list
  }()

  @Test func everyGeometry() {
    var random = TestRandom(seed: 91)
    withEvery("geometry", in: Self.geometries) { g in
      let x = random.tensor([g.batch, g.input.height, g.input.width, g.inputChannels])
      let w = random.tensor(
        [g.kernel.height, g.kernel.width, g.inputChannels / g.groups, g.outputChannels])
      let y = random.tensor([g.batch, g.output.height, g.output.width, g.outputChannels])
      expectClose(Self.run(x, w, g), Self.naive(x, w, g))
      expectTrilinear({ Self.run($0, $1, g) }, at: x, w)
      expectTrilinear({ conv2DInputGradient($0, $1, g) }, at: w, y)
      expectTrilinear({ conv2DWeightGradient($0, $1, g) }, at: x, y)
    }
  }

  @Test func thirdOrder() {
    var random = TestRandom(seed: 92)
    let x = random.tensor([1, 4, 5, 2])
    let w = random.tensor([3, 2, 2, 2])
    expectGradients(
      of: { conv2D($0[0], $0[1], stride: Pair(1, 2), verticalPadding: Padding(before: 1, after: 0)) },
      at: [x, w], order: 3, step: 1)
  }
}
