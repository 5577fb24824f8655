import SwiftDL
import Testing

/// A caller's mistake stops the program with the operation and the shapes, in release builds too.
@Suite struct MessageTests {
  func expect(_ result: ExitTest.Result?, says parts: String...) {
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    for part in parts { #expect(message.contains(part), "\(message)") }
  }

  @Test func broadcast() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([2, 3]) + Tensor.ones([4])
    }
    expect(result, says: "+", "[2, 3]", "[4]")
  }

  @Test func matrices() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = matmul(.ones([2, 3]), .ones([4, 5]))
    }
    expect(result, says: "matmul", "[2, 3]", "[4, 5]")
  }

  @Test func convolution() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv1D(.ones([1, 8, 3]), .ones([5, 2, 4]))
    }
    expect(result, says: "conv1D", "[1, 8, 3]", "[5, 2, 4]")
  }

  @Test func fusedConvolution() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv1D([.ones([1, 8, 3]), .ones([8])], .ones([5, 3, 4]), bias: nil)
    }
    expect(result, says: "conv1D", "[1, 8, 3]", "[8]", "[5, 3, 4]")
  }

  @Test func reshape() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([2, 3]).reshaped([4, 2])
    }
    expect(result, says: "reshaped", "[2, 3]", "[4, 2]")
  }

  @Test func slice() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([2, 3]).sliced(axis: 1, 1..<5)
    }
    expect(result, says: "sliced", "1..<5", "[2, 3]")
  }

  @Test func axis() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([2, 3]).sum(axes: [2])
    }
    expect(result, says: "sum", "axis 2", "[2, 3]")
  }

  @Test func concatenation() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.concatenated([.ones([2, 3]), .ones([3, 2])], axis: 0)
    }
    expect(result, says: "concatenated", "[2, 3]", "[3, 2]")
  }

  @Test func elements() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([2, 2], [1, 2, 3])
    }
    expect(result, says: "3 elements", "[2, 2]")
  }

  @Test func untrackedPoints() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor.ones([2, 3])
      _ = gradients(of: x * x, at: [x])
    }
    expect(result, says: "gradients", "[2, 3]", "tracked()")
  }

  @Test func seeds() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor.ones([2, 3]).tracked()
      _ = gradients(of: x.sum(), at: [x], seed: .ones([3]))
    }
    expect(result, says: "gradients", "seed", "[3]", "[]")
  }

  @Test func changingARecordedValue() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var x = Tensor.ones([2]).tracked()
      x.withUnsafeMutableBuffer { $0[0] = 2 }
    }
    expect(result, says: "takes part in a differentiation")
  }
}
