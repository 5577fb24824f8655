import CKernels
import Testing

/// A random strided geometry: y dense or padded in one order of the dimensions, x in another.
struct StridedCase {
  var shape: [Int] = []
  var xStrides: [Int] = []
  var yStrides: [Int] = []
  var xCount = 1
  var yCount = 1

  /// With `repeats`, some x strides are 0.
  init(_ noise: inout Noise, repeats: Bool) {
    let rank = noise.integer(0...6)
    for _ in 0..<rank {
      let empty = noise.integer(0...150) == 0
      shape.append(empty ? 0 : noise.integer(1...(rank < 3 ? 70 : 7)))
    }
    xStrides = Array(repeating: 0, count: rank)
    yStrides = xStrides
    func order() -> [Int] {
      var order = Array(0..<rank)
      for i in stride(from: rank - 1, to: 0, by: -1) { order.swapAt(i, noise.integer(0...i)) }
      return order
    }
    // Half of the time y is row major, as results are.
    let yOrder = noise.integer(0...1) == 0 ? (0..<rank).reversed() : order()
    for i in yOrder {
      yStrides[i] = yCount
      yCount *= shape[i] + (noise.integer(0...3) == 0 ? 1 : 0)
    }
    for i in noise.integer(0...2) == 0 ? yOrder : order() {
      if repeats && noise.integer(0...7) == 0 { continue }
      xStrides[i] = xCount
      xCount *= shape[i] + (noise.integer(0...3) == 0 ? 1 : 0)
    }
  }
}

@Suite struct LayoutTests {
  static let cases = 4_000

  @Test func copiesAndSumsAreTheReference() {
    Rooms.withContext(ck_isa_best(), threads: 2) { context in
      var noise = Noise(1)
      for _ in 0..<Self.cases {
        let c = StridedCase(&noise, repeats: true)
        let rank = c.shape.count
        let x = Guarded(noise.numbers(max(c.xCount, 1)), shift: noise.integer(0...15))
        let y = Guarded(noise.numbers(max(c.yCount, 1)), shift: noise.integer(0...15))
        var expected = y.values
        ck_copy_strided(context, rank, c.shape, x.pointer, c.xStrides, y.pointer, c.yStrides)
        ck_copy_strided_reference(rank, c.shape, x.pointer, c.xStrides, &expected, c.yStrides)
        expectSame(y.values, expected, "copy \(c)")
        #expect(y.isIntact, "copy \(c)")
        ck_add_strided(context, rank, c.shape, x.pointer, c.xStrides, y.pointer, c.yStrides)
        ck_add_strided_reference(rank, c.shape, x.pointer, c.xStrides, &expected, c.yStrides)
        expectSame(y.values, expected, "add \(c)")
        #expect(y.isIntact, "add \(c)")
      }
    }
  }

  /// Large enough for several work items, blocks cut both ways, and the paths of each kind.
  @Test func largeCopiesAreTheReferenceOnAnyNumberOfThreads() {
    let cases: [([Int], [Int], [Int])] = [
      ([301, 307], [307, 1], [307, 1]), ([301, 307], [1, 301], [307, 1]),
      ([2, 50_000], [1, 2], [50_000, 1]),
      ([50_000, 2], [1, 50_000], [2, 1]), ([70_001, 3], [6, 1], [3, 1]),
      ([500, 300], [0, 1], [300, 1]),
      ([500, 300], [1, 0], [300, 1]),
      ([3, 200, 40, 5], [40_000, 5, 1_000, 1], [40_000, 200, 5, 1]),
      ([4, 30, 30, 30], [1, 4, 120, 3_600], [27_000, 900, 30, 1]), ([100_000], [1], [2]),
    ]
    for (shape, xStrides, yStrides) in cases {
      let extent = { (strides: [Int]) in zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 } }
      var noise = Noise(shape.count)
      let x = noise.numbers(extent(xStrides))
      let start = noise.numbers(extent(yStrides))
      var expected = start
      ck_copy_strided_reference(shape.count, shape, x, xStrides, &expected, yStrides)
      ck_add_strided_reference(shape.count, shape, x, xStrides, &expected, yStrides)
      for threads in 1...3 {
        Rooms.withContext(ck_isa_best(), threads: Int32(threads)) { context in
          var y = start
          ck_copy_strided(context, shape.count, shape, x, xStrides, &y, yStrides)
          ck_add_strided(context, shape.count, shape, x, xStrides, &y, yStrides)
          expectSame(y, expected, "\(shape) from \(xStrides) to \(yStrides) on \(threads) threads")
        }
      }
    }
  }

  /// The adjoint of copying into zeros is copying back, adding where x repeats.
  @Test func copyBackIsTheAdjoint() {
    var noise = Noise(2)
    for _ in 0..<Self.cases {
      let c = StridedCase(&noise, repeats: false)
      let rank = c.shape.count
      let (x, y) = (noise.whole(max(c.xCount, 1)), noise.whole(max(c.yCount, 1)))
      var (image, back) = (
        [Float](repeating: 0, count: y.count), [Float](repeating: 0, count: x.count)
      )
      ck_copy_strided(nil, rank, c.shape, x, c.xStrides, &image, c.yStrides)
      ck_add_strided(nil, rank, c.shape, y, c.yStrides, &back, c.xStrides)
      expectAdjoint(inner(image, y), inner(x, back), "\(c)")
    }
  }

  @Test func negativeStridesFlip() {
    let x: [Float] = (0..<100).map(Float.init)
    var y = [Float](repeating: 0, count: 100)
    x.withUnsafeBufferPointer { buffer in
      let status = ck_copy_strided(nil, 1, [100], buffer.baseAddress.map { $0 + 99 }, [-1], &y, [1])
      #expect(status == .ok)
    }
    expectSame(y, x.reversed(), "reversed")
  }

  @Test func fillWritesItsRangeOnly() {
    Rooms.withContext(ck_isa_best(), threads: 2) { context in
      for size in Rooms.sizes {
        let y = Guarded(count: size, shift: size % 16)
        ck_fill(context, size, -2.5, y.pointer)
        #expect(y.values.allSatisfy { $0 == -2.5 } && y.isIntact)
      }
    }
  }

  @Test func gatheringIsTheReferenceAndItsAdjoint() {
    for threads in 1...3 {
      Rooms.withContext(ck_isa_best(), threads: Int32(threads)) { context in
        for (count, columns, rows) in [
          (0, 3, 4), (1, 1, 1), (7, 24, 3), (500, 17, 40), (3_000, 33, 1_000), (50, 0, 3),
          (4, 5, 100),
          (100, 1_009, 30),
        ] {
          var noise = Noise(count + columns)
          let indices = (0..<count).map { _ in Int32(noise.integer(0...(rows - 1))) }
          let (table, y) = (noise.whole(rows * columns), noise.whole(count * columns))
          var (expected, expectedTable) = (y, table)
          ck_gather_rows_reference(count, columns, indices, table, &expected)
          ck_gather_rows_adjoint_reference(count, columns, rows, indices, y, &expectedTable)
          let (gathered, scattered) = (Guarded(count: y.count), Guarded(count: table.count))
          ck_gather_rows(context, count, columns, rows, indices, table, gathered.pointer)
          ck_gather_rows_adjoint(context, count, columns, rows, indices, y, scattered.pointer)
          expectSame(gathered.values, expected, "\(count) rows")
          expectSame(scattered.values, expectedTable, "\(count) rows")
          #expect(gathered.isIntact && scattered.isIntact)
          expectAdjoint(inner(gathered.values, y), inner(table, scattered.values), "\(count) rows")
        }
      }
    }
  }
}
