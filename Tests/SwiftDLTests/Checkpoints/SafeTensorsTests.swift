import Glibc
import SwiftDL
import TestSupport
import Testing

@Suite struct SafeTensorsTests {
  @Test func roundTripKeepsEveryBitNameAndOrder() throws {
    let scratch = try Scratch()
    var random = TestRandom(seed: 3)
    for trial in 0..<30 {
      var tensors = ParameterValues()
      for index in 0..<random.integer(in: 0...9) {
        let shape = random.shape(ranks: 0...6, extents: 0...4)
        // Any bits at all: not-a-numbers keep their payload, zeros their sign.
        let numbers = (0..<shape.elementCount).map { _ in
          Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
        }
        tensors.append("layer.\(index)/ü \"\\\n\(random.next())", Tensor(shape, numbers))
      }
      let metadata = [
        "config": "{\"a\": [1, 2]}\n\t\u{1}", "": "empty name", "☃": "", "\(trial)": "𝄞",
      ]
      try SafeTensorsFile.write(tensors, metadata: metadata, to: scratch("m.safetensors"))
      let (read, strings) = try SafeTensorsFile.read(scratch("m.safetensors"))
      #expect(read.paths == tensors.paths)
      #expect(strings == metadata)
      for (actual, expected) in zip(read.tensors, tensors.tensors) {
        expectIdentical(actual, expected)
      }
      #expect(scratch.contents == ["m.safetensors"])
    }
  }

  @Test func halvesAreRoundedToTheNearest() throws {
    let scratch = try Scratch()
    let path = scratch("halves.safetensors")
    let numbers: [Float] = [
      0, -0.0, 1, 1.00390625, 1.01171875, -3.14159265, 6.5e4, 3.3e38, .infinity, -.infinity, .nan,
      Float(sign: .plus, exponent: -133, significand: 1),
    ]
    for (type, relative) in [(StoredFloat.bfloat16, Float(0x1p-8)), (.float16, 0x1p-11)] {
      var tensors = ParameterValues()
      tensors.append("x", Tensor([numbers.count], numbers))
      try SafeTensorsFile.write(tensors, as: type, to: path)
      let read = try SafeTensorsFile(path).tensor("x").scalars
      for (x, y) in zip(numbers, read) {
        let isTooLarge = type == .float16 && abs(x) > 65504
        #expect(
          x == y || x.isNaN && y.isNaN
            || (isTooLarge
              ? y.isInfinite && x.sign == y.sign
              : abs(x - y) <= relative * abs(x) + Float(sign: .plus, exponent: -133, significand: 1))
        )
      }
    }
    // Halfway between two of bfloat16's numbers the even one is taken: 1 + 2⁻⁸ goes down, 1 + 3 · 2⁻⁸ up.
    var tensors = ParameterValues()
    tensors.append("x", Tensor([2], [1.00390625, 1.01171875]))
    try SafeTensorsFile.write(tensors, as: .bfloat16, to: path)
    #expect(try SafeTensorsFile(path).tensor("x").scalars == [1, 1.015625])
  }

  @Test func readsWhatPythonWrites() throws {
    let file = try SafeTensorsFile(fixture("python.safetensors"))
    #expect(file.metadata == ["config": "{\"levels\": 3}", "ключ": "line\nbreak \"☃\" 𝄞"])
    let ramp = Tensor([3, 4], (0..<12).map { Float($0) / 4 - 1 })
    for type in ["f16", "bf16", "f32", "f64"] { expectIdentical(try file.tensor(type), ramp, type) }
    expectIdentical(
      try file.tensor("i16", convertingIntegers: true), Tensor([2, 6], (-6..<6).map(Float.init)))
    expectIdentical(
      try file.tensor("i64", convertingIntegers: true), Tensor((-6..<6).map(Float.init)))
    expectIdentical(
      try file.tensor("u8", convertingIntegers: true), Tensor((0..<12).map(Float.init)))
    expectIdentical(
      try file.tensor("bool", convertingIntegers: true),
      Tensor((0..<12).map { $0 % 3 == 0 ? 1 : 0 }))
    expectIdentical(try file.tensor("number"), Tensor(0.5))
    #expect(try file.tensor("empty").shape == [0, 5])
    #expect(try file.tensor("großer.name/☃").scalars == [1, 1])
    #expect(file.entry("i64")?.type == .int64)
  }

  @Test func integersAreRefusedUnlessAskedFor() throws {
    let file = try SafeTensorsFile(fixture("python.safetensors"))
    let problem = try #require(failure { _ = try file.tensor("i64") })
    #expect(problem.problem.contains("\"i64\" holds I64"))
    let unknown = try #require(failure { _ = try file.tensor("f61") })
    #expect(unknown.description.contains("has no tensor \"f61\" (did you mean f"))
  }

  // MARK: Bad files

  /// A file with the given header and so many bytes of data.
  static func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
      + Array(repeating: 0, count: data)
  }

  static func entry(_ type: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
    "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
  }

  static let badFiles: [(bytes: [UInt8], says: String)] = [
    ([], "it is empty"),
    ([1, 2, 3], "not a safetensors file"),
    (Array("PK\u{3}\u{4} and so on".utf8), "zip archive, perhaps a PyTorch checkpoint"),
    (Array("RIFF....WAVEfmt ".utf8), "WAV file"),
    (file("[1, 2, 3, 4]"), "not a safetensors file"),
    (file("{}", length: 1 << 40), "more than 100000000"),
    (file("{}", length: .max), "more than 100000000"),
    (file("{}", length: 90), "ends inside its header"),
    (file("{}x"), "text after the end"),
    (file("{}", data: 4), "holds 4 bytes of data"),
    (file("{\"a\":"), "a value is expected"),
    (file("{\"a\":1}"), "lacks dtype"),
    (
      file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", data: 4),
      "lacks dtype, shape or data_offsets"
    ),
    (file("{\"a\":\(entry("F8_E4M3", "[4]", 0, 4))}", data: 4), "F8_E4M3"),
    (file("{\"a\":\(entry("F32", "[-1]", 0, 4))}", data: 4), "lacks"),
    (file("{\"a\":\(entry("F32", "[1.5]", 0, 4))}", data: 4), "lacks"),
    (file("{\"a\":\(entry("F32", "[1]", 0, 8))}", data: 8), "occupies bytes 0 to 8"),
    (file("{\"a\":\(entry("F32", "[1]", 4, 0))}", data: 4), "occupies"),
    (file("{\"a\":\(entry("F32", "[1]", 4, 8))}", data: 8), "leaves a gap"),
    (file("{\"a\":\(entry("F32", "[2]", 0, 8))}", data: 4), "ends inside the data of \"a\""),
    (
      file("{\"a\":\(entry("F32", "[1]", 0, 4)),\"b\":\(entry("F32", "[1]", 0, 4))}", data: 4),
      "overlaps"
    ),
    (
      file("{\"a\":\(entry("F32", "[2]", 0, 8)),\"b\":\(entry("F32", "[1]", 4, 8))}", data: 8),
      "overlaps"
    ),
    (
      file("{\"a\":\(entry("F32", "[1]", 0, 4)),\"a\":\(entry("F32", "[1]", 4, 8))}", data: 8),
      "twice"
    ),
    (file("{\"a\":\(entry("F32", "[4611686018427387904,4]", 0, 0))}"), "too large"),
    (
      file("{\"a\":\(entry("F32", "[4611686018427387904,0,4611686018427387904]", 0, 0))}"),
      "too large"
    ),
    (file("{\"a\":\(entry("F64", "[2305843009213693952]", 0, 0))}"), "occupies"),
    (file("{\"a\":\(entry("F32", "[99999999999999999999]", 0, 4))}", data: 4), "lacks"),
    (file("{\"a\":\(entry("F32", "[1,1,1,1,1,1,1]", 0, 4))}", data: 4), "rank above 6"),
    (file("{\"__metadata__\":{\"a\":1}}"), "\"a\" is not a string"),
    (file("{\"__metadata__\":[]}"), "not an object"),
    (file("{\"a\":" + String(repeating: "[", count: 100_000)), "more than 64 levels"),
    (Array([4, 0, 0, 0, 0, 0, 0, 0]) + Array("{\"".utf8) + [0xff, 0x22], "not UTF-8"),
  ]

  @Test func badFilesAreToldApart() throws {
    let scratch = try Scratch()
    for (bytes, says) in Self.badFiles {
      let path = try scratch.write(bytes, "bad.safetensors")
      let problem = try #require(failure { _ = try SafeTensorsFile(path) }, "\(says)")
      #expect(problem.description.contains(says), "\(problem)")
      #expect(problem.path == path && !problem.description.contains("\n"))
    }
  }

  @Test func placesWithoutAFileAreToldApart() throws {
    let scratch = try Scratch()
    #expect(failure { _ = try SafeTensorsFile(scratch("none")) }?.hint == "check the path")
    #expect(failure { _ = try SafeTensorsFile(scratch.path) }?.problem == "is not a regular file")
    #expect(failure { _ = try SafeTensorsFile("/dev/zero") }?.problem == "is not a regular file")
  }

  @Test func aFileCutAfterOpeningIsNoticedWhenItIsRead() throws {
    let scratch = try Scratch()
    let tensors = ParameterValues(paths: ["a", "b"], tensors: [.ones([10]), .ones([100])])
    try SafeTensorsFile.write(tensors, to: scratch("m"))
    let file = try SafeTensorsFile(scratch("m"))
    #expect(truncate(scratch("m"), off_t(try scratch.bytes("m").count - 300)) == 0)
    #expect(try file.tensor("a").scalars == Array(repeating: 1, count: 10))
    let problem = failure { _ = try file.tensor("b") }
    #expect(problem?.problem.contains("before its data does") == true)
    let again = failure { _ = try SafeTensorsFile(scratch("m")) }
    #expect(again?.problem.contains("ends inside the data of \"b\"") == true)
  }

  /// Any damage to a small file is either noticed or harmless: it never crashes.
  @Test func damagedFilesNeverCrash() throws {
    let scratch = try Scratch()
    let model = TwoTensors()
    try model.save(to: scratch("m"), metadata: ["config": "{\"levels\": [1, 2.5e3, \"\\u00e4\"]}"])
    let whole = try scratch.bytes("m")
    let header = 8 + Int(whole[0]) + 256 * Int(whole[1])
    let interesting = Array("{}[]\",:0919e-.\\u".utf8) + [0, 0x20, 0x7f, 0x80, 0xc3, 0xff]
    var random = TestRandom(seed: 11)
    var (loaded, refused) = (0, 0)
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0..<random.integer(in: 1...3) where !bytes.isEmpty {
        let place = random.integer(in: 0...min(header, bytes.count - 1))
        switch random.integer(in: 0...5) {
        case 0: bytes[place] ^= 1 << UInt8(random.integer(in: 0...7))
        case 1: bytes[place] = interesting.randomElement(using: &random) ?? 0
        case 2: bytes.removeLast(random.integer(in: 0...bytes.count))
        case 3: bytes.remove(at: place)
        case 4: bytes.insert(interesting.randomElement(using: &random) ?? 0, at: place)
        default:
          let end = min(bytes.count, place + random.integer(in: 0...40))
          bytes.insert(contentsOf: bytes[place..<end], at: random.integer(in: 0...place))
        }
      }
      let path = try scratch.write(bytes, "damaged")
      var copy = model
      if let problem = failure({ try copy.load(from: path) }) {
        refused += 1
        #expect(problem.path == path)
        expectIdentical(copy.weight, model.weight, "after an error the model is as it was")
      } else {
        loaded += 1
      }
    }
    #expect(loaded + refused == 2000 && refused > 1500)
  }
}
