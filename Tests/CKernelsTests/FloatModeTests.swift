import CKernels
import Testing

@Suite("Floating-point mode")
struct FloatModeTests {
  /// Products of tiny numbers, elementwise (enough for several threads) and as a matrix product.
  private func products(_ context: OpaquePointer?) -> [Float] {
    let count = 200_000
    let small = [Float](repeating: 1e-25, count: count)
    var results = [Float](repeating: 1, count: count)
    ck_binary(context, .multiply, 0, count, small, [Float](repeating: 1e-15, count: count), &results)
    let n = 128
    var g = ck_gemm_geometry(
      transpose_a: false, transpose_b: false, m: n, n: n, k: n, alpha: 1, beta: 0, lda: n, ldb: n, ldc: n, batch: 1,
      a_stride: 0, b_stride: 0, c_stride: 0)
    var c = [Float](repeating: 1, count: n * n)
    ck_gemm(context, &g, [Float](repeating: 1e-25, count: n * n), [Float](repeating: 1e-17, count: n * n), &c)
    return results + c
  }

  @Test("subnormals are kept, unless the calling thread says otherwise, on all threads of its loops")
  func flush() {
    for isa in Rooms.instructionSets {
      for threads in [1, 3] as [Int32] {
        Rooms.withContext(isa, threads: threads) { context in
          #expect(products(context).allSatisfy { $0 != 0 && $0.isSubnormal })
          #expect(ck_flush_subnormals(true) == false)
          #expect(products(context).allSatisfy { $0 == 0 })
          #expect(ck_flush_subnormals(false) == true)
          #expect(products(context).allSatisfy { $0.isSubnormal })
        }
      }
    }
  }

  @Test("somebody else's threads take the caller's mode for a loop, and keep theirs afterwards")
  func otherThreads() {
    Rooms.withContext(ck_isa_best(), threads: 2) { context in
      ck_set_parallel_for(
        context,
        { _, workers, worker, job in
          let before = ck_flush_subnormals(false)
          for index in 0..<workers { worker?(job, index) }
          #expect(ck_flush_subnormals(before) == false)
        }, nil)
      ck_flush_subnormals(true)
      #expect(products(context).allSatisfy { $0 == 0 })
      ck_flush_subnormals(false)
    }
  }

  @Test("bits do not depend on the number of threads")
  func sameBits() {
    ck_flush_subnormals(true)
    defer { ck_flush_subnormals(false) }
    Rooms.expectSameBits(ck_isa_best(), "flushed") { products($0) }
  }
}
