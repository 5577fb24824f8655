import CKernels
import Foundation
import Testing

@Suite struct ElementwiseTests {
  static let unaryOperations: [ck_unary_op] = (0...ck_unary_op.cos.rawValue).compactMap {
    ck_unary_op(rawValue: $0)
  }
  static let binaryOperations: [ck_binary_op] =
    (0...ck_binary_op.sigmoid_gradient.rawValue).compactMap { ck_binary_op(rawValue: $0) }

  /// Specials first, then numbers of every size the operation meets.
  static func arguments(_ count: Int, seed: Int) -> [Float] {
    var noise = Noise(seed)
    return (0..<count).map { i in
      i % 3 == 0 ? Rooms.specials[i / 3 % Rooms.specials.count] : noise.number() * 8
    }
  }

  /// Two readings of one line of the list differ by the rounding of a contraction (products with a
  /// or x by itself) and by the two libraries' errors of transcendental functions, each below 2.5
  /// ulp.
  static func agree(_ value: Float, _ reference: Float, magnitude: Float) -> Bool {
    same(value, reference) || ulps(value, Double(reference)) <= 4
      || abs(value - reference) <= magnitude * 0x1p-22
  }

  @Test(arguments: Rooms.instructionSets)
  func everyUnaryVariantIsTheReference(_ set: ck_isa) {
    let (a, b): (Float, Float) = (0.3, 0.7)
    Rooms.withContext(set) { context in
      for operation in Self.unaryOperations {
        for size in Rooms.sizes {
          let x = Self.arguments(size, seed: size)
          var expected = [Float](repeating: 0, count: size)
          ck_unary_reference(operation, a, b, size, x, &expected)
          let y = Guarded(count: size, shift: size % 16)
          ck_unary(context, operation, a, b, size, x, y.pointer)
          let place = Guarded(x, shift: 3)
          ck_unary(context, operation, a, b, size, place.pointer, place.pointer)
          let values = y.values
          let wrong = (0..<size).first { i in
            let magnitude = operation == .affine ? abs(a * x[i]) + abs(b) : 0
            return !Self.agree(values[i], expected[i], magnitude: magnitude)
          }
          #expect(wrong == nil, "\(operation) of \(wrong.map { x[$0] } ?? 0), \(size) elements")
          #expect(y.isIntact && place.isIntact, "\(operation), \(size) elements")
          expectSameBits(place.values, values, "\(operation), \(size) elements in place")
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func everyBinaryVariantIsTheReference(_ set: ck_isa) {
    let a: Float = 0.3
    Rooms.withContext(set) { context in
      for operation in Self.binaryOperations {
        for size in Rooms.sizes + [Rooms.specials.count * Rooms.specials.count] {
          // All pairs of specials in the last size.
          let pairs = size == Rooms.specials.count * Rooms.specials.count
          let x =
            pairs
            ? (0..<size).map { Rooms.specials[$0 % Rooms.specials.count] }
            : Self.arguments(size, seed: size)
          let y =
            pairs
            ? (0..<size).map { Rooms.specials[$0 / Rooms.specials.count] }
            : Self.arguments(size, seed: size + 1).reversed()
          var expected = [Float](repeating: 0, count: size)
          ck_binary_reference(operation, a, size, x, y, &expected)
          let z = Guarded(count: size, shift: size % 16)
          ck_binary(context, operation, a, size, x, y, z.pointer)
          let left = Guarded(x, shift: 5)
          ck_binary(context, operation, a, size, left.pointer, y, left.pointer)
          let right = Guarded(y, shift: 7)
          ck_binary(context, operation, a, size, x, right.pointer, right.pointer)
          let values = z.values
          let wrong = (0..<size).first { i in
            !Self.agree(values[i], expected[i], magnitude: Self.magnitude(operation, a, x[i], y[i]))
          }
          #expect(
            wrong == nil,
            "\(operation) of \(wrong.map { (x[$0], y[$0]) } ?? (0, 0)), \(size) elements")
          #expect(z.isIntact && left.isIntact && right.isIntact, "\(operation), \(size) elements")
          expectSameBits(left.values, values, "\(operation) into x")
          expectSameBits(right.values, values, "\(operation) into y")
        }
      }
    }
  }

  /// The size of the terms whose sum may cancel.
  static func magnitude(_ operation: ck_binary_op, _ a: Float, _ x: Float, _ y: Float) -> Float {
    switch operation {
    case .scaled_add: (abs(x) + abs(a * y))
    case .tanh_gradient: (1 + x * x) * abs(y)
    default: 0
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func everyBroadcastIsTheReference(_ set: ck_isa) {
    // Rows, columns narrow and wide, one number; periods that divide nothing; more than one work
    // item.
    let shapes = [
      (1, 1, 1), (3, 1, 7), (5, 24, 1), (7, 300, 1), (2, 5, 3), (3, 4, 40), (900, 24, 1),
      (40, 3, 1),
      (1, 700, 31), (1, 2000, 32), (2, 20_011, 1), (1, 1, 40_009), (1, 5, 20_011), (4, 0, 3),
      (0, 3, 1),
      (9, 255, 1), (9, 256, 1), (9, 257, 1), (2, 1009, 17), (33, 13, 65),
    ]
    Rooms.withContext(set, threads: 2) { context in
      for (outer, middle, inner) in shapes {
        for operation in [ck_binary_op.subtract, .divide, .maximum, .leaky_relu_gradient] {
          var noise = Noise(outer + middle + inner)
          let count = outer * middle * inner
          let (x, y) = (noise.numbers(count), noise.numbers(middle))
          var expected = [Float](repeating: 0, count: count)
          ck_binary_broadcast_reference(operation, 0.2, outer, middle, inner, x, y, &expected)
          let z = Guarded(count: count)
          ck_binary_broadcast(context, operation, 0.2, outer, middle, inner, x, y, z.pointer)
          let place = Guarded(x, shift: 9)
          ck_binary_broadcast(
            context, operation, 0.2, outer, middle, inner, place.pointer, y, place.pointer)
          expectSame(z.values, expected, "\(operation) over \((outer, middle, inner))")
          expectSame(place.values, expected, "\(operation) over \((outer, middle, inner)) in place")
          #expect(z.isIntact && place.isIntact)
        }
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func specialValuesAreThoseOfPlainC(_ set: ck_isa) {
    Rooms.withContext(set) { context in
      func f(_ operation: ck_unary_op, _ x: Float, _ a: Float = 0.2, _ b: Float = 0.7) -> Float {
        var (x, y) = (x, Float(0))
        ck_unary(context, operation, a, b, 1, &x, &y)
        return y
      }
      func g(_ operation: ck_binary_op, _ x: Float, _ y: Float) -> Float {
        var (x, y, z) = (x, y, Float(0))
        ck_binary(context, operation, 0.5, 1, &x, &y, &z)
        return z
      }
      let infinity = Float.infinity
      for operation in Self.unaryOperations where ![.step, .inside].contains(operation) {
        #expect(f(operation, .nan).isNaN, "\(operation) hides NaN")
      }
      for operation: ck_binary_op in [.add, .maximum, .minimum, .multiply, .scaled_add] {
        #expect(
          g(operation, .nan, 1).isNaN && g(operation, 1, .nan).isNaN, "\(operation) hides NaN")
      }
      #expect(g(.greater, .nan, 1) == 0 && g(.greater, 2, 1) == 1 && g(.greater, 1, 1) == 0)
      #expect(f(.step, .nan) == 0.2 && f(.step, 0) == 0.2 && f(.step, 0x1p-133) == 1)
      #expect(f(.inside, .nan) == 0 && f(.inside, 0.2) == 1 && f(.inside, 0.7) == 1)
      #expect(f(.relu, -infinity) == 0 && f(.relu, infinity) == infinity)
      #expect(f(.leaky_relu, -infinity) == -infinity && f(.leaky_relu, -2) == -0.4)
      #expect(f(.clamp, -infinity) == 0.2 && f(.clamp, infinity) == 0.7 && f(.clamp, 0.5) == 0.5)
      #expect(f(.sign, -3) == -1 && f(.sign, 0x1p-133) == 1 && f(.sign, -0.0).sign == .minus)
      #expect(f(.exp, 89) == infinity && f(.exp, -infinity) == 0 && f(.exp, 0) == 1)
      #expect(f(.exp, -200) == 0 && f(.exp, infinity) == infinity)
      #expect(
        f(.expm1, -infinity) == -1 && f(.expm1, 100) == infinity && f(.expm1, 0x1p-133) == 0x1p-133)
      #expect(f(.log, 0) == -infinity && f(.log, -1).isNaN && f(.log, infinity) == infinity)
      #expect(f(.log, 1) == 0 && f(.log1p, -1) == -infinity && f(.log1p, -2).isNaN)
      #expect(f(.log1p, 0x1p-133) == 0x1p-133 && f(.log1p, infinity) == infinity)
      #expect(
        f(.tanh, infinity) == 1 && f(.tanh, -infinity) == -1 && f(.tanh, 0x1p-133) == 0x1p-133)
      #expect(f(.sigmoid, infinity) == 1 && f(.sigmoid, -infinity) == 0 && f(.sigmoid, 0) == 0.5)
      #expect(f(.softplus, 1e30) == 1e30 && f(.softplus, -infinity) == 0)
      #expect(f(.softplus, infinity) == infinity)
      #expect(
        f(.sqrt, -1).isNaN && f(.reciprocal, 0) == infinity && f(.reciprocal, -0.0) == -infinity)
      #expect(f(.power, 0, 0) == 1 && f(.power, -8, 3) == -512 && f(.power, -1, 0.5).isNaN)
    }
  }

  /// Against double precision over a sweep of all float32 bit patterns. The bounds are those that
  /// vector_math.h and unary_operations.inc state.
  @Test(arguments: Rooms.instructionSets)
  func transcendentalFunctionsAreAccurate(_ set: ck_isa) {
    let functions: [(ck_unary_op, Double, @Sendable (Double) -> Double)] = [
      (.exp, 1, { exp($0) }), (.expm1, 1.6, { expm1($0) }), (.log, 0.85, { log($0) }),
      (.log1p, 1.5, { log1p($0) }), (.tanh, 1.4, { tanh($0) }),
      (.sigmoid, 2.5, { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) }),
      (.softplus, 2, { max($0, 0) + log1p(exp(-abs($0))) }),
    ]
    var x = stride(from: UInt64(0), to: 1 << 32, by: 9973).map {
      Float(bitPattern: UInt32($0))
    }
    x += Rooms.specials
    var y = x
    Rooms.withContext(set) { context in
      for (operation, bound, exact) in functions {
        ck_unary(context, operation, 0, 0, x.count, x, &y)
        var worst = (error: 0.0, at: Float(0))
        for (value, argument) in zip(y, x) {
          let error = ulps(value, exact(Double(argument)))
          if error > worst.error { worst = (error, argument) }
        }
        #expect(worst.error <= bound, "\(operation) at \(worst.at): \(worst.error) ulp")
      }
    }
  }

  @Test(arguments: Rooms.instructionSets)
  func bitsDoNotDependOnThreads(_ set: ck_isa) {
    let count = 100_003
    let (x, y) = (Self.arguments(count, seed: 1), Self.arguments(count, seed: 2))
    for operation: ck_unary_op in [.exp, .leaky_relu, .sigmoid] {
      Rooms.expectSameBits(set, "\(operation)") { context in
        var z = [Float](repeating: 0, count: count)
        ck_unary(context, operation, 0.1, 0, count, x, &z)
        return z
      }
    }
    Rooms.expectSameBits(set, "scaled add") { context in
      var z = [Float](repeating: 0, count: count)
      ck_binary(context, .scaled_add, 0.1, count, x, y, &z)
      return z
    }
    for (outer, middle, inner) in [(7_692, 13, 1), (13, 7_692, 1), (1, 7_692, 13), (2, 500, 100)] {
      Rooms.expectSameBits(set, "broadcast \((outer, middle, inner))") { context in
        var z = [Float](repeating: 0, count: outer * middle * inner)
        ck_binary_broadcast(context, .multiply, 0, outer, middle, inner, x, y, &z)
        return z
      }
    }
  }
}
