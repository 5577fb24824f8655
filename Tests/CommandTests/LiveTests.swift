import Foundation
import SwiftDL
import SwiftDLAudio
import SwiftDLModels
import Testing

/// What `swiftdl live` does with the bytes of its standard input.
@Suite struct LiveTests {
  private let workshop: Workshop
  private let model: String
  private let mixture: [Float]

  init() throws {
    workshop = try Workshop()
    model = workshop("mask.safetensors")
    try Program.succeed(["models", "init", "mask-tcn-tiny", "--seed", "3", "-o", model])
    var random = RandomStream(seed: 2)
    mixture = random.uniform([5000], in: -0.9..<0.9).scalars
  }

  /// The bytes that come out of a shell's pipe into the program.
  private func live(_ arguments: String, from name: String) throws -> Data {
    let out = workshop("out.raw")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "'\(Program.path)' live -m '\(model)' \(arguments) < '\(workshop(name))' > '\(out)' 2>/dev/null",
    ]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try Data(contentsOf: URL(fileURLWithPath: out))
  }

  private func floats(_ bytes: Data) -> [Float] {
    bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { Float(bitPattern: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
    }
  }

  @Test func aFileIsSeparatedAsSeparateDoesIt() throws {
    try workshop.write(mixture.withUnsafeBytes { Data($0) }, to: "in.raw")
    try AudioFile.write(AudioBuffer(samples: mixture, channels: 1, sampleRate: 8000), to: workshop("in.wav"))
    try Program.succeed(["separate", workshop("in.wav"), "-m", model, "-o", workshop("out"), "--quiet"])
    for stem in ["vocals", "accompaniment"] {
      let expected = try AudioFile.read(workshop("out/mask/in/\(stem).wav")).samples
      let found = floats(try live("--aligned --stem \(stem)", from: "in.raw"))
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
      // Without alignment as many frames come out as go in, and later.
      let latency = MaskTCNConfiguration.tiny.receptiveField.after
      let late = floats(try live("--stem \(stem)", from: "in.raw"))
      #expect(late.count == mixture.count)
      #expect(Array(late.dropFirst(latency)) == Array(found.prefix(mixture.count - latency)))
    }
  }

  @Test func sixteenBits() throws {
    let samples = mixture.map { Int16(($0 * 32767).rounded()) }
    try workshop.write(samples.withUnsafeBytes { Data($0) }, to: "in.s16")
    let short = try live("--aligned --format s16le", from: "in.s16")
    let exact = samples.map { Float($0) / 32768 }
    try workshop.write(exact.withUnsafeBytes { Data($0) }, to: "in.f32")
    let float = floats(try live("--aligned", from: "in.f32"))
    #expect(short.count == 2 * float.count)
    short.withUnsafeBytes { raw in
      for index in float.indices {
        let sample = Float(raw.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self)) / 32768
        #expect(abs(sample - float[index]) < 1.0 / 32768)
      }
    }
  }

  @Test func whatCannotRunLiveIsSaid() throws {
    let other = try workshop.model()
    expectRefusal(try Program.run(["live", "-m", other]), naming: "wave-u-net", "does not run live")
    let stem = try Program.run(["live", "-m", model, "--stem", "drums"])
    #expect(stem.status != 0 && stem.errors.contains("drums") && stem.errors.contains("vocals, accompaniment"))
    try workshop.write(Data([1, 2, 3]), to: "odd.raw")
    let odd = try Program.run(["live", "-m", model], input: workshop("odd.raw"))
    #expect(odd.status != 0 && odd.errors.contains("in the middle of a frame"))
    expectRefusal(try Program.run(["live", "-m", workshop("none.safetensors")]), naming: "none.safetensors")
  }
}
