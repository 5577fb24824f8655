import Glibc
public import SwiftDL

/// A sound file written block by block, which appears at its place with `finish()`.
///
/// Until then it lives under a temporary name beside its place; dropped without `finish()`, it
/// leaves nothing behind, and an older file of that name stays as it was.
public final class AudioWriter {
  public let path: String
  public let channels: Int
  public let sampleRate: Int
  /// How many frames have been written so far.
  public private(set) var frames = 0
  private let allowNonFinite: Bool
  private var encoder: (any SoundEncoder)?

  /// Opens a file for writing.
  ///
  /// - Parameters:
  ///   - sampleRate: frames per second, at least 1.
  ///   - allowNonFinite: whether NaN and infinite samples are written (integers take NaN as 0)
  ///     instead of being an error.
  ///   - tags: what the file tells of its content.
  public init(
    _ path: String, channels: Int, sampleRate: Int, format: AudioFormat = .wav(.float32),
    allowNonFinite: Bool = false, tags: AudioTags = AudioTags()
  ) throws(FileError) {
    precondition(
      (1...1024).contains(channels), "AudioWriter: \(channels) channels; 1 to 1024 work")
    precondition(
      (1...0x7FFF_FFFF).contains(sampleRate),
      "AudioWriter: \(sampleRate) Hz; 1 to 2147483647 work")
    self.path = path
    self.channels = channels
    self.sampleRate = sampleRate
    self.allowNonFinite = allowNonFinite
    if case .wav(let sampleFormat) = format {
      encoder = try WAVEncoder(
        path, channels: channels, sampleRate: sampleRate, format: sampleFormat, tags: tags)
    } else {
      encoder = try LibraryEncoder(
        path, channels: channels, sampleRate: sampleRate, format: format, tags: tags)
    }
  }

  /// Appends interleaved samples: whole frames.
  public func write(_ samples: [Float]) throws(FileError) {
    let result: Result<Void, FileError> = samples.withUnsafeBufferPointer { samples in
      do throws(FileError) { return .success(try write(samples)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Appends interleaved samples: whole frames.
  public func write(_ samples: UnsafeBufferPointer<Float>) throws(FileError) {
    guard let encoder else { preconditionFailure("AudioWriter.write after finish: \(path)") }
    precondition(
      samples.count % channels == 0,
      "AudioWriter: \(samples.count) samples are no whole number of frames of \(channels) channels")
    if !allowNonFinite, let bad = samples.firstIndex(where: { !$0.isFinite }) {
      throw FileError(
        path, "frame \(frames + bad / channels) would be \(samples[bad]); nothing was written",
        hint: "sound must be finite numbers; find out what computed this")
    }
    try encoder.write(samples)
    frames += samples.count / channels
  }

  /// Completes the file, syncs it to disk and moves it to its place.
  public func finish() throws(FileError) {
    guard let encoder else { preconditionFailure("AudioWriter.finish twice: \(path)") }
    self.encoder = nil
    try encoder.finish()
  }
}

/// One way of turning float samples into a file.
protocol SoundEncoder: AnyObject {
  func write(_ samples: UnsafeBufferPointer<Float>) throws(FileError)
  func finish() throws(FileError)
}

/// Nearest integer step of a sample, clipped at full scale; 1 is `2^(bits - 1)`, NaN becomes 0.
@inline(__always)
func quantized(_ sample: Float, bits: Int) -> Int32 {
  let scale = Float(1 << (bits - 1))
  if sample.isNaN { return 0 }
  return Int32(min(max((sample * scale).rounded(.toNearestOrEven), -scale), scale - 1))
}
