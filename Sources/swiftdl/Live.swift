import ArgumentParser
import Experiments
import Glibc
import SwiftDL
import SwiftDLModels

struct Live: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Separate sound as it is played: raw samples in on standard input, out on standard output.",
    discussion: """
      Blocks may have any size; every input frame gives one output frame, later by the delay that is told on standard \
      error. The rate is the model's.

        arecord -f FLOAT_LE -c 2 -r 44100 -t raw | swiftdl live -m guitar-live --stem rest | aplay -f FLOAT_LE -c 2 -r 44100
        ffmpeg -i song.mp3 -f f32le -ac 2 -ar 22050 - | swiftdl live -m voice-live --aligned > vocals.f32
      """)

  @Option(
    name: [.short, .long], help: "A trained mask TCN: guitar-live, voice-live, a .safetensors file or a run's folder.")
  var model = "voice-live"
  @Option(help: "The source that comes out; the first one when absent.")
  var stem: String?
  @Option(help: "Samples in and out: f32le or s16le.")
  var format = SampleFormat.f32le
  @Flag(help: "Leave out the delay and go on to the end of the sound: for files, not for people who listen.")
  var aligned = false
  @Option(name: [.customShort("d"), .long], help: "cpu: the only one there is.")
  var device = "cpu"

  func validate() throws {
    if device != "cpu" { throw ValidationError("--device \(device): this program computes on the cpu.") }
  }

  func run() throws {
    let network = try ModelFile.loadSeparator(model)
    guard let network = network as? MaskTCN else {
      throw FileError(
        model, "holds a \(type(of: network).architecture), which does not run live", hint: "mask-tcn networks do")
    }
    // One thread: the next block must not wait for another program's.
    let separator = ComputeContext.$current.withValue(ComputeContext(threads: 1)) { LiveSeparator(network) }
    let source = try index(of: stem ?? separator.sources[0], among: separator.sources)
    let milliseconds = 1000 * Double(separator.latency) / Double(separator.sampleRate)
    note(
      "\(separator.sources[source]) of \(separator.channels) channels at \(separator.sampleRate) Hz, "
        + "\(separator.latency) frames (\(milliseconds.rounded()) ms) after the input")
    var pipe = LivePipe(separator, source: source, format: format)
    if aligned { pipe.toDrop = separator.latency }
    while let bytes = try pipe.read() { try pipe.process(bytes) }
    if aligned { try pipe.drain(separator.latency) }
  }

  private func index(of stem: String, among sources: [String]) throws -> Int {
    if let index = sources.firstIndex(of: stem) { return index }
    throw ValidationError("--stem \(stem): this model knows \(sources.joined(separator: ", ")).")
  }
}

/// How samples are written in a stream of bytes.
enum SampleFormat: String, ExpressibleByArgument, CaseIterable {
  case f32le, s16le

  var bytes: Int { self == .f32le ? 4 : 2 }
}

/// Standard input through a separator to standard output, in buffers made once.
private struct LivePipe {
  private static let most = 1 << 12
  private let separator: LiveSeparator
  private let source: Int
  private let format: SampleFormat
  private let bytesIn: UnsafeMutableRawBufferPointer
  private let bytesOut: UnsafeMutableRawBufferPointer
  private let input: UnsafeMutablePointer<Float>
  private let outputs: [UnsafeMutablePointer<Float>]
  /// Bytes of a frame that has not come whole.
  private var held = 0
  /// Frames at the beginning that are not written.
  var toDrop = 0

  init(_ separator: LiveSeparator, source: Int, format: SampleFormat) {
    self.separator = separator
    self.source = source
    self.format = format
    let count = Self.most * separator.channels
    bytesIn = .allocate(byteCount: count * format.bytes, alignment: 64)
    bytesOut = .allocate(byteCount: count * format.bytes, alignment: 64)
    input = .allocate(capacity: count)
    outputs = separator.sources.map { _ in .allocate(capacity: count) }
  }

  private var frameBytes: Int { separator.channels * format.bytes }

  /// Whole frames of what is there; nil at the end.
  mutating func read() throws -> Int? {
    while true {
      let count = Glibc.read(STDIN_FILENO, bytesIn.baseAddress.map { $0 + held }, bytesIn.count - held)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw FileError("standard input", String(cString: strerror(errno))) }
      if count == 0 {
        if held > 0 {
          throw FileError("standard input", "ends in the middle of a frame", hint: "check --format and channels")
        }
        return nil
      }
      held += count
      if held >= frameBytes { return held / frameBytes }
    }
  }

  /// Separates so many frames and writes what comes out.
  mutating func process(_ frames: Int) throws {
    decode(frames)
    separator.process(input, frames: frames, into: outputs)
    held -= frames * frameBytes
    if held > 0, let base = bytesIn.baseAddress { base.copyMemory(from: base + frames * frameBytes, byteCount: held) }
    try write(frames)
  }

  /// Silence after the end, until everything has come out.
  mutating func drain(_ frames: Int) throws {
    var left = frames
    while left > 0 {
      let count = min(left, Self.most)
      input.update(repeating: 0, count: count * separator.channels)
      separator.process(input, frames: count, into: outputs)
      try write(count)
      left -= count
    }
  }

  private func decode(_ frames: Int) {
    for index in 0..<frames * separator.channels {
      switch format {
      case .f32le: input[index] = Float(bitPattern: bytesIn.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
      case .s16le: input[index] = Float(bytesIn.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self)) / 32768
      }
      // A sample that is no number would never leave the network.
      if !input[index].isFinite { input[index] = 0 }
    }
  }

  private mutating func write(_ frames: Int) throws {
    let dropped = min(toDrop, frames)
    toDrop -= dropped
    let first = dropped * separator.channels
    let count = frames * separator.channels - first
    for index in 0..<count {
      let sample = outputs[source][first + index]
      switch format {
      case .f32le: bytesOut.storeBytes(of: sample.bitPattern, toByteOffset: 4 * index, as: UInt32.self)
      case .s16le:
        let scaled = Int16(max(-32768, min(32767, (sample * 32768).rounded())))
        bytesOut.storeBytes(of: scaled, toByteOffset: 2 * index, as: Int16.self)
      }
    }
    var written = 0
    while written < count * format.bytes {
      let sent = Glibc.write(STDOUT_FILENO, bytesOut.baseAddress.map { $0 + written }, count * format.bytes - written)
      if sent < 0 && errno == EINTR { continue }
      if sent <= 0 { throw FileError("standard output", String(cString: strerror(errno))) }
      written += sent
    }
  }
}
