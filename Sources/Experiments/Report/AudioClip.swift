import Foundation

/// A sound inside a report: the bytes of a file that browsers can play.
public struct AudioClip: Sendable {
  public enum Format: String, Sendable {
    case wav = "audio/wav"
    case ogg = "audio/ogg"
    case flac = "audio/flac"
  }

  public var bytes: [UInt8]
  public var format: Format

  /// A file's bytes as they are.
  public init(bytes: [UInt8], format: Format) {
    self.bytes = bytes
    self.format = format
  }

  /// A WAV file of 16 bits from samples within ±1, frame by frame; what lies outside is clipped.
  public init(samples: [Float], channels: Int = 1, rate: Int) {
    precondition(
      channels > 0 && rate > 0 && samples.count % channels == 0,
      "\(samples.count) samples are no whole frames of \(channels) channels at \(rate) Hz")
    func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    let dataSize = samples.count * 2
    var bytes = Array("RIFF".utf8) + little(UInt32(36 + dataSize)) + Array("WAVEfmt ".utf8)
    // Sixteen bytes of format: PCM, channels, rate, bytes a second, bytes a frame, bits.
    bytes +=
      little(UInt32(16)) + little(UInt16(1)) + little(UInt16(channels)) + little(UInt32(rate))
    bytes += little(UInt32(rate * channels * 2)) + little(UInt16(channels * 2)) + little(UInt16(16))
    bytes += Array("data".utf8) + little(UInt32(dataSize))
    bytes.reserveCapacity(44 + dataSize)
    for sample in samples {
      let clipped = sample.isNaN ? 0 : min(max(sample, -1), 1)
      let word = UInt16(bitPattern: Int16((clipped * 32767).rounded()))
      bytes.append(UInt8(truncatingIfNeeded: word))
      bytes.append(UInt8(truncatingIfNeeded: word >> 8))
    }
    self.init(bytes: bytes, format: .wav)
  }

  /// A player that needs nothing but the page.
  func player(label: String) -> String {
    Markup.element(
      "audio",
      [
        "controls": "", "preload": "metadata", "aria-label": label,
        "src": Markup.dataURI(bytes, type: format.rawValue),
      ], "")
  }
}
