import SwiftDL
import TestSupport
import Testing

@Suite struct ResamplingLaws {
  static let edges: [UpsampleEdge] = [.interior, .replicate, .zero]

  /// Even frames kept; odd ones between neighbours, or between the last frame and what the edge says.
  static func naive(_ x: Tensor, _ edge: UpsampleEdge, _ mix: [Float]) -> Tensor {
    let (frames, channels) = (x.shape[1], x.shape[2])
    let shape: Shape = [x.shape[0], edge.outputFrames(frames), channels]
    return Tensor(
      shape,
      (0..<shape.elementCount).map { offset in
        let place = position(offset, in: shape)
        let (b, t, c) = (place[0], place[1], place[2])
        if t % 2 == 0 { return x[b, t / 2, c] }
        let last = edge == .zero ? 0 : x[b, frames - 1, c]
        let next = t / 2 + 1 < frames ? x[b, t / 2 + 1, c] : last
        return mix[c] * x[b, t / 2, c] + (1 - mix[c]) * next
      })
  }

  @Test func upsampling() {
    var random = TestRandom(seed: 101)
    withEvery("edge", in: Self.edges) { edge in
      withEvery("frames", in: [1, 2, 7]) { frames in
        withEvery("channels", in: [1, 3, 17]) { channels in
          let x = random.tensor([2, frames, channels])
          let half = [Float](repeating: 0.5, count: channels)
          expectClose(x.upsampled(edge: edge), Self.naive(x, edge, half), tolerance: 1e-6)
          expectAdjoint({ $0.upsampled(edge: edge) }, at: x)

          let mix = random.tensor([channels], in: 0..<1)
          expectClose(
            x.upsampled(edge: edge, mix: mix), Self.naive(x, edge, mix.scalars), tolerance: 1e-6)
          expectAdjoint({ $0.upsampled(edge: edge, mix: mix) }, at: x)
          // Linear in the signal and affine in the mix: exact at any step.
          expectGradients(
            of: { $0[0].upsampled(edge: edge, mix: $0[1]) }, at: [x, mix], order: 2, step: 1)
        }
      }
    }
  }

  @Test func learnedUpsampling() {
    var random = TestRandom(seed: 102)
    let (x, w) = (random.tensor([1, 4, 2]), random.tensor([2]))
    withEvery("edge", in: Self.edges) { edge in
      expectGradients(of: { $0[0].upsampled(edge: edge, mix: $0[1].sigmoid()) }, at: [x, w])
    }
  }
}

@Suite struct PoolingLaws {
  typealias Pair = Conv2DGeometry.Pair

  static let geometries: [PoolGeometry] = [
    PoolGeometry(window: Pair(1, 1)),
    PoolGeometry(window: Pair(2, 2)),
    PoolGeometry(window: Pair(3, 2), stride: Pair(1, 2)),
    PoolGeometry(window: Pair(1, 3), stride: Pair(2, 2)),
    PoolGeometry(
      window: Pair(3, 3), stride: Pair(2, 2), verticalPadding: Padding(before: 1, after: 1),
      horizontalPadding: Padding(before: 2, after: 0)),
    PoolGeometry(window: Pair(2, 2), verticalPadding: Padding(before: -1, after: 1)),
  ]

  /// What the windows of each output element hold.
  static func windows(_ x: Tensor, _ g: PoolGeometry, _ shape: Shape, _ reduce: ([Float]) -> Float) -> Tensor {
    Tensor(
      shape,
      (0..<shape.elementCount).map { offset in
        let place = position(offset, in: shape)
        var values: [Float] = []
        for i in 0..<g.window.height {
          for j in 0..<g.window.width {
            let row = place[1] * g.stride.height + i - g.verticalPadding.before
            let column = place[2] * g.stride.width + j - g.horizontalPadding.before
            if (0..<x.shape[1]).contains(row), (0..<x.shape[2]).contains(column) {
              values.append(x[place[0], row, column, place[3]])
            }
          }
        }
        return reduce(values)
      })
  }

  @Test func everyGeometry() {
    var random = TestRandom(seed: 111)
    withEvery("geometry", in: Self.geometries) { g in
      // Distinct by more than a step of the differences.
      let order = (0..<2 * 6 * 7 * 3).map { Float($0) * 0.1 }.shuffled(using: &random)
      let x = Tensor([2, 6, 7, 3], order)
      let average = x.averagePooled(g)
      expectClose(
        average, Self.windows(x, g, average.shape) { $0.reduce(0, +) / Float($0.count) }, tolerance: 1e-6)
      expectAdjoint({ $0.averagePooled(g) }, at: x)
      let largest = x.maxPooled(g)
      expectIdentical(largest, Self.windows(x, g, largest.shape) { $0.max() ?? -.infinity })
      expectIdentical(x.tracked().maxPooled(g).detached, largest)
      expectGradients(of: { (0.1 * $0[0].maxPooled(g)).squared() }, at: [x])
    }
  }

  @Test func equalElementsGiveTheFirstItsGradient() {
    let x = Tensor([1, 1, 4, 1], [2, 2, 1, 2]).tracked()
    let y = x.maxPooled(PoolGeometry(window: Pair(1, 2)))
    #expect(gradients(of: y, at: [x])[0].scalars == [1, 0, 0, 1])
  }
}
