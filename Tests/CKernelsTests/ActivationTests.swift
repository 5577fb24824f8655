import CKernels
import Testing

@Suite struct ActivationTests {
  static let activations: [ck_activation] = [.none, .relu, .leaky_relu, .tanh, .sigmoid, .gated]
  /// Pixels and channels: rows taken sixteen at a time and rests of them, wide rows, several work items.
  static let shapes =
    (0...35).map { ($0, 6) } + (1...34).map { (19, 2 * $0) }
    + [(3, 0), (5000, 2), (777, 48), (70, 600), (3001, 256)]

  @Test(arguments: Rooms.instructionSets)
  func everyVariantIsTheReference(_ set: ck_isa) {
    for activation in Self.activations {
      for (pixels, channels) in Self.shapes {
        let count = pixels * channels
        var noise = Noise(count)
        let y = noise.numbers(count)
        let cotangent = noise.numbers(activation == .gated ? count / 2 : count)
        var expected = [Float](repeating: 0, count: count)
        var bias = [Float](repeating: 0, count: channels)
        ck_activation_gradient_reference(
          activation, 0.2, pixels, channels, y, cotangent, &expected, &bias)
        // Exact sums of what the reference rounded differ by a rounding a term at most.
        let bound = 0x1p-20 * (1 + Float(pixels).squareRoot())
        let what = "\(activation), \(pixels) pixels of \(channels) channels"
        Rooms.withContext(set) { context in
          let to = Guarded(count: count)
          let sums = Guarded(count: channels, shift: 3)
          #expect(
            ck_activation_gradient(
              context, activation, 0.2, pixels, channels, y, cotangent, to.pointer, sums.pointer)
              == .ok)
          #expect(to.isIntact && sums.isIntact, "\(what)")
          #expect(zip(to.values, expected).allSatisfy { abs($0 - $1) <= 0x1p-20 }, "\(what)")
          #expect(zip(sums.values, bias).allSatisfy { abs($0 - $1) <= bound }, "\(what)")

          // In place and without a bias: the same bits.
          let (place, other) =
            activation == .gated
            ? (Guarded(y), Guarded(cotangent)) : (Guarded(cotangent), Guarded(y))
          #expect(
            ck_activation_gradient(
              context, activation, 0.2, pixels, channels,
              activation == .gated ? place.pointer : other.pointer,
              activation == .gated ? other.pointer : place.pointer, place.pointer, nil)
              == .ok)
          expectSameBits(place.values, to.values, what)
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func threadsDoNotChangeBits(_ set: ck_isa) {
    var noise = Noise(5)
    for (pixels, channels) in [(20_011, 6), (2003, 34), (301, 700)] {
      let y = noise.numbers(pixels * channels)
      for activation in Self.activations {
        let cotangent = noise.numbers(pixels * channels / (activation == .gated ? 2 : 1))
        Rooms.expectSameBits(set, "\(activation)") { context in
          let to = Guarded(count: pixels * channels)
          let sums = Guarded(count: channels)
          ck_activation_gradient(
            context, activation, 0.2, pixels, channels, y, cotangent, to.pointer, sums.pointer)
          return to.values + sums.values
        }
      }
    }
  }

  @Test("NaN and infinity stay in their channel", arguments: Rooms.instructionSets)
  func hazards(_ set: ck_isa) {
    var cotangent = [Float](repeating: 1, count: 40 * 20)
    cotangent[7 * 20 + 3] = .nan
    cotangent[9 * 20 + 5] = .infinity
    let y = [Float](repeating: 1, count: 40 * 20)
    var to = y
    var sums = [Float](repeating: 0, count: 20)
    Rooms.withContext(set) { context in
      _ = ck_activation_gradient(context, .relu, 0, 40, 20, y, cotangent, &to, &sums)
    }
    #expect(sums[3].isNaN && sums[5] == .infinity)
    #expect((0..<20).allSatisfy { $0 == 3 || $0 == 5 || sums[$0] == 40 })
  }

  @Test func wrongArgumentsAreRefused() {
    var memory = [Float](repeating: 0, count: 64)
    memory.withUnsafeMutableBufferPointer { m in
      let p = m.baseAddress!
      #expect(
        ck_activation_gradient(nil, .gated, 0, 2, 3, p, p + 16, p + 32, nil)
          == .invalid_geometry)
      #expect(
        ck_activation_gradient(nil, .relu, 0, 4, 4, p, p + 16, p + 20, nil) == .overlap)
      #expect(
        ck_activation_gradient(nil, .relu, 0, 4, 4, p, p + 16, p + 16, p + 2) == .overlap)
      #expect(
        ck_activation_gradient(nil, .relu, 0, 4, 4, nil, p + 16, p + 16, nil)
          == .null_pointer)
      #expect(
        ck_activation_gradient(nil, ck_activation.none, 0, 4, 4, nil, p, p, p + 16) == .ok)
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func dropoutIsTheMaskTimesX(_ set: ck_isa) {
    for count in Rooms.sizes {
      var noise = Noise(count)
      let x = noise.numbers(count)
      for (p, offset) in [(Float(0), UInt64(0)), (0.3, 5), (0.5, 1 << 34 - 3), (1, 2)] {
        var mask = [Float](repeating: 0, count: count)
        var expected = mask
        ck_dropout_reference(77, offset, p, count, x, &expected)
        Rooms.withContext(set) { context in
          ck_random_bernoulli(context, 77, offset, count, 1 - p, p < 1 ? 1 / (1 - p) : 0, &mask)
          let y = Guarded(count: count, shift: 5)
          let place = Guarded(x)
          #expect(ck_dropout(context, 77, offset, p, count, x, y.pointer) == .ok)
          ck_dropout(context, 77, offset, p, count, place.pointer, place.pointer)
          #expect(y.isIntact && place.isIntact)
          expectSameBits(y.values, zip(x, mask).map { $0 * $1 }, "\(count) numbers, p \(p)")
          expectSameBits(y.values, expected, "reference, \(count) numbers, p \(p)")
          expectSameBits(place.values, expected, "in place, \(count) numbers, p \(p)")
        }
      }
    }
    var noise = Noise(9)
    let x = noise.numbers(70_001)
    Rooms.expectSameBits(set, "dropout") { context in
      let y = Guarded(count: x.count)
      ck_dropout(context, 3, 6, 0.25, x.count, x, y.pointer)
      return y.values
    }
  }
}
