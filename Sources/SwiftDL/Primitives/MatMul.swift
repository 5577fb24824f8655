// Matrix products: the trilinear form Σ op(x)·op(w)·y, solved for any of the three.
internal import CKernels

/// op(x) is m × k, op(w) is k × n, y is m × n, each `batch` times.
private struct MatMulForm: TrilinearForm {
  let x: Shape
  let w: Shape
  let y: Shape
  let transposeX: Bool
  let transposeW: Bool

  func contract(solvingFor slot: Slot, _ a: Tensor, _ b: Tensor) -> Tensor {
    switch slot {
    case .y: Kernels.gemm(a, b, transposeX, transposeW, to: y)
    // y = op(x) op(w): op(x)'s gradient is y op(w)ᵀ; when x is stored transposed, so is its gradient.
    case .x:
      transposeX
        ? Kernels.gemm(a, b, transposeW, true, to: x) : Kernels.gemm(b, a, false, !transposeW, to: x)
    case .w:
      transposeW
        ? Kernels.gemm(b, a, true, transposeX, to: w) : Kernels.gemm(a, b, !transposeX, false, to: w)
    }
  }
}

extension Kernels {
  /// op(a) op(b) for matrices in the last two axes; outer axes agree.
  static func gemm(_ a: Tensor, _ b: Tensor, _ transposeA: Bool, _ transposeB: Bool, to shape: Shape)
    -> Tensor
  {
    let c = Tensor(uninitialized: shape)
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let (aColumns, bColumns) = (a.shape[a.rank - 1], b.shape[b.rank - 1])
    var geometry = ck_gemm_geometry()
    geometry.transpose_a = transposeA
    geometry.transpose_b = transposeB
    geometry.m = rows
    geometry.n = columns
    geometry.k = transposeA ? a.shape[a.rank - 2] : aColumns
    geometry.alpha = 1
    geometry.lda = aColumns
    geometry.ldb = bColumns
    geometry.ldc = columns
    geometry.batch = shape.elementCount(of: 0..<shape.rank - 2)
    geometry.a_stride = a.shape[a.rank - 2] * aColumns
    geometry.b_stride = b.shape[b.rank - 2] * bColumns
    geometry.c_stride = rows * columns
    require(ck_gemm(context, &geometry, a.elements, b.elements, c.elements))
    return c
  }
}

/// The matrix product of the last two axes: `[…, m, k] × […, k, n] → […, m, n]`.
///
/// The outer axes agree, or `w` is a single matrix, which multiplies every matrix of `x`.
///
/// - Parameters:
///   - transposeX: `x` is stored `[…, k, m]`.
///   - transposeW: `w` is stored `[…, n, k]`.
public func matmul(_ x: Tensor, _ w: Tensor, transposeX: Bool = false, transposeW: Bool = false) -> Tensor {
  require(x.rank >= 2 && w.rank >= 2, "matmul: shapes \(x.shape) and \(w.shape)")
  if w.rank == 2, x.rank > 2 {
    if transposeX {
      let repeated = w.broadcast(to: Shape(x.shape.dropLast(2) + w.shape))
      return matmul(x, repeated, transposeX: true, transposeW: transposeW)
    }
    let rows = x.reshaped([x.shape.elementCount(of: 0..<x.rank - 1), x.shape[x.rank - 1]] as Shape)
    let product = matmul(rows, w, transposeW: transposeW)
    return product.reshaped(Shape(x.shape.dropLast() + [product.shape[1]]))
  }
  let m = x.shape[x.rank - (transposeX ? 1 : 2)]
  let k = x.shape[x.rank - (transposeX ? 2 : 1)]
  let n = w.shape[w.rank - (transposeW ? 2 : 1)]
  require(
    w.shape[w.rank - (transposeW ? 1 : 2)] == k && x.shape.dropLast(2).elementsEqual(w.shape.dropLast(2)),
    "matmul: \(x.shape)\(transposeX ? "ᵀ" : "") × \(w.shape)\(transposeW ? "ᵀ" : "")")
  let form = MatMulForm(
    x: x.shape, w: w.shape, y: Shape(x.shape.dropLast(2) + [m, n]), transposeX: transposeX,
    transposeW: transposeW)
  return trilinear(form, solvingFor: .y, x, w)
}
