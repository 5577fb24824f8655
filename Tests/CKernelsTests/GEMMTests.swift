import CKernels
import Testing

@Suite("GEMM")
struct GEMMTests {
  private struct Product {
    var g: ck_gemm_geometry
    let a: Guarded
    let b: Guarded
    let c: Guarded

    init(_ stream: inout Stream) {
      let sizes = [0, 1, 2, 3, 7, 16, 17, 31, 48, 64, 65, 97]
      let long = stream.chance(6) ? [800, 1031] : sizes
      var g = ck_gemm_geometry(
        transpose_a: stream.chance(2), transpose_b: stream.chance(2), m: stream.pick(sizes),
        n: stream.pick(sizes), k: stream.pick(long), alpha: stream.pick([1, 0, -0.75]),
        beta: stream.pick([0, 1, 0.5]), lda: 0, ldb: 0, ldc: 0, batch: stream.integer(0...3),
        a_stride: 0, b_stride: 0, c_stride: 0)
      g.lda = (g.transpose_a ? g.m : g.k) + stream.integer(0...3)
      g.ldb = (g.transpose_b ? g.k : g.n) + stream.integer(0...3)
      g.ldc = g.n + stream.integer(0...3)
      g.a_stride = (g.transpose_a ? g.k : g.m) * g.lda + stream.integer(0...5)
      g.b_stride = (g.transpose_b ? g.n : g.k) * g.ldb
      g.c_stride = g.m * g.ldc
      self.g = g
      a = Guarded(stream.numbers(g.batch * g.a_stride))
      b = Guarded(stream.numbers(g.batch * g.b_stride))
      // Between rows NaN that nobody touches; where beta is 0, NaN that must not survive.
      c = Guarded(count: g.batch * g.c_stride)
      for s in 0..<g.batch where g.beta != 0 {
        for i in 0..<g.m { for j in 0..<g.n { c.pointer[s * g.c_stride + i * g.ldc + j] = stream.number() } }
      }
    }

    func result(_ context: Context?, openBLAS: Bool = false) -> Guarded {
      let result = Guarded(c.values)
      if let context, openBLAS {
        ck_gemm_openblas(context.pointer, [g], a.constant, b.constant, result.pointer)
      } else if let context {
        ck_gemm(context.pointer, [g], a.constant, b.constant, result.pointer)
      } else {
        ck_gemm_reference([g], a.constant, b.constant, result.pointer)
      }
      return result
    }
  }

  @Test("every variant agrees with the reference", arguments: 0..<8)
  func reference(_ seed: Int) {
    var stream = Stream(UInt64(seed) + 4000)
    let contexts = Context.everyVariant() + [Context(ck_isa_best(), threads: 3)]
    for _ in 0..<40 {
      let product = Product(&stream)
      let expected = product.result(nil).values
      for (context, openBLAS) in contexts.map({ ($0, false) }) + [(contexts[0], true)] {
        let result = product.result(context, openBLAS: openBLAS)
        // Operands are at most 1, so k bounds Σ|a·b|, and 1 what beta adds.
        let sizes = expected.map { _ in Float(product.g.k + 1) }
        let bound = tolerance(terms: product.g.k + 2) + (openBLAS ? 0 : context.roughness)
        #expect(
          firstDifference(result.values, expected, sizes: sizes, bound: bound) == nil,
          "\(context) \(product.g)")
        #expect(result.isIntact)
      }
    }
  }

  @Test("the same bits for 1, 2 and 3 threads")
  func threads() {
    var stream = Stream(4100)
    let contexts: [Context] = [1, 2, 3].map { Context(ck_isa_best(), threads: $0) }
    for _ in 0..<60 {
      let product = Product(&stream)
      let bits = contexts.map { product.result($0).values.map(\.bitPattern) }
      #expect(bits[0] == bits[1] && bits[0] == bits[2], "\(product.g)")
    }
  }

  @Test("A times the identity is A, to the bit")
  func identity() {
    var stream = Stream(4200)
    for context in Context.everyVariant() {
      for n in [1, 5, 16, 33, 64, 130] {
        let a = Guarded(stream.numbers(n * n))
        let one = Guarded(count: n * n, filledWith: 0)
        for i in 0..<n { one.pointer[i * n + i] = 1 }
        let c = Guarded(count: n * n)
        let g = ck_gemm_geometry(
          transpose_a: false, transpose_b: false, m: n, n: n, k: n, alpha: 1, beta: 0, lda: n,
          ldb: n, ldc: n, batch: 1, a_stride: 0, b_stride: 0, c_stride: 0)
        ck_gemm(context.pointer, [g], a.constant, one.constant, c.pointer)
        // One bfloat16 product rounds its operands: the identity is exact, the other is not.
        if ck_context_precision(context.pointer) == .highest {
          #expect(c.values == a.values, "\(context) \(n)")
        } else {
          let size = a.values.map { abs($0) }
          #expect(
            firstDifference(c.values, a.values, sizes: size, bound: context.roughness) == nil,
            "\(context) \(n)")
        }
      }
    }
  }
}
