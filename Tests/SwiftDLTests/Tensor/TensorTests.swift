import SwiftDL
import TestSupport
import Testing

@Suite struct TensorTests {
  @Test func elementsInRowMajorOrder() {
    let tensor = Tensor([2, 3], [0, 1, 2, 3, 4, 5])
    for row in 0..<2 {
      for column in 0..<3 { #expect(tensor[row, column] == Float(3 * row + column)) }
    }
    #expect(Tensor(7).shape == [])
    #expect(Tensor(7).scalar == 7)
    #expect(Tensor([1, 2, 3]).shape == [3])
    #expect(Tensor.ones([2, 2]).scalars == [1, 1, 1, 1])
    #expect(Tensor(unsafe: [3]) { $0.initialize(repeating: 4) }.scalars == [4, 4, 4])
    #expect(Tensor([2], [1, 2]).description == "Tensor[2](1.0, 2.0)")
  }

  @Test func zeroExtents() {
    let none = Tensor.zeros([3, 0, 2])
    #expect(none.count == 0 && none.scalars.isEmpty && none.isFinite)
    #expect((none + 1).shape == [3, 0, 2])
    #expect((none * Tensor.ones([2])).shape == [3, 0, 2])
    #expect(none.sum().scalar == 0, "an empty sum is 0")
    #expect(none.sum(axes: [1]).scalars == [Float](repeating: 0, count: 6))
    #expect(none.permuted([2, 1, 0]).shape == [2, 0, 3])
    #expect(none.reshaped([0, 5]).shape == [0, 5])
    #expect(none.padded(axis: 1, before: 1, after: 1).scalars == [Float](repeating: 0, count: 12))
    #expect(Tensor.concatenated([none, .ones([3, 1, 2]), none], axis: 1).scalars.allSatisfy { $0 == 1 })
    #expect(Tensor.ones([2, 4]).sliced(axis: 1, 2..<2).shape == [2, 0])
    #expect(Tensor.ones([4, 2]).gatheredRows([]).shape == [0, 2])
    #expect(matmul(.ones([2, 0]), .ones([0, 3])).scalars == [Float](repeating: 0, count: 6))
    #expect(matmul(.ones([2, 2, 0]), .ones([0, 3])).scalars == [Float](repeating: 0, count: 12))
    #expect(matmul(.ones([0, 4]), .ones([4, 3])).shape == [0, 3])
    #expect(conv1D(.ones([1, 2, 1]), .ones([3, 1, 1])).shape == [1, 0, 1], "shorter than the kernel")
    #expect(conv1D(.ones([0, 5, 1]), .ones([3, 1, 2])).shape == [0, 3, 2])
    let point = none.tracked()
    #expect(gradients(of: (2 * point).sum(), at: [point])[0].shape == [3, 0, 2])
  }

  @Test func copiesAreIndependent() {
    let original = Tensor([1, 2, 3])
    var copy = original
    copy.withUnsafeMutableBuffer { $0[0] = 9 }
    #expect(copy.scalars == [9, 2, 3])
    #expect(original.scalars == [1, 2, 3])

    // Views of one memory are values too.
    var reshaped = original.reshaped([3, 1])
    reshaped.withUnsafeMutableBuffer { $0[1] = 9 }
    #expect(original.scalars == [1, 2, 3])
    var sliced = original.sliced(axis: 0, 0..<3)
    sliced.withUnsafeMutableBuffer { $0[2] = 9 }
    #expect(original.scalars == [1, 2, 3])
    var detached = original.tracked().detached
    detached.withUnsafeMutableBuffer { $0[2] = 9 }
    #expect(original.scalars == [1, 2, 3])
  }

  @Test func aSoleOwnerChangesInPlace() {
    var tensor = Tensor([1, 2, 3])
    let before = tensor.withUnsafeBuffer { $0.baseAddress }
    tensor.withUnsafeMutableBuffer { $0[0] = 5 }
    #expect(tensor.withUnsafeBuffer { $0.baseAddress } == before)
  }

  /// What a graph has recorded does not change when the tensor it came from does.
  @Test func recordedValuesAreKept() {
    var weight = Tensor([2, 3])
    let point = Tensor([1, 1]).tracked()
    let product = point * weight
    weight.withUnsafeMutableBuffer { $0[0] = 100 }
    #expect(gradients(of: product, at: [point])[0].scalars == [2, 3])
  }

  @Test func finiteness() {
    #expect(Tensor([1, -2]).isFinite)
    #expect(!Tensor([1, .nan]).isFinite)
    #expect(!Tensor([-.infinity, 0]).isFinite)
  }

  @Test func memoryIsAlignedForVectors() {
    for count in [1, 5, 16, 17, 1000, 1 << 20] {
      let address = Tensor.zeros([count]).withUnsafeBuffer { UInt(bitPattern: $0.baseAddress) }
      #expect(address % 64 == 0)
    }
  }
}
