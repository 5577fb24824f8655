import CKernels
import Foundation
import Testing

@Suite struct ResampleTests {
  static let edges: [ck_upsample_edge] = [.interior, .replicate, .zero]

  static let geometries: [ck_upsample_geometry] = {
    var geometries: [ck_upsample_geometry] = []
    for edge in edges {
      for (batch, frames) in [(0, 3), (1, 0), (1, 1), (2, 1), (3, 2), (2, 3), (1, 65), (3, 127)] {
        for channels in [0, 1, 2, 3, 7, 8, 15, 16, 17, 24, 31, 33, 64, 65] {
          geometries.append(.init(batch: batch, frames: frames, channels: channels, edge: edge))
        }
      }
      // More than one work item, cut inside and between signals.
      geometries.append(.init(batch: 2, frames: 1_009, channels: 24, edge: edge))
      geometries.append(.init(batch: 1, frames: 40_009, channels: 1, edge: edge))
    }
    return geometries
  }()

  static func outputs(_ g: ck_upsample_geometry) -> Int {
    var g = g
    return g.batch * ck_upsample_output_frames(&g) * g.channels
  }

  @Test func lengths() {
    for (edge, length) in zip(Self.edges, [9, 10, 10]) {
      var g = ck_upsample_geometry(batch: 1, frames: 5, channels: 1, edge: edge)
      #expect(ck_upsample_output_frames(&g) == length)
      g.frames = 0
      #expect(ck_upsample_output_frames(&g) == 0)
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func everyVariantIsTheReference(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for var g in Self.geometries {
        var noise = Noise(g.frames + g.channels)
        let (inputs, outputs) = (g.batch * g.frames * g.channels, Self.outputs(g))
        let (x, y) = (Guarded(noise.numbers(inputs)), Guarded(noise.numbers(outputs), shift: 7))
        let ownMix = noise.numbers(g.channels)
        for mix in [nil, ownMix] {
          var (up, back) = (
            [Float](repeating: 0, count: outputs), [Float](repeating: 0, count: inputs)
          )
          let (ownUp, ownBack) = (Guarded(count: outputs), Guarded(count: inputs))
          withOptional(mix) { mix in
            ck_upsample_reference(&g, mix, x.pointer, &up)
            ck_upsample_adjoint_reference(&g, mix, y.pointer, &back)
            ck_upsample(context, &g, mix, x.pointer, ownUp.pointer)
            ck_upsample_adjoint(context, &g, mix, y.pointer, ownBack.pointer)
          }
          // Two or three products of numbers below 2, contracted or not.
          #expect(zip(ownUp.values, up).allSatisfy { abs($0 - $1) <= 8 * 0x1p-24 }, "\(g)")
          #expect(zip(ownBack.values, back).allSatisfy { abs($0 - $1) <= 16 * 0x1p-24 }, "\(g)")
          #expect(ownUp.isIntact && ownBack.isIntact, "\(g)")
        }
        let gradient = Guarded(count: g.channels)
        var expected = [Float](repeating: 0, count: g.channels)
        ck_upsample_mix_gradient(context, &g, x.pointer, y.pointer, gradient.pointer)
        ck_upsample_mix_gradient_reference(&g, x.pointer, y.pointer, &expected)
        // Terms below 2, added in float32 over at most 16384 / 4 steps in an item.
        let terms = Float(g.batch * g.frames)
        let bound = 2 * 0x1p-24 * terms * min(terms, 4_096 + 4)
        #expect(zip(gradient.values, expected).allSatisfy { abs($0 - $1) <= bound }, "\(g)")
        #expect(gradient.isIntact)
      }
    }
  }

  func withOptional(_ mix: [Float]?, _ body: (UnsafePointer<Float>?) -> Void) {
    guard let mix else { return body(nil) }
    mix.withUnsafeBufferPointer { body($0.baseAddress) }
  }

  /// Whole numbers and quarters: every sum is exact, so the identities hold to the bit.
  @Test(arguments: Rooms.instructionSets)
  func adjointAndMixGradientAreExact(_ set: ck_isa) {
    Rooms.withContext(set) { context in
      for var g in Self.geometries where g.frames < 10_000 {
        var noise = Noise(g.frames + g.channels)
        let x = noise.whole(g.batch * g.frames * g.channels)
        let y = noise.whole(Self.outputs(g))
        let mix = noise.whole(g.channels).map { $0 / 4 }
        let change = noise.whole(g.channels).map { $0 / 4 }
        var (up, back, gradient) = (y, x, mix)
        ck_upsample(context, &g, mix, x, &up)
        ck_upsample_adjoint(context, &g, mix, y, &back)
        expectAdjoint(inner(up, y), inner(x, back), "\(g)")
        // The map is affine in mix: its difference is its derivative.
        var changed = y
        ck_upsample(context, &g, zip(mix, change).map { $0 + $1 }, x, &changed)
        ck_upsample_mix_gradient(context, &g, x, y, &gradient)
        let slope = inner(changed, y) - inner(up, y)
        #expect(slope == inner(gradient, change), "\(g)")
      }
    }
  }

  @Test func interpolationKeepsRampsAndDecimationUndoesIt() {
    for var g in Self.geometries where g.frames > 0 {
      let frames = ck_upsample_output_frames(&g)
      let x = (0..<g.batch * g.frames * g.channels).map { Float($0 / g.channels % g.frames) }
      var y = [Float](repeating: 0, count: Self.outputs(g))
      ck_upsample(nil, &g, nil, x, &y)
      let ramp = y.indices.allSatisfy { i in
        let t = i / g.channels % frames
        return t == 2 * g.frames - 1 || y[i] == Float(t) / 2
      }
      #expect(ramp, "\(g)")
      var back = x.map { $0 + 1 }
      ck_decimate(nil, g.batch, frames, g.channels, 2, y, &back)
      expectSame(back, x, "\(g)")
    }
  }

  @Test func decimationIsTheReferenceAndItsAdjoint() {
    for threads in 1...3 {
      Rooms.withContext(ck_isa_best(), threads: Int32(threads)) { context in
        for (batch, frames, channels) in [
          (0, 3, 2), (2, 0, 3), (1, 1, 1), (2, 7, 1), (3, 10, 3), (2, 33, 16), (2, 101, 17),
          (1, 40_009, 1),
          (2, 1_009, 24), (1, 20, 9_001),
        ] {
          for factor in [1, 2, 3, 5, 64] {
            var noise = Noise(frames)
            let kept = (frames + factor - 1) / factor
            let x = noise.whole(batch * frames * channels)
            let y = noise.whole(batch * kept * channels)
            var (down, back) = (y, x)
            ck_decimate_reference(batch, frames, channels, factor, x, &down)
            ck_decimate_adjoint_reference(batch, frames, channels, factor, y, &back)
            let (ownDown, ownBack) = (Guarded(count: y.count), Guarded(count: x.count))
            ck_decimate(context, batch, frames, channels, factor, x, ownDown.pointer)
            ck_decimate_adjoint(context, batch, frames, channels, factor, y, ownBack.pointer)
            expectSame(ownDown.values, down, "\(frames) by \(factor)")
            expectSame(ownBack.values, back, "\(frames) by \(factor)")
            #expect(ownDown.isIntact && ownBack.isIntact)
            expectAdjoint(inner(down, y), inner(x, back), "\(frames) by \(factor)")
          }
        }
      }
    }
  }

  @Test func sincFilterIsALowPass() {
    for (taps, factor) in [(1, 2), (3, 2), (5, 2), (15, 2), (101, 2), (101, 4), (33, 1), (401, 16)] {
      var filter = [Float](repeating: 0, count: taps)
      ck_sinc_filter(taps, factor, &filter)
      #expect(zip(filter, filter.reversed()).allSatisfy { abs($0 - $1) <= 1e-9 })
      /// The gain at `frequency` cycles per sample.
      func gain(_ frequency: Double) -> Double {
        filter.enumerated().reduce(0) { sum, tap in
          sum + Double(tap.element) * cos(2 * .pi * frequency * Double(tap.offset - taps / 2))
        }
      }
      #expect(abs(gain(0) - 1) < 1e-6, "\(taps) taps sum to one")
      if taps > 1 { #expect(abs(filter[0]) < 1e-9) }
      if factor == 1 { #expect(abs(filter[taps / 2] - 1) < 1e-6) }
      if factor > 1 && taps > 20 * factor {
        let cutoff = 0.5 / Double(factor)
        #expect(abs(gain(cutoff) - 0.5) < 0.01)
        #expect(abs(gain(cutoff / 2) - 1) < 0.01)
        #expect(abs(gain(cutoff * 1.5)) < 0.01)
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func bitsDoNotDependOnThreads(_ set: ck_isa) {
    for var g in Self.geometries where g.batch * g.frames * g.channels > 16_384 {
      var noise = Noise(1)
      let (x, y) = (noise.numbers(g.batch * g.frames * g.channels), noise.numbers(Self.outputs(g)))
      let mix = noise.numbers(g.channels)
      Rooms.expectSameBits(set, "\(g)") { context in
        var (up, back, gradient) = (y, x, mix)
        ck_upsample(context, &g, mix, x, &up)
        ck_upsample_adjoint(context, &g, mix, y, &back)
        ck_upsample_mix_gradient(context, &g, x, y, &gradient)
        return up + back + gradient
      }
    }
  }
}
