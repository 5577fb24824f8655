import CKernels
import Testing

@Suite struct PoolTests {
  /// Random windows, strides and paddings; some windows lie in the padding whole.
  static let geometries: [ck_pool_geometry] = {
    var noise = Noise(1)
    var geometries = (0..<400).map { i in
      ck_pool_geometry(
        batch: noise.integer(0...2), input_height: noise.integer(1...9),
        input_width: noise.integer(1...12), channels: i % 9 == 0 ? 0 : noise.integer(1...40),
        window_height: noise.integer(1...4), window_width: noise.integer(1...4),
        stride_height: noise.integer(1...4), stride_width: noise.integer(1...4),
        pad_top: noise.integer(0...2), pad_bottom: noise.integer(0...2),
        pad_left: noise.integer(0...2), pad_right: noise.integer(0...2))
    }
    // A signal, and an image of several work items.
    geometries.append(signal(batch: 2, frames: 5_003, channels: 7, window: 4, stride: 2))
    geometries.append(
      ck_pool_geometry(
        batch: 2, input_height: 61, input_width: 67, channels: 24, window_height: 3,
        window_width: 2,
        stride_height: 2, stride_width: 1, pad_top: 1, pad_bottom: 1, pad_left: 0, pad_right: 1))
    return geometries
  }()

  static func signal(batch: Int, frames: Int, channels: Int, window: Int, stride: Int)
    -> ck_pool_geometry
  {
    ck_pool_geometry(
      batch: batch, input_height: 1, input_width: frames, channels: channels, window_height: 1,
      window_width: window, stride_height: 1, stride_width: stride, pad_top: 0, pad_bottom: 0,
      pad_left: 0, pad_right: 0)
  }

  static func counts(_ g: ck_pool_geometry) -> (inputs: Int, outputs: Int) {
    var g = g
    return (
      g.batch * g.input_height * g.input_width * g.channels,
      g.batch * ck_pool_output_height(&g) * ck_pool_output_width(&g) * g.channels
    )
  }

  @Test(arguments: Rooms.instructionSets)
  func everyVariantIsTheReference(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for (number, geometry) in Self.geometries.enumerated() {
        var g = geometry
        var noise = Noise(number)
        let (inputs, outputs) = Self.counts(g)
        // Few different values: ties in most windows; sometimes NaN and infinities.
        var x = noise.whole(inputs)
        if number % 3 == 0 {
          for i in x.indices where noise.integer(0...19) == 0 {
            x[i] = [Float.nan, .infinity, -.infinity][i % 3]
          }
        }
        let y = noise.whole(outputs)
        var (maxima, indices) = (y, [Int32](repeating: -7, count: outputs))
        var ownIndices = indices
        ck_max_pool_reference(&g, x, &maxima, &indices)
        let (ownMaxima, alone) = (Guarded(count: outputs), Guarded(count: outputs))
        ck_max_pool(context, &g, x, ownMaxima.pointer, &ownIndices)
        ck_max_pool(context, &g, x, alone.pointer, nil)
        #expect(zip(ownMaxima.values, maxima).allSatisfy(same), "\(g)")
        #expect(zip(alone.values, maxima).allSatisfy(same), "\(g)")
        expectSame(ownIndices, indices, "\(g)")

        var (at, back) = (y, x)
        ck_pool_at_reference(&g, indices, x, &at)
        ck_pool_at_adjoint_reference(&g, indices, y, &back)
        let (ownAt, ownBack) = (Guarded(count: outputs), Guarded(count: inputs))
        ck_pool_at(context, &g, indices, x, ownAt.pointer)
        ck_pool_at_adjoint(context, &g, indices, y, ownBack.pointer)
        #expect(zip(ownAt.values, at).allSatisfy(same), "\(g)")
        expectSame(ownBack.values, back, "\(g)")
        #expect(zip(zip(at, maxima), indices).allSatisfy { $1 < 0 || same($0.0, $0.1) }, "\(g)")

        var (mean, spread) = (y, x)
        ck_average_pool_reference(&g, x, &mean)
        ck_average_pool_adjoint_reference(&g, y, &spread)
        let (ownMean, ownSpread) = (Guarded(count: outputs), Guarded(count: inputs))
        ck_average_pool(context, &g, x, ownMean.pointer)
        ck_average_pool_adjoint(context, &g, y, ownSpread.pointer)
        // Sums of whole numbers are exact; up to 16 quotients of at most 4 are not.
        #expect(zip(ownMean.values, mean).allSatisfy(same), "\(g)")
        #expect(
          zip(ownSpread.values, spread).allSatisfy { abs($0 - $1) <= 16 * 64 * 0x1p-24 }, "\(g)")
        for memory in [ownMaxima, alone, ownAt, ownBack, ownMean, ownSpread] {
          #expect(memory.isIntact, "\(g)")
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func adjointIdentities(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for (number, geometry) in Self.geometries.enumerated() {
        var g = geometry
        var noise = Noise(number)
        let (inputs, outputs) = Self.counts(g)
        let (x, y) = (noise.whole(inputs), noise.whole(outputs))
        // Any positions at all, not only those of maxima.
        let indices = (0..<outputs).map { _ in Int32(noise.integer(-1...(inputs - 1))) }
        var (at, back) = (y, x)
        ck_pool_at(context, &g, indices, x, &at)
        ck_pool_at_adjoint(context, &g, indices, y, &back)
        expectAdjoint(inner(at, y), inner(x, back), "\(g)")
        // Divisors are 1 … 16, so quotients are rounded: each term is at most 16, and there are 2 ·
        // outputs · 16.
        ck_average_pool(context, &g, x, &at)
        ck_average_pool_adjoint(context, &g, y, &back)
        let bound = 0x1p-24 * 16 * 16 * Double(outputs) * 4
        expectAdjoint(inner(at, y), inner(x, back), within: bound, "\(g)")
      }
    }
  }

  @Test func meansOfAConstantAreTheConstant() {
    for var g in Self.geometries {
      let (inputs, outputs) = Self.counts(g)
      var (mean, maxima) = (
        [Float](repeating: 0, count: outputs), [Float](repeating: 0, count: outputs)
      )
      var indices = [Int32](repeating: 0, count: outputs)
      ck_average_pool(nil, &g, [Float](repeating: 3, count: inputs), &mean)
      ck_max_pool(nil, &g, [Float](repeating: 3, count: inputs), &maxima, &indices)
      // Padding does not count, except where a window holds nothing else.
      #expect(zip(mean, indices).allSatisfy { $0 == ($1 < 0 ? 0 : 3) }, "\(g)")
      #expect(zip(maxima, indices).allSatisfy { $0 == ($1 < 0 ? -.infinity : 3) }, "\(g)")
    }
  }

  @Test func aSignalIsAnImageOfHeightOne() {
    var g = Self.signal(batch: 1, frames: 5, channels: 2, window: 2, stride: 2)
    let x: [Float] = [1, 9, 3, 8, 5, 7, 5, 6, 0, 0]
    var (y, indices) = ([Float](repeating: 0, count: 4), [Int32](repeating: 0, count: 4))
    ck_max_pool(nil, &g, x, &y, &indices)
    #expect(y == [3, 9, 5, 7] && indices == [2, 1, 4, 5])
    ck_average_pool(nil, &g, x, &y)
    #expect(y == [2, 8.5, 5, 6.5])
  }

  @Test(arguments: Rooms.instructionSets)
  func bitsDoNotDependOnThreads(_ set: ck_isa) {
    for geometry in Self.geometries.suffix(2) {
      var g = geometry
      var noise = Noise(1)
      let (inputs, outputs) = Self.counts(g)
      let (x, y) = (noise.numbers(inputs), noise.numbers(outputs))
      Rooms.expectSameBits(set, "\(g)") { context in
        var (maxima, mean, back, spread) = (y, y, x, x)
        var indices = [Int32](repeating: 0, count: outputs)
        ck_max_pool(context, &g, x, &maxima, &indices)
        ck_pool_at_adjoint(context, &g, indices, y, &back)
        ck_average_pool(context, &g, x, &mean)
        ck_average_pool_adjoint(context, &g, y, &spread)
        return maxima + mean + back + spread + indices.map(Float.init)
      }
    }
  }
}
