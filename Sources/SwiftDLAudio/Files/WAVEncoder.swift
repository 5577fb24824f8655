import Glibc
import SwiftDL

/// WAV files, our own: plain headers every reader knows, the same bytes for the same sound, and
/// no limit at 4 GiB.
///
/// The header reserves room (a `JUNK` chunk) for the 64-bit sizes of EBU Tech 3306. A file that
/// outgrows 32-bit sizes becomes RF64 when it is finished; a smaller one stays an ordinary WAV.
final class WAVEncoder: SoundEncoder {
  private let file: AtomicFile
  private let channels: Int
  private let sampleRate: Int
  private let format: SampleFormat
  private let listChunk: [UInt8]
  private var dataBytes = 0

  init(
    _ path: String, channels: Int, sampleRate: Int, format: SampleFormat, tags: AudioTags
  ) throws(FileError) {
    listChunk = tags.listChunk
    self.channels = channels
    self.sampleRate = sampleRate
    self.format = format
    file = try AtomicFile(path)
    try emit(header())
  }

  func write(_ samples: UnsafeBufferPointer<Float>) throws(FileError) {
    var rest = samples[...]
    while !rest.isEmpty {
      let part = UnsafeBufferPointer(rebasing: rest.prefix(1 << 16))
      rest = rest.dropFirst(part.count)
      let bytes = encoded(part)
      try emit(bytes)
      dataBytes += bytes.count
    }
  }

  func finish() throws(FileError) {
    if dataBytes % 2 == 1 { try emit([0]) }
    // The sizes are known now: the header is written once more, over the first.
    let bytes = header()
    let descriptor = open(file.temporaryPath, O_WRONLY | O_CLOEXEC)
    let written = pwrite(descriptor, bytes, bytes.count, 0)
    let closed = close(descriptor)
    guard written == bytes.count, closed == 0 else {
      throw FileError(file.path, "cannot be written: its header could not be completed")
    }
    try file.commit()
  }

  private func emit(_ bytes: [UInt8]) throws(FileError) {
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { bytes in
      do throws(FileError) { return .success(try file.write(bytes)) } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// Little-endian samples.
  private func encoded(_ samples: UnsafeBufferPointer<Float>) -> [UInt8] {
    let count = samples.count * format.bits / 8
    return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
      initialized = count
      let bytes = UnsafeMutableRawBufferPointer(bytes)
      switch format {
      case .float32:
        for (index, sample) in samples.enumerated() {
          bytes.storeBytes(
            of: sample.bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
        }
      case .int24:
        for (index, sample) in samples.enumerated() {
          let value = quantized(sample, bits: 24)
          bytes[3 * index] = UInt8(truncatingIfNeeded: value)
          bytes[3 * index + 1] = UInt8(truncatingIfNeeded: value >> 8)
          bytes[3 * index + 2] = UInt8(truncatingIfNeeded: value >> 16)
        }
      case .int16:
        for (index, sample) in samples.enumerated() {
          let value = Int16(truncatingIfNeeded: quantized(sample, bits: 16))
          bytes.storeBytes(of: value.littleEndian, toByteOffset: 2 * index, as: Int16.self)
        }
      }
    }
  }

  /// The chunks before the sound, for the sizes known so far.
  private func header() -> [UInt8] {
    let frameBytes = channels * format.bits / 8
    let isFloat = format == .float32
    let formatBytes = isFloat ? 18 : 16
    let factBytes = isFloat ? 12 : 0
    let headerBytes = 12 + 36 + 8 + formatBytes + factBytes + listChunk.count + 8
    let riffBytes = headerBytes - 8 + dataBytes + dataBytes % 2
    let is64 = riffBytes > 0xFFFF_FFFF
    let frames = dataBytes / frameBytes

    var bytes: [UInt8] = []
    func tag(_ name: String) { bytes += Array(name.utf8) }
    func number(_ value: Int, bytes count: Int) {
      for byte in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    func size(_ value: Int) { number(is64 ? 0xFFFF_FFFF : value, bytes: 4) }

    tag(is64 ? "RF64" : "RIFF")
    size(riffBytes)
    tag("WAVE")
    tag(is64 ? "ds64" : "JUNK")
    number(28, bytes: 4)
    for value in [riffBytes, dataBytes, frames] { number(is64 ? value : 0, bytes: 8) }
    number(0, bytes: 4)
    tag("fmt ")
    number(formatBytes, bytes: 4)
    number(isFloat ? 3 : 1, bytes: 2)
    number(channels, bytes: 2)
    number(sampleRate, bytes: 4)
    number(min(sampleRate * frameBytes, 0xFFFF_FFFF), bytes: 4)
    number(frameBytes, bytes: 2)
    number(format.bits, bytes: 2)
    if isFloat {
      number(0, bytes: 2)
      tag("fact")
      number(4, bytes: 4)
      size(frames)
    }
    bytes += listChunk
    tag("data")
    size(dataBytes)
    return bytes
  }
}
