import CKernels
import Testing

@Suite("im2col")
struct Im2colTests {
  private func unfolded(_ trial: ConvTrial, _ context: Context?) -> Guarded {
    let rows = trial.g.kernel_height * trial.g.kernel_width * trial.g.input_channels
    let columns = Guarded(count: trial.g.batch * trial.outputHeight * trial.outputWidth * rows)
    let x = trial.inputs[0].constant
    switch (trial.isSignal, context) {
    case (true, let context?): ck_im2col1d(context.pointer, [trial.signal], x, columns.pointer)
    case (true, nil): ck_im2col1d_reference([trial.signal], x, columns.pointer)
    case (false, let context?): ck_im2col2d(context.pointer, [trial.g], x, columns.pointer)
    case (false, nil): ck_im2col2d_reference([trial.g], x, columns.pointer)
    }
    return columns
  }
  private func folded(_ trial: ConvTrial, _ columns: Guarded, _ context: Context?) -> Guarded {
    let x = Guarded(count: trial.inputs[0].count)
    switch (trial.isSignal, context) {
    case (true, let context?):
      ck_col2im1d(context.pointer, [trial.signal], columns.constant, x.pointer)
    case (true, nil): ck_col2im1d_reference([trial.signal], columns.constant, x.pointer)
    case (false, let context?): ck_col2im2d(context.pointer, [trial.g], columns.constant, x.pointer)
    case (false, nil): ck_col2im2d_reference([trial.g], columns.constant, x.pointer)
    }
    return x
  }
  /// One dense input, one group.
  private func dense(_ stream: inout Stream, isSignal: Bool) -> ConvTrial {
    var g = ConvTrial.random(&stream, isSignal: isSignal, most: 1e5).g
    g.groups = 1
    return ConvTrial(g, isSignal: isSignal, stream: &stream)
  }

  @Test("copies exactly what the reference copies, and folds it back", arguments: [false, true])
  func reference(_ isSignal: Bool) {
    var stream = Stream(3000)
    for threads: Int32 in [1, 3] {
      let context = Context(ck_isa_best(), threads: threads)
      for _ in 0..<60 {
        let trial = dense(&stream, isSignal: isSignal)
        let columns = unfolded(trial, context)
        #expect(columns.values == unfolded(trial, nil).values, "\(trial.g)")
        #expect(columns.isIntact)
        let back = folded(trial, columns, context)
        let taps = trial.g.kernel_height * trial.g.kernel_width
        let expected = folded(trial, columns, nil).values
        let difference = firstDifference(
          back.values, expected, sizes: folded(trial, columns.sizes, nil).values,
          bound: tolerance(terms: taps))
        #expect(difference == nil, "\(trial.g)")
        #expect(back.isIntact)
      }
    }
  }

  @Test("im2col and a matrix product are a convolution", arguments: [false, true])
  func convolution(_ isSignal: Bool) {
    var stream = Stream(3100)
    for context in Context.everyVariant() {
      for _ in 0..<30 {
        let trial = dense(&stream, isSignal: isSignal)
        let columns = unfolded(trial, context)
        let k = trial.termsOfOutput
        let n = trial.g.output_channels
        let y = Guarded(count: trial.outputCount)
        let product = ck_gemm_geometry(
          transpose_a: false, transpose_b: false, m: trial.termsOfWeight, n: n, k: k, alpha: 1,
          beta: 0, lda: k, ldb: n, ldc: n, batch: 1, a_stride: 0, b_stride: 0, c_stride: 0)
        ck_gemm(context.pointer, [product], columns.constant, trial.weights.constant, y.pointer)
        let sizes = trial.output(nil, inputs: [trial.inputs[0].sizes], weights: trial.weights.sizes)
        let difference = firstDifference(
          y.values, trial.output(context).values, sizes: sizes.values,
          bound: 2 * tolerance(terms: k))
        #expect(difference == nil, "\(context) \(trial.g)")
      }
    }
  }

  @Test(
    "col2im is the adjoint of im2col: ⟨im2col(x), c⟩ = ⟨x, col2im(c)⟩", arguments: [false, true])
  func adjoint(_ isSignal: Bool) {
    var stream = Stream(3200)
    let context = Context(ck_isa_best(), threads: 2)
    for _ in 0..<60 {
      let trial = dense(&stream, isSignal: isSignal)
      let columns = unfolded(trial, context)
      let cotangent = Guarded(stream.numbers(columns.count))
      let left = innerOfViews(columns.values, cotangent.values)
      let right = innerOfViews(trial.inputs[0].values, folded(trial, cotangent, context).values)
      let size = innerOfViews(columns.sizes.values, cotangent.sizes.values)
      let taps = trial.g.kernel_height * trial.g.kernel_width
      #expect(abs(left - right) <= Double(tolerance(terms: taps)) * size + 1e-30, "\(trial.g)")
    }
  }
}
