import Foundation
import SwiftDL
import TestSupport
import Testing

@Suite struct NumPyTests {
  let ramp = Tensor([2, 3, 4], (0..<24).map { Float($0) / 4 - 3 })

  @Test(arguments: ["float32", "float64", "version2", "column_major"])
  func readsWhatNumPyWrites(name: String) throws {
    expectIdentical(try NumPyFile.read(fixture(name + ".npy")), ramp)
  }

  @Test func readsWholeNumbersAndNumbers() throws {
    expectIdentical(try NumPyFile.read(fixture("int16.npy")), ramp * 4)
    expectIdentical(try NumPyFile.read(fixture("number.npy")), Tensor(0.5))
  }

  /// Byte for byte what numpy.save writes.
  @Test func writesWhatNumPyWrites() throws {
    let scratch = try Scratch()
    try NumPyFile.write(ramp, to: scratch("a"))
    #expect(try scratch.bytes("a") == bytes(of: fixture("float32.npy")))
    try NumPyFile.write(Tensor(0.5), to: scratch("a"))
    #expect(try scratch.bytes("a") == bytes(of: fixture("number.npy")))
  }

  @Test func roundTripKeepsEveryBit() throws {
    let scratch = try Scratch()
    var random = TestRandom(seed: 2)
    for _ in 0..<30 {
      let shape = random.shape(ranks: 0...6, extents: 0...5)
      let tensor = Tensor(
        shape,
        (0..<shape.elementCount).map { _ in
          Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
        })
      try NumPyFile.write(tensor, to: scratch("a"))
      expectIdentical(try NumPyFile.read(scratch("a")), tensor)
      #expect(try scratch.bytes("a").count % 64 == shape.elementCount * 4 % 64)
    }
  }

  @Test func badFilesAreToldApart() throws {
    let scratch = try Scratch()
    func file(_ header: String, data: Int, version: UInt8 = 1) -> [UInt8] {
      [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
        + Array(repeating: 0, count: data)
    }
    func header(_ type: String, _ order: String, _ shape: String) -> String {
      "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
    }
    let bad: [([UInt8], String)] = [
      ([], "it is empty"), (Array("RIFF....WAVE".utf8), "not a NumPy array"),
      (file("", data: 0), "damaged"), (file("{}", data: 0), "damaged"),
      (
        file(header("<f4", "False", "(2,)"), data: 7), "holds 7 bytes, and its shape [2] asks for 8"
      ),
      (file(header("<f4", "False", "(2,)"), data: 9), "holds 9 bytes"),
      (file(header("<c8", "False", "(2,)"), data: 16), "<c8"),
      (file(header("<f4", "Maybe", "(2,)"), data: 8), "damaged"),
      (file(header("<f4", "False", "2"), data: 8), "damaged"),
      (file(header("<f4", "False", "(-2,)"), data: 8), "damaged"),
      (file(header("<f4", "False", "(4611686018427387904, 4)"), data: 8), "too large"),
      (
        file(header("<f4", "False", "(0, 9223372036854775807, 9223372036854775807)"), data: 0),
        "too large"
      ),
      (file(header("<f4", "False", "(1, 1, 1, 1, 1, 1, 1)"), data: 4), "more than 6 axes"),
      (file(header("<f4", "False", "(2,)") + "x", data: 8), "damaged"),
      (file(header("<f4", "False", "(2,)"), data: 8, version: 9), "version 9"),
      (Array(file(header("<f4", "False", "(2,)"), data: 8).prefix(30)), "ends inside its header"),
    ]
    for (bytes, says) in bad {
      let path = try scratch.write(bytes, "bad.npy")
      let problem = try #require(failure { _ = try NumPyFile.read(path) }, "\(says)")
      #expect(problem.description.contains(says), "\(problem)")
    }
    let endian = try #require(failure { _ = try NumPyFile.read(fixture("big_endian.npy")) })
    #expect(endian.problem.contains(">f4"))
  }

  @Test func damagedFilesNeverCrash() throws {
    let scratch = try Scratch()
    let whole = try bytes(of: fixture("float32.npy"))
    var random = TestRandom(seed: 5)
    var refused = 0
    for _ in 0..<1000 {
      var bytes = whole
      for _ in 0..<random.integer(in: 1...3) {
        let place = random.integer(in: 0...min(70, bytes.count - 1))
        if Bool.random(using: &random) {
          bytes[place] = UInt8(truncatingIfNeeded: random.next())
        } else {
          bytes.remove(at: place)
        }
      }
      let path = try scratch.write(bytes, "damaged.npy")
      if failure({ _ = try NumPyFile.read(path) }) != nil { refused += 1 }
    }
    #expect(refused > 500)
  }

  private func bytes(of path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }
}
