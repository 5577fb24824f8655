import SwiftDL

/// Sound that hands out stretches of frames: a buffer, or a file read as it is needed.
protocol FrameSource: AnyObject {
  associatedtype Failure: Error
  var frames: Int { get }
  var channels: Int { get }
  var sampleRate: Int { get }

  /// The interleaved samples of a range of frames; ranges that move forward are the quick ones.
  func withSamples(
    _ range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) -> Void
  ) throws(Failure)
}

extension FrameSource {
  /// Copies frames, as doubles, to one plane per channel; what is not `within` becomes zeros.
  func copy(
    _ range: Range<Int>, within limits: Range<Int>, to planes: [UnsafeMutablePointer<Double>]
  ) throws(Failure) {
    let inside = range.clamped(to: limits)
    let before = inside.lowerBound - range.lowerBound
    let channels = channels
    for plane in planes { plane.update(repeating: 0, count: range.count) }
    if inside.isEmpty { return }
    try withSamples(inside) { samples in
      for (channel, plane) in planes.enumerated() {
        for frame in 0..<inside.count {
          plane[before + frame] = Double(samples[frame * channels + channel])
        }
      }
    }
  }
}

/// Sound in memory.
final class BufferSource: FrameSource {
  private let buffer: AudioBuffer
  init(_ buffer: AudioBuffer) { self.buffer = buffer }

  var frames: Int { buffer.frames }
  var channels: Int { buffer.channels }
  var sampleRate: Int { buffer.sampleRate }

  func withSamples(_ range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) -> Void) {
    buffer.samples.withUnsafeBufferPointer { samples in
      body(
        UnsafeBufferPointer(
          rebasing: samples[range.lowerBound * channels..<range.upperBound * channels]))
    }
  }
}

/// Sound in a file, read forward; what the last range held is kept for the next to overlap with.
final class FileSource: FrameSource {
  private let reader: AudioReader
  private var kept: [Float] = []
  private var keptStart = 0

  init(_ path: String) throws(FileError) { reader = try AudioReader(path) }

  var frames: Int { reader.info.frames }
  var channels: Int { reader.info.channels }
  var sampleRate: Int { reader.info.sampleRate }

  func withSamples(
    _ range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) -> Void
  ) throws(FileError) {
    let keptEnd = keptStart + kept.count / channels
    if (keptStart..<keptEnd).contains(range.lowerBound) {
      kept.removeFirst((range.lowerBound - keptStart) * channels)
    } else {
      kept.removeAll(keepingCapacity: true)
      try reader.seek(toFrame: range.lowerBound)
    }
    keptStart = range.lowerBound
    let missing = range.count - kept.count / channels
    if missing > 0 { kept += try reader.read(maxFrames: missing).samples }
    kept.withUnsafeBufferPointer { samples in
      body(UnsafeBufferPointer(rebasing: samples[..<(range.count * channels)]))
    }
  }
}
