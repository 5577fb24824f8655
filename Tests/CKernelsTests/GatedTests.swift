import CKernels
import Testing

@Suite struct GatedTests {
  /// Frames and channels: every tail of a vector, empty ones, and enough frames for several work items.
  static let shapes =
    (0...33).map { (3, $0) } + [(0, 4), (1, 64), (257, 48), (20_011, 1), (1009, 24)]

  /// Three factors, each with the errors of two libraries' transcendental functions (2.5 ulp) and a
  /// rounding; 1 − t² and 1 − s lose digits near 1, which costs units of 1, not of the result.
  static func agree(_ value: Float, _ reference: Float, _ cotangent: Float) -> Bool {
    same(value, reference) || ulps(value, Double(reference)) <= 16
      || abs(value - reference) <= abs(cotangent) * 0x1p-20
  }

  @Test(arguments: Rooms.instructionSets)
  func everyVariantIsTheReference(_ set: ck_isa) {
    Rooms.withContext(set) { context in
      for (frames, channels) in Self.shapes {
        let count = frames * channels
        var noise = Noise(count)
        let x = (0..<2 * count).map { i in
          i % 5 == 0 ? Rooms.specials[i / 5 % Rooms.specials.count] : noise.number() * 8
        }
        let g = noise.numbers(count)
        var expected = [Float](repeating: 0, count: count)
        var expectedGradient = [Float](repeating: 0, count: 2 * count)
        ck_gated_reference(frames, channels, x, &expected)
        ck_gated_gradient_reference(frames, channels, x, g, &expectedGradient)

        let y = Guarded(count: count, shift: count % 16)
        ck_gated(context, frames, channels, x, y.pointer)
        #expect(y.isIntact, "\(frames) frames of \(channels) channels")
        let values = y.values
        #expect(
          (0..<count).allSatisfy { Self.agree(values[$0], expected[$0], 0) },
          "\(frames) frames of \(channels) channels")

        let place = Guarded(x, shift: 3)
        ck_gated_gradient(context, frames, channels, place.pointer, g, place.pointer)
        #expect(place.isIntact, "gradient, \(frames) frames of \(channels) channels")
        let gradient = place.values
        #expect(
          (0..<2 * count).allSatisfy { i in
            let cotangent = g[i / (2 * channels) * channels + i % channels]
            return Self.agree(gradient[i], expectedGradient[i], cotangent)
          }, "gradient, \(frames) frames of \(channels) channels")
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func threadsDoNotChangeBits(_ set: ck_isa) {
    var noise = Noise(1)
    let (frames, channels) = (4001, 17)
    let (x, g) = (noise.numbers(2 * frames * channels), noise.numbers(frames * channels))
    Rooms.expectSameBits(set, "gated") { context in
      let y = Guarded(count: frames * channels)
      ck_gated(context, frames, channels, x, y.pointer)
      return y.values
    }
    Rooms.expectSameBits(set, "gradient") { context in
      let gradient = Guarded(count: 2 * frames * channels)
      ck_gated_gradient(context, frames, channels, x, g, gradient.pointer)
      return gradient.values
    }
  }
}
