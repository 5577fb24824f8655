import CKernels
import CKernelsEmulation
import Foundation
import Testing

/// What is particular to correlations on bfloat16 tiles. That they are correlations, the tests of conv1d, conv2d and gemm
/// show: their contexts include the emulated ones.
@Suite("Split products")
struct SplitTests {
  // MARK: The emulation itself

  private static func bfloat(_ x: Float) -> UInt16 { UInt16(x.bitPattern >> 16) }

  @Test("an emulated product sums even and odd halves apart, then adds them")
  func order() {
    // 1 and 2⁻²⁴ in the even sum: 1. The same in the odd sum is lost likewise; and the pair, 2, then swallows 2⁻²³.
    var a = [UInt16](repeating: 0, count: 32)
    var b = [UInt16](repeating: 0, count: 16 * 32)
    for (k, value) in [Float(1), 0x1p-24].enumerated() {
      a[2 * k] = Self.bfloat(value)
      a[2 * k + 1] = Self.bfloat(value)
      b[k * 32] = Self.bfloat(1)
      b[k * 32 + 1] = Self.bfloat(1)
    }
    var sum = [Float](repeating: 0, count: 16)
    sum[0] = 0x1p-23
    ck_emulated_tile_multiply(1, &sum, a, b)
    #expect(sum[0] == 2)
    #expect(sum[1...].allSatisfy { $0 == 0 })
  }

  @Test("an emulated product takes subnormals for zero, and keeps infinities and NaN")
  func edges() {
    func product(_ x: Float, _ y: Float, plus old: Float = 0) -> Float {
      var a = [UInt16](repeating: 0, count: 32)
      var b = [UInt16](repeating: 0, count: 16 * 32)
      (a[0], b[0]) = (Self.bfloat(x), Self.bfloat(y))
      var sum = [Float](repeating: 0, count: 16)
      sum[0] = old
      ck_emulated_tile_multiply(1, &sum, a, b)
      return sum[0]
    }
    #expect(product(0x1p-127, 0x1p100) == 0)
    #expect(product(0x1p-100, 0x1p-100) == 0)
    #expect(product(0x1p-126, 1) == 0x1p-126)
    #expect(product(0, 0, plus: 0x1p-130) == 0)
    #expect(product(.infinity, 1) == .infinity)
    #expect(product(.infinity, 0).isNaN)
    #expect(product(0x1p100, 0x1p100) == .infinity)
    #expect(product(3, 5, plus: -15) == 0)
  }

  // MARK: The tiles are used, and let go

  @Test("tiles compute what is worth it, and every thread releases them")
  func used() throws {
    var stream = Stream(7000)
    let trial = ConvTrial(
      .signal(frames: 400, inputs: 40, outputs: 48, kernel: 3, padding: (1, 1)), isSignal: true,
      stream: &stream)
    let exact = Context(ck_isa_best())
    let rough = try #require(Context(emulatingAMX: .portable, precision: .medium))
    func differ(_ a: [Float], _ b: [Float]) -> Bool {
      zip(a, b).map { abs($0 - $1) }.max() ?? 0 > 1e-3
    }
    let output = differ(trial.output(rough).values, trial.output(exact).values)
    #expect(output && ck_emulated_tiles_are_released())
    let inputGradient = differ(
      trial.inputGradients(rough)[0].values, trial.inputGradients(exact)[0].values)
    #expect(inputGradient && ck_emulated_tiles_are_released())
    let weightGradient = differ(
      trial.weightGradient(rough).values, trial.weightGradient(exact).values)
    #expect(weightGradient && ck_emulated_tiles_are_released())
  }

  @Test("without tiles every precision is float32")
  func permission() {
    var stream = Stream(7100)
    let trial = ConvTrial(
      .signal(frames: 100, inputs: 40, outputs: 48, kernel: 3), isSignal: true, stream: &stream)
    let context = Context(ck_isa_best() == .amx ? .avx512 : ck_isa_best())
    let highest = trial.output(context).values
    for precision in [ck_precision.high, .medium] {
      ck_context_set_precision(context.pointer, precision)
      #expect(ck_context_precision(context.pointer) == precision)
      #expect(trial.output(context).values == highest)
    }
  }

  // MARK: Shapes

  @Test(
    "shapes that tiles cut in their own ways",
    arguments: [
      // Lines of many boxes; taps as one stretch, and apart; far taps in panels of their own.
      ck_conv2d_geometry.signal(
        batch: 2, frames: 1100, inputs: 24, outputs: 40, kernel: 5, padding: (2, 2)),
      .signal(frames: 1300, inputs: 32, outputs: 32, kernel: 2, dilation: 600, padding: (600, 0)),
      .signal(frames: 2000, inputs: 64, outputs: 48, kernel: 3, dilation: 700, padding: (1400, 0)),
      // One tap in four pixels, and phases of the input gradient without any tap.
      .signal(batch: 2, frames: 900, inputs: 48, outputs: 64, kernel: 1, stride: 4),
      .signal(frames: 700, inputs: 40, outputs: 40, kernel: 2, stride: 5, padding: (3, 0)),
      .signal(batch: 3, frames: 401, inputs: 37, outputs: 48, kernel: 5, stride: 2, padding: (2, 2)),
      // Many short lines; rows of tiles across the batch.
      .signal(batch: 16, frames: 16, inputs: 40, outputs: 44, kernel: 15, padding: (7, 7)),
      .signal(batch: 70, frames: 3, inputs: 43, outputs: 44, kernel: 3, padding: (1, 1)),
      .signal(batch: 100, frames: 1, inputs: 64, outputs: 30, kernel: 1),
      // Groups, each on tiles.
      .signal(frames: 300, inputs: 64, outputs: 64, kernel: 3, groups: 2, padding: (1, 1)),
      ck_conv2d_geometry(
        batch: 2, input_height: 40, input_width: 120, input_channels: 32, output_channels: 32,
        kernel_height: 3, kernel_width: 3, stride_height: 2, stride_width: 2, dilation_height: 1,
        dilation_width: 1, groups: 1, pad_top: 1, pad_bottom: 1, pad_left: 1, pad_right: 1),
      ck_conv2d_geometry(
        batch: 20, input_height: 4, input_width: 4, input_channels: 40, output_channels: 24,
        kernel_height: 4, kernel_width: 4, stride_height: 1, stride_width: 1, dilation_height: 1,
        dilation_width: 1, groups: 1, pad_top: 1, pad_bottom: 2, pad_left: 1, pad_right: 2),
    ])
  func shapes(_ g: ck_conv2d_geometry) {
    var stream = Stream(7200)
    let trial = ConvTrial(
      g, isSignal: g.input_height == 1, epilogue: (ck_activation.tanh, 0, true), stream: &stream)
    expectReference(trial, Context.emulated())
  }

  @Test("the same bits for 1, 2 and 3 threads", arguments: [ck_precision.highest, .medium])
  func threads(_ precision: ck_precision) {
    var stream = Stream(7300)
    let shapes: [ck_conv2d_geometry] = [
      .signal(batch: 2, frames: 1500, inputs: 36, outputs: 40, kernel: 3, padding: (1, 1)),
      .signal(batch: 3, frames: 60, inputs: 40, outputs: 97, kernel: 3, stride: 2),
      .signal(frames: 5000, inputs: 32, outputs: 32, kernel: 1),
    ]
    for g in shapes {
      expectSameBits(ConvTrial(g, isSignal: true, stream: &stream)) {
        Context(emulatingAMX: .portable, precision: precision, threads: $0)!
      }
    }
  }

  @Test("portable packing and the processor's give the same bits")
  func packing() throws {
    guard let processor = Context(emulatingAMX: .avx512) else { return }
    let portable = try #require(Context(emulatingAMX: .portable))
    var stream = Stream(7400)
    let trial = ConvTrial(
      .signal(frames: 300, inputs: 45, outputs: 53, kernel: 3, padding: (1, 1)), isSignal: true,
      stream: &stream)
    #expect(trial.output(processor).values == trial.output(portable).values)
    #expect(trial.weightGradient(processor).values == trial.weightGradient(portable).values)
  }

  // MARK: The edges of float32

  /// All three faces against the reference, relative to the sum of the products' magnitudes alone: a subnormal result
  /// may be off by its last place for each term, and nothing else is forgiven.
  private func expectStrict(_ trial: ConvTrial, _ what: String) {
    func faces(_ context: Context?, magnitudes: Bool = false) -> [[Float]] {
      let x = magnitudes ? trial.inputs.map(\.sizes) : nil
      let (w, dy) = (magnitudes ? trial.weights.sizes : nil, magnitudes ? trial.outputGradient.sizes : nil)
      return [
        trial.output(context, inputs: x, weights: w).values,
        trial.inputGradients(context, outputGradient: dy, weights: w)[0].values,
        trial.weightGradient(context, inputs: x, outputGradient: dy).values,
      ]
    }
    let exact = faces(nil)
    let sizes = faces(nil, magnitudes: true)
    let terms = [trial.termsOfOutput, trial.termsOfInput, trial.termsOfWeight]
    for context in Context.emulated() {
      for (face, got) in faces(context).enumerated() {
        let bound = tolerance(terms: terms[face]) + context.roughness
        let last = Float.leastNonzeroMagnitude * Float(terms[face])
        let wrong = got.indices.first { i in
          let (x, y) = (got[i], exact[face][i])
          return y.isFinite ? !(abs(x - y) <= bound * sizes[face][i] + last) : !same(x, y)
        }
        #expect(
          wrong == nil,
          "\(what), face \(face), \(context): \(wrong.map { "[\($0)] \(got[$0]) for \(exact[face][$0])" } ?? "")")
      }
    }
  }
  /// Taps as one stretch, so that a tile reads beyond its window.
  private func edgeTrial(_ seed: UInt64) -> ConvTrial {
    var stream = Stream(seed)
    return ConvTrial(
      .signal(batch: 2, frames: 300, inputs: 40, outputs: 40, kernel: 5, padding: (2, 2)),
      isSignal: true, stream: &stream)
  }
  private func scale(_ numbers: Guarded, _ factor: (Int) -> Float) {
    for i in 0..<numbers.count { numbers.pointer[i] *= factor(i) }
  }

  @Test(
    "magnitudes from the least subnormal to 1e37",
    arguments: [
      (Float(1e-20), Float(1)), (1e-30, 1), (1e-37, 1), (1e-40, 1), (1e-44, 1), (1e-20, 1e-20),
      (1e-37, 1e-5), (1e-25, 1e-25), (1e30, 1), (1e37, 1e-3), (1e37, 1e-37), (1e18, 1e16),
      (1e-42, 1e18),
    ])
  func magnitudes(_ sizes: (Float, Float)) {
    let trial = edgeTrial(7600)
    scale(trial.inputs[0]) { _ in sizes.0 }
    scale(trial.weights) { _ in sizes.1 }
    scale(trial.outputGradient) { _ in sizes.1 }
    expectStrict(trial, "\(sizes)")
  }

  @Test("magnitudes far apart in one box")
  func apart() {
    let trial = edgeTrial(7700)
    scale(trial.inputs[0]) { Float(sign: .plus, exponent: $0 / 40 % 7 * 30 - 120, significand: 1) }
    scale(trial.outputGradient) { Float(sign: .plus, exponent: $0 / 40 % 5 * 30 - 100, significand: 1) }
    scale(trial.weights) { Float(sign: .plus, exponent: $0 % 11 * 3 - 15, significand: 1) }
    expectStrict(trial, "apart")
  }

  @Test(
    "one subnormal, infinite or NaN number among others",
    arguments: [Float.leastNonzeroMagnitude, .infinity, -.infinity, .nan])
  func lone(_ value: Float) {
    let trial = edgeTrial(7800)
    // Away from the borders, where float32 may multiply an infinity by the zeros outside.
    for at in [20, 150, 270] {
      trial.inputs[0].pointer[at * 40 + 23] = value
      trial.outputGradient.pointer[at * 40 + 7] = value
    }
    expectStrict(trial, "\(value)")
  }

  @Test(
    "a lone weight that is none: rows that read no padding see what float32 sees", arguments: [Float.infinity, .nan, 1e-44])
  func weight(_ value: Float) throws {
    let trial = edgeTrial(7900)
    trial.weights.pointer[17] = value
    let exact = trial.output(nil).values
    for context in Context.emulated() {
      let got = trial.output(context).values
      let bound = tolerance(terms: trial.termsOfOutput) + context.roughness
      for t in 10..<290 {
        for o in 0..<40 {
          let (x, y) = (got[t * 40 + o], exact[t * 40 + o])
          #expect(y.isFinite ? abs(x - y) <= bound * 120 : same(x, y), "\(context) \(t) \(o)")
        }
      }
    }
  }

  // MARK: The environment

  @Test("CK_ISA is a level of this machine, or refused")
  func environment() {
    defer { unsetenv("CK_ISA") }
    var isa = ck_isa.generic
    unsetenv("CK_ISA")
    #expect(ck_isa_from_environment(&isa) == .ok && isa == ck_isa_best())
    for level in [ck_isa.generic, .avx2, .avx512, .amx] {
      setenv("CK_ISA", String(cString: ck_isa_name(level)), 1)
      let offered = level.rawValue <= ck_isa_best().rawValue
      #expect(ck_isa_from_environment(&isa) == (offered ? .ok : .unsupported))
      #expect(isa == (offered ? level : ck_isa_best()))
    }
    setenv("CK_ISA", "sse9", 1)
    #expect(ck_isa_from_environment(&isa) == .unsupported && isa == ck_isa_best())
  }

  // MARK: Error

  @Test("highest is as exact as float32 sums, high within 1e-5 of the largest, medium within 4e-3")
  func error() {
    var stream = Stream(7500)
    let shapes: [ck_conv2d_geometry] = [
      .signal(frames: 400, inputs: 72, outputs: 96, kernel: 15),
      .signal(frames: 600, inputs: 64, outputs: 64, kernel: 2, dilation: 128),
      .signal(frames: 500, inputs: 128, outputs: 64, kernel: 5, stride: 2),
    ]
    for g in shapes {
      let trial = ConvTrial(g, isSignal: true, stream: &stream)
      let exact = [
        trial.output(nil).values, trial.inputGradients(nil)[0].values,
        trial.weightGradient(nil).values,
      ]
      func errors(_ context: Context) -> [(rms: Double, most: Double)] {
        let faces = [
          trial.output(context).values, trial.inputGradients(context)[0].values,
          trial.weightGradient(context).values,
        ]
        return zip(faces, exact).map { got, exact in
          let differences = zip(got, exact).map { Double($0) - Double($1) }
          let largest = exact.map { Double(abs($0)) }.max() ?? 1
          return (
            (differences.reduce(0) { $0 + $1 * $1 } / Double(exact.count)).squareRoot() / largest,
            (differences.map { abs($0) }.max() ?? 0) / largest
          )
        }
      }
      let float32 = errors(Context(ck_isa_best() == .amx ? .avx512 : ck_isa_best()))
      for context in Context.emulated() {
        for (face, error) in errors(context).enumerated() {
          switch ck_context_precision(context.pointer) {
          case .highest: #expect(error.rms <= float32[face].rms, "face \(face), \(context)")
          case .high: #expect(error.most <= 1e-5, "face \(face), \(context)")
          case .medium: #expect(error.most <= 4e-3, "face \(face), \(context)")
          }
        }
      }
    }
  }
}
