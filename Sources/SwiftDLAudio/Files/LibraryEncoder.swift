import CSndFile
import Glibc
import SwiftDL

/// FLAC, Ogg Vorbis, Opus, MP3 and bare samples, through libsndfile.
final class LibraryEncoder: SoundEncoder {
  private let atomic: AtomicFile
  private var file: OpaquePointer?
  private let channels: Int
  private let sampleRate: Int
  /// Bits per sample for lossless formats; nil where the encoder takes floats.
  private let bits: Int?
  private let format: AudioFormat
  private var isEmpty = true

  init(
    _ path: String, channels: Int, sampleRate: Int, format: AudioFormat, tags: AudioTags
  ) throws(FileError) {
    self.channels = channels
    self.sampleRate = sampleRate
    self.format = format
    let word: Int
    switch format {
    case .wav: preconditionFailure("LibraryEncoder: WAV is written by WAVEncoder")
    case .flac(let sampleFormat):
      bits = sampleFormat.bits
      word = Int(SF_FORMAT_FLAC) | Int(sampleFormat == .int16 ? SF_FORMAT_PCM_16 : SF_FORMAT_PCM_24)
    case .ogg(let quality):
      precondition((0...1).contains(quality), "AudioFormat.ogg: quality \(quality); 0 to 1 work")
      bits = nil
      word = Int(SF_FORMAT_OGG) | Int(SF_FORMAT_VORBIS)
    case .mp3(let bitrate):
      // Frames below 64 kbit/s have no room for the tag that tells the sound's exact length.
      precondition(
        (64...320).contains(bitrate), "AudioFormat.mp3: \(bitrate) kbit/s; 64 to 320 work")
      bits = nil
      word = Int(SF_FORMAT_MPEG) | Int(SF_FORMAT_MPEG_LAYER_III)
    case .opus:
      bits = nil
      word = Int(SF_FORMAT_OGG) | Int(SF_FORMAT_OPUS)
      guard [8000, 12000, 16000, 24000, 48000].contains(sampleRate) else {
        throw FileError(
          path, "Opus cannot hold sound at \(sampleRate) Hz", hint: "8, 12, 16, 24 and 48 kHz work: --sample-rate 48000")
      }
    case .raw:
      bits = nil
      word = Int(SF_FORMAT_RAW) | Int(SF_FORMAT_FLOAT) | Int(SF_ENDIAN_LITTLE)
    }
    atomic = try AtomicFile(path)
    let opened = try SoundLibrary.openForWriting(
      atomic.temporaryPath, shownAs: path, channels: channels, sampleRate: sampleRate, format: word)
    file = opened
    configure(opened, format: format, sampleRate: sampleRate)
    if format != .raw { tags.write(to: opened) }
  }

  deinit { if let file { sf_close(file) } }

  func write(_ samples: UnsafeBufferPointer<Float>) throws(FileError) {
    // Small blocks: the Vorbis encoder keeps a whole block on the stack.
    let blockSamples = max(1, 8192 / channels) * channels
    var integers: [Int32] = []
    var offset = 0
    while offset < samples.count {
      let part = UnsafeBufferPointer(
        rebasing: samples[offset..<min(offset + blockSamples, samples.count)])
      let frames = sf_count_t(part.count / channels)
      let written: sf_count_t
      errno = 0
      if let bits {
        // The library wants integers at the top of 32 bits.
        integers = part.map { quantized($0, bits: bits) << Int32(32 - bits) }
        written = sf_writef_int(file, integers, frames)
      } else {
        written = sf_writef_float(file, part.baseAddress, frames)
      }
      if written != frames || sf_error(file) != 0 { throw failure() }
      offset += part.count
      isEmpty = false
    }
  }

  func finish() throws(FileError) {
    if isEmpty, !["ogg", "opus", "raw"].contains(format.pathExtension) {
      // The library would leave a file without a header.
      throw FileError(
        atomic.path, "a \(format.pathExtension) file cannot hold a sound of 0 frames",
        hint: "WAV can")
    }
    errno = 0
    sf_write_sync(file)
    if sf_error(file) != 0 { throw failure() }
    let closed = sf_close(file)
    file = nil
    if closed != 0 { throw failure() }
    try atomic.commit()
  }

  /// What the system, or else the library, says about the last call.
  private func failure() -> FileError {
    if let full = SoundLibrary.diskError(atomic.path) { return full }
    if Int(sf_error(file)) == Int(SF_ERR_UNRECOGNISED_FORMAT) {
      return SoundLibrary.formatError(atomic.path, channels: channels, sampleRate: sampleRate)
    }
    return FileError(atomic.path, "cannot be written: \(SoundLibrary.reason(file))")
  }

  private func configure(_ file: OpaquePointer, format: AudioFormat, sampleRate: Int) {
    let doubleSize = Int32(MemoryLayout<Double>.size)
    let intSize = Int32(MemoryLayout<Int32>.size)
    switch format {
    case .wav, .flac, .opus, .raw: break
    case .ogg(let quality):
      var quality = quality
      sf_command(file, Int32(SFC_SET_VBR_ENCODING_QUALITY), &quality, doubleSize)
    case .mp3(let bitrate):
      // The library asks for a compression level, linear between the highest and the lowest rate.
      let range: (highest: Double, lowest: Double) =
        sampleRate >= 32000 ? (320, 32) : sampleRate >= 16000 ? (160, 8) : (64, 8)
      var level = (range.highest - Double(bitrate)) / (range.highest - range.lowest)
      level = min(max(level, 0), 1)
      var mode = Int32(SF_BITRATE_MODE_CONSTANT)
      sf_command(file, Int32(SFC_SET_BITRATE_MODE), &mode, intSize)
      sf_command(file, Int32(SFC_SET_COMPRESSION_LEVEL), &level, doubleSize)
    }
  }
}
