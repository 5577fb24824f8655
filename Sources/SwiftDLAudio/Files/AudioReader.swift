import CSndFile
import Glibc
public import SwiftDL

/// A sound file read block by block: hours of sound in the memory of one block.
public final class AudioReader {
  public let path: String
  public let info: AudioInfo
  /// What the file tells of its content.
  public let tags: AudioTags
  /// The frame that the next `read` begins with.
  public private(set) var position = 0
  private let file: OpaquePointer
  private let allowNonFinite: Bool

  /// Opens a file; anything but readable sound is an error that says what is wrong with it.
  ///
  /// Samples that are NaN or infinite are an error when they are read, unless `allowNonFinite`.
  public init(_ path: String, allowNonFinite: Bool = false) throws(FileError) {
    self.path = path
    self.allowNonFinite = allowNonFinite
    (file, info, tags) = try SoundLibrary.openForReading(path)
  }

  deinit { sf_close(file) }

  /// Moves to a frame between 0 and the file's number of frames.
  ///
  /// Exact in every format. In Ogg files it decodes all frames on the way (from the beginning, when
  /// it goes back): libsndfile's own seek misses the frame there.
  public func seek(toFrame frame: Int) throws(FileError) {
    precondition(
      (0...info.frames).contains(frame),
      "AudioReader: seek to frame \(frame) of a file of \(info.frames)")
    if frame == position { return }
    if info.format.hasPrefix("Ogg") {
      if frame < position { try jump(toFrame: 0) }
      while position < frame { try skip(min(frame - position, 1 << 16)) }
    } else {
      try jump(toFrame: frame)
    }
  }

  private func jump(toFrame frame: Int) throws(FileError) {
    guard sf_seek(file, sf_count_t(frame), SEEK_SET) == sf_count_t(frame) else {
      throw FileError(
        path, "cannot go to frame \(frame): \(SoundLibrary.reason(file))",
        hint: SoundLibrary.damagedHint)
    }
    position = frame
  }

  private func skip(_ frames: Int) throws(FileError) {
    position += try receive(frames).count / info.channels
  }

  /// The next frames, at most `maxFrames`; an empty buffer at the end.
  public func read(maxFrames: Int) throws(FileError) -> AudioBuffer {
    precondition(maxFrames > 0, "AudioReader.read: maxFrames \(maxFrames); at least 1 is needed")
    let channels = info.channels
    let first = position
    let samples = try receive(min(maxFrames, info.frames - first))
    position += samples.count / channels
    if !allowNonFinite, let bad = Self.firstNonFinite(samples) {
      throw FileError(
        path, "frame \(first + bad / channels), channel \(bad % channels) is \(samples[bad])",
        hint: "sound must be finite numbers; find out what wrote this file")
    }
    return AudioBuffer(samples: samples, channels: channels, sampleRate: info.sampleRate)
  }

  /// Exactly so many frames from the library.
  private func receive(_ wanted: Int) throws(FileError) -> [Float] {
    let channels = info.channels
    var received = 0
    let samples = [Float](unsafeUninitializedCapacity: wanted * channels) { buffer, count in
      if let base = buffer.baseAddress, wanted > 0 {
        received = max(0, Int(sf_readf_float(file, base, sf_count_t(wanted))))
      }
      if isNearEnd(position + received) {
        buffer[(received * channels)...].initialize(repeating: 0)
        received = wanted
      }
      count = received * channels
    }
    guard received == wanted else {
      throw FileError(
        path, "ends after \(position + received) of the \(info.frames) frames it promises",
        hint: SoundLibrary.damagedHint)
    }
    return samples
  }

  /// Whether sound may well end here: an MP3's promise is rounded up to its packets of 1152 frames,
  /// and what is missing of the last is silence.
  private func isNearEnd(_ frame: Int) -> Bool {
    info.format == "MP3" && info.frames - frame < 1152
  }

  /// The index of the first NaN or infinity.
  private static func firstNonFinite(_ samples: [Float]) -> Int? {
    // x - x is 0 for every finite x and NaN otherwise, so one branch-free sum tells for all.
    var sum: Float = 0
    for sample in samples { sum += sample - sample }
    return sum == 0 ? nil : samples.firstIndex { !$0.isFinite }
  }
}
