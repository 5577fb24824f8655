import CKernels
import Testing

@Suite struct ScaleTests {
  /// outer, count, inner: one channel, few, more than a repeated row holds, several items, none.
  static let shapes = [
    (1, 0, 3), (0, 5, 3), (1, 1, 1), (3, 7, 1), (2, 40_009, 1), (1, 50, 5), (2, 9000, 6), (4, 33, 17), (2, 3, 300),
    (3, 200, 513), (40, 10, 3),
  ]

  @Test(arguments: Rooms.instructionSets)
  func everyNumberIsScaledByItsChannel(_ set: ck_isa) {
    Rooms.withContext(set, threads: 2) { context in
      for (outer, count, inner) in Self.shapes {
        for (hasOffset, adds) in [(true, 0), (false, 0), (true, 1), (false, 1)] as [(Bool, Int32)] {
          var noise = Noise(outer + 3 * count + 5 * inner)
          let (x, before) = (noise.numbers(outer * count * inner), noise.numbers(outer * count * inner))
          let (a, b) = (noise.numbers(outer * inner), noise.numbers(outer * inner))
          var expected = before
          let y = Guarded(before)
          let status = b.withUnsafeBufferPointer { b in
            ck_scale_reference(outer, count, inner, x, a, hasOffset ? b.baseAddress : nil, adds, &expected)
            return ck_scale(context, outer, count, inner, x, a, hasOffset ? b.baseAddress : nil, adds, y.pointer)
          }
          #expect(status == .ok && y.isIntact)
          #expect(zip(y.values, expected).allSatisfy { abs($0 - $1) <= 4e-7 }, "\(outer) × \(count) × \(inner)")
        }
      }
    }
  }

  @Test func itMayHappenInPlace() {
    Rooms.withContext(ck_isa_best()) { context in
      var x: [Float] = [1, 2, 3, 4]
      let (a, b): ([Float], [Float]) = ([2, 3], [0.5, -0.5])
      let status = x.withUnsafeMutableBufferPointer {
        ck_scale(context, 1, 2, 2, $0.baseAddress, a, b, 0, $0.baseAddress)
      }
      #expect(status == .ok && x == [2.5, 5.5, 6.5, 11.5])
    }
  }

  @Test func whatCannotBeIsRefused() {
    Rooms.withContext(ck_isa_best()) { context in
      var x = [Float](repeating: 1, count: 8)
      let a: [Float] = [1, 1]
      #expect(ck_scale(context, -1, 2, 2, x, a, nil, 0, &x) != .ok)
      #expect(ck_scale(context, 1, .max, 2, x, a, nil, 0, &x) != .ok)
      #expect(ck_scale(context, 1, 2, 2, x, nil, nil, 0, &x) != .ok)
      x.withUnsafeMutableBufferPointer { x in
        guard let start = x.baseAddress else { return }
        #expect(ck_scale(context, 1, 2, 2, start, a, nil, 0, start + 1) == .overlap)
        #expect(ck_scale(context, 1, 2, 2, start, start + 4, nil, 0, start + 3) == .overlap)
      }
    }
  }

  @Test func threadsDoNotChangeABit() {
    var noise = Noise(9)
    let x = noise.numbers(3 * 9000 * 6)
    let a = noise.numbers(18)
    Rooms.expectSameBits(ck_isa_best(), "scale") { context in
      var y = [Float](repeating: 0, count: x.count)
      ck_scale(context, 3, 9000, 6, x, a, a, 0, &y)
      return y
    }
  }
}
