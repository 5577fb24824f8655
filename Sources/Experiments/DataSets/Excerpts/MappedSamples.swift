import Glibc
import SwiftDL

/// Interleaved float32 samples in a mapped file: the system reads the pages touched and may drop
/// them again, so that a corpus of any size takes address space, not memory.
public final class MappedSamples: Sendable {
  public let frames: Int
  public let channels: Int
  // Read-only for as long as the object lives: sharing it is safe.
  private nonisolated(unsafe) let base: UnsafeMutableRawPointer?

  init(_ descriptor: Int32, frames: Int, channels: Int, path: String) throws(FileError) {
    self.frames = frames
    self.channels = channels
    guard frames > 0 else {
      base = nil
      return
    }
    guard let mapped = mmap(nil, frames * channels * 4, PROT_READ, MAP_SHARED, descriptor, 0),
      mapped != MAP_FAILED
    else {
      throw FileError(path, "cannot be mapped: \(String(cString: strerror(errno)).lowercased())")
    }
    base = mapped
  }

  deinit {
    if let base { munmap(base, frames * channels * 4) }
  }

  /// Adds the samples of frames `start` ..< `start + count`, times a factor, to a sum of `count`
  /// frames; beyond the ends there is silence.
  func add(
    from start: Int, count: Int, times factor: Float = 1, to sum: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      sum.count == count * channels,
      "MappedSamples: \(count) frames of \(channels) channels do not fill \(sum.count) samples")
    guard let base else { return }
    let first = max(start, 0)
    let last = min(start + count, frames)
    guard first < last else { return }
    let samples = base.assumingMemoryBound(to: Float.self) + first * channels
    let offset = (first - start) * channels
    for index in 0..<(last - first) * channels { sum[offset + index] += factor * samples[index] }
  }

  /// The samples of frames `start` ..< `start + count`, [count, channels]; beyond the ends there is
  /// silence.
  public func samples(from start: Int, count: Int) -> [Float] {
    var samples = [Float](repeating: 0, count: count * channels)
    samples.withUnsafeMutableBufferPointer { add(from: start, count: count, to: $0) }
    return samples
  }

  /// A number that names the content, the same for the same samples in any file; nil where all is silence.
  var fingerprint: UInt64? {
    guard let base else { return nil }
    // FNV-1a, a sample at a time.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var isSilent = true
    for sample in UnsafeBufferPointer(start: base.assumingMemoryBound(to: Float.self), count: frames * channels) {
      hash = (hash ^ UInt64(sample.bitPattern)) &* 0x100_0000_01B3
      isSilent = isSilent && sample == 0
    }
    return isSilent ? nil : hash
  }
}
