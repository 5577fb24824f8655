import CKernels
import Testing

@Suite struct OptimizersTests {
  struct State {
    var g: [Float], p: [Float], m: [Float], v: [Float]
    init(_ count: Int) {
      var noise = Noise(count)
      (g, p, m) = (noise.numbers(count), noise.numbers(count), noise.numbers(count))
      v = noise.numbers(count).map { $0 * $0 }
    }
  }

  static let adams = [false, true].map { decoupled in
    ck_adam(
      rate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.1, correction1: 1 - 0.9 * 0.9,
      correction2: 1 - 0.999 * 0.999, decoupled: decoupled)
  }

  @Test(arguments: Rooms.instructionSets)
  func adamIsItsFormulaInDoublePrecision(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for var adam in Self.adams {
        for count in Rooms.sizes {
          let s = State(count)
          let (p, m, v) = (Guarded(s.p), Guarded(s.m, shift: 3), Guarded(s.v, shift: 5))
          ck_adam_step(context, &adam, count, s.g, p.pointer, m.pointer, v.pointer)
          var r = s
          ck_adam_step_reference(&adam, count, s.g, &r.p, &r.m, &r.v)
          let (newP, newM, newV) = (p.values, m.values, v.values)
          let wrong = (0..<count).first { i in
            var (g, expected) = (Double(s.g[i]), Double(s.p[i]))
            if adam.decoupled {
              expected -= Double(adam.rate) * Double(adam.decay) * expected
            } else {
              g += Double(adam.decay) * expected
            }
            let m = Double(adam.beta1) * Double(s.m[i]) + (1 - Double(adam.beta1)) * g
            let v = Double(adam.beta2) * Double(s.v[i]) + (1 - Double(adam.beta2)) * g * g
            let root = (v / Double(adam.correction2)).squareRoot() + Double(adam.epsilon)
            let step = Double(adam.rate) * m / Double(adam.correction1) / root
            expected -= step
            // 1 - beta is rounded to float32 in the kernel: 2^-24 of beta, relative to 1 - beta =
            // 0.001.
            let slack = 8 * 0x1p-24 + abs(step) * (0x1p-24 / 0.001 + 16 * 0x1p-24)
            return abs(Double(newP[i]) - expected) > slack || abs(Double(newM[i]) - m) > 4 * 0x1p-24
              || abs(Double(newV[i]) - v) > 4 * 0x1p-24 || abs(newP[i] - r.p[i]) > Float(8 * 0x1p-24 * (1 + abs(step)))
              || abs(newM[i] - r.m[i]) > 4 * 0x1p-24 || abs(newV[i] - r.v[i]) > 4 * 0x1p-24
          }
          #expect(wrong == nil, "element \(wrong ?? 0) of \(count)")
          #expect(p.isIntact && m.isIntact && v.isIntact)
        }
      }
    }
  }

  /// From zero moments, the first step has the size of the rate whatever the gradient's.
  @Test func adamsFirstStepIsTheRate() {
    var adam = ck_adam(
      rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 0, decay: 0, correction1: 1 - 0.9,
      correction2: 1 - 0.999, decoupled: false)
    let g: [Float] = [1e-6, -3, 1e6, -1e-3, 0.5]
    var p = [Float](repeating: 0, count: 5)
    var m = p
    var v = p
    ck_adam_step(nil, &adam, 5, g, &p, &m, &v)
    #expect(zip(p, g).allSatisfy { abs($0 + ($1 > 0 ? 0.01 : -0.01)) < 1e-6 })
  }

  @Test(arguments: Rooms.instructionSets)
  func sgdIsItsFormulaInDoublePrecision(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for (momentum, decay, nesterov) in [
        (Float(0), Float(0), false), (0, 0.1, false), (0.9, 0, false), (0.9, 0.1, false),
        (0.9, 0.1, true),
      ] {
        var sgd = ck_sgd(rate: 0.1, momentum: momentum, decay: decay, nesterov: nesterov)
        for count in Rooms.sizes {
          let s = State(count)
          let (p, v) = (Guarded(s.p), Guarded(s.m, shift: 3))
          let hasVelocity = momentum > 0
          ck_sgd_step(context, &sgd, count, s.g, p.pointer, hasVelocity ? v.pointer : nil)
          var r = s
          if hasVelocity {
            ck_sgd_step_reference(&sgd, count, s.g, &r.p, &r.m)
          } else {
            ck_sgd_step_reference(&sgd, count, s.g, &r.p, nil)
          }
          let (newP, newV) = (p.values, v.values)
          let wrong = (0..<count).first { i in
            let g = Double(s.g[i]) + Double(decay) * Double(s.p[i])
            let velocity = hasVelocity ? Double(momentum) * Double(s.m[i]) + g : g
            let step = Double(sgd.rate) * (nesterov ? g + Double(momentum) * velocity : velocity)
            return abs(Double(newP[i]) - (Double(s.p[i]) - step)) > 8 * 0x1p-24
              || abs(Double(newV[i]) - (hasVelocity ? velocity : Double(s.m[i]))) > 4 * 0x1p-24
              || abs(newP[i] - r.p[i]) > 8 * 0x1p-24 || abs(newV[i] - r.m[i]) > 4 * 0x1p-24
          }
          #expect(wrong == nil, "element \(wrong ?? 0) of \(count)")
          #expect(p.isIntact && v.isIntact)
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func rmspropIsItsFormulaInDoublePrecision(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for decay: Float in [0, 0.1] {
        var rmsprop = ck_rmsprop(rate: 0.01, alpha: 0.9, epsilon: 1e-8, decay: decay)
        for count in Rooms.sizes {
          let s = State(count)
          let (p, v) = (Guarded(s.p), Guarded(s.v, shift: 3))
          ck_rmsprop_step(context, &rmsprop, count, s.g, p.pointer, v.pointer)
          var r = s
          ck_rmsprop_step_reference(&rmsprop, count, s.g, &r.p, &r.v)
          let (newP, newV) = (p.values, v.values)
          let wrong = (0..<count).first { i in
            let g = Double(s.g[i]) + Double(decay) * Double(s.p[i])
            let v = Double(rmsprop.alpha) * Double(s.v[i]) + (1 - Double(rmsprop.alpha)) * g * g
            let step = Double(rmsprop.rate) * g / (v.squareRoot() + Double(rmsprop.epsilon))
            return abs(Double(newP[i]) - (Double(s.p[i]) - step)) > 8 * 0x1p-24
              || abs(Double(newV[i]) - v) > 4 * 0x1p-24 || abs(newP[i] - r.p[i]) > Float(8 * 0x1p-24 * (1 + abs(step)))
              || abs(newV[i] - r.v[i]) > 4 * 0x1p-24
          }
          #expect(wrong == nil, "element \(wrong ?? 0) of \(count)")
          #expect(p.isIntact && v.isIntact)
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func bitsDoNotDependOnThreads(_ set: ck_isa) {
    let count = 100_003
    let start = State(count)
    var (adam, sgd) = (Self.adams[0], ck_sgd(rate: 0.1, momentum: 0.9, decay: 0.1, nesterov: true))
    var rmsprop = ck_rmsprop(rate: 0.01, alpha: 0.9, epsilon: 1e-8, decay: 0.1)
    Rooms.expectSameBits(set, "three steps") { context in
      var s = start
      ck_adam_step(context, &adam, count, s.g, &s.p, &s.m, &s.v)
      ck_sgd_step(context, &sgd, count, s.g, &s.p, &s.m)
      ck_rmsprop_step(context, &rmsprop, count, s.g, &s.p, &s.v)
      return s.p + s.m + s.v
    }
  }
}
