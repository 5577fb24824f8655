import SwiftDL
import TestSupport
import Testing

@Suite struct MatMulLaws {
  /// Σ over k in float64; both factors as stored.
  static func naive(_ x: Tensor, _ w: Tensor, _ transposeX: Bool, _ transposeW: Bool) -> Tensor {
    let a = transposeX ? x.transposed() : x
    let b = transposeW ? w.transposed() : w
    let (m, k, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1], b.shape[b.rank - 1])
    let (p, q) = (a.scalars, b.scalars)
    let batch = a.count / (m * k)
    let isShared = b.rank == 2
    var result: [Float] = []
    for index in 0..<batch * m * n {
      let (matrix, row, column) = (index / (m * n), index / n % m, index % n)
      let sum = (0..<k).reduce(0.0) { sum, i in
        let left = p[(matrix * m + row) * k + i]
        let right = q[((isShared ? 0 : matrix) * k + i) * n + column]
        return sum + Double(left) * Double(right)
      }
      result.append(Float(sum))
    }
    return Tensor(Shape(a.shape.dropLast(2) + [m, n]), result)
  }

  /// x is stored [batch…, m, k], w [batch…, k, n], either exchanged when transposed.
  static func check(
    _ batchX: [Int], _ batchW: [Int], _ m: Int, _ k: Int, _ n: Int, _ random: inout TestRandom
  ) {
    withEvery("transposeX", in: [false, true]) { transposeX in
      withEvery("transposeW", in: [false, true]) { transposeW in
        let x = random.tensor(Shape(batchX + (transposeX ? [k, m] : [m, k])))
        let w = random.tensor(Shape(batchW + (transposeW ? [n, k] : [k, n])))
        let product = { matmul($0, $1, transposeX: transposeX, transposeW: transposeW) }
        expectClose(product(x, w), naive(x, w, transposeX, transposeW))
        expectTrilinear(product, at: x, w)
        if m * k * n <= 60 {
          expectGradients(of: { product($0[0], $0[1]) }, at: [x, w], order: 3, step: 1)
        }
      }
    }
  }

  @Test func matrices() {
    var random = TestRandom(seed: 61)
    withEvery("size", in: [(1, 1, 1), (3, 4, 5), (1, 7, 2), (5, 1, 3), (17, 33, 9), (64, 65, 31)]) { size in
      Self.check([], [], size.0, size.1, size.2, &random)
    }
  }

  @Test func batches() {
    var random = TestRandom(seed: 62)
    Self.check([3], [3], 2, 3, 4, &random)
    Self.check([2, 3], [2, 3], 2, 4, 3, &random)
  }

  @Test func oneMatrixForManyRows() {
    var random = TestRandom(seed: 63)
    Self.check([3], [], 2, 3, 4, &random)
    Self.check([2, 2], [], 4, 2, 3, &random)
  }
}
