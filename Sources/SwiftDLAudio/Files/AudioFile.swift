import Glibc
public import SwiftDL

/// Whole sound files, in and out.
public enum AudioFile {
  /// What the file's header says, without reading the sound.
  public static func info(_ path: String) throws(FileError) -> AudioInfo {
    try AudioReader(path).info
  }

  /// The sound of a file, or of `frames` frames of it from `start` on.
  ///
  /// Asking past the end gives what there is. A file that holds fewer frames than it promises, or
  /// samples that are not finite (unless `allowNonFinite`), is an error.
  public static func read(
    _ path: String, start: Int = 0, frames: Int? = nil, allowNonFinite: Bool = false
  ) throws(FileError) -> AudioBuffer {
    precondition(start >= 0, "AudioFile.read: start \(start); frames count from 0")
    precondition(frames ?? 0 >= 0, "AudioFile.read: \(frames ?? 0) frames; 0 or more are needed")
    let reader = try AudioReader(path, allowNonFinite: allowNonFinite)
    let info = reader.info
    let first = min(start, info.frames)
    let count = min(frames ?? .max, info.frames - first)
    let (bytes, overflow) = count.multipliedReportingOverflow(by: info.channels * 4)
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    if overflow || bytes > memory {
      throw FileError(
        path,
        "says it holds \(count) frames of \(info.channels) channels, more than fits in memory",
        hint: "read a part of it; if it is not that long, it is damaged")
    }
    if first > 0 { try reader.seek(toFrame: first) }
    // The header may promise more than there is: memory grows with what is really read.
    var samples: [Float] = []
    samples.reserveCapacity(min(count * info.channels, 1 << 26))
    while samples.count < count * info.channels {
      let block = try reader.read(maxFrames: min(1 << 16, count - samples.count / info.channels))
      if block.isEmpty { break }
      samples += block.samples
    }
    return AudioBuffer(samples: samples, channels: info.channels, sampleRate: info.sampleRate)
  }

  /// Writes a buffer to a file that appears whole or not at all.
  public static func write(
    _ buffer: AudioBuffer, to path: String, format: AudioFormat = .wav(.float32)
  ) throws(FileError) {
    let writer = try AudioWriter(
      path, channels: buffer.channels, sampleRate: buffer.sampleRate, format: format)
    try writer.write(buffer.samples)
    try writer.finish()
  }
}
