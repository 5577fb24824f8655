/// Sound that hands out stretches of frames: a buffer, or what is read or computed as it is needed.
package protocol FrameSource: AnyObject {
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
