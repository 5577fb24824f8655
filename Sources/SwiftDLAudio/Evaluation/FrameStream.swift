package import SwiftDL

/// Sound that is read from a file, or made of other streams, while it is measured: hours of it in the
/// memory of a block.
///
/// Blocks that overlap are fetched once: what the last range held is kept for the next. Going back is
/// possible, and as dear as the file's format makes it.
package final class FrameStream: FrameSource {
  package let frames: Int
  package let channels: Int
  package let sampleRate: Int
  private let fetch: (Range<Int>) throws(FileError) -> [Float]
  private var kept: [Float] = []
  private var keptStart = 0

  /// - Parameter fetch: the interleaved samples of a range of frames that is not empty.
  package init(
    frames: Int, channels: Int, sampleRate: Int,
    fetch: @escaping (Range<Int>) throws(FileError) -> [Float]
  ) {
    self.frames = frames
    self.channels = channels
    self.sampleRate = sampleRate
    self.fetch = fetch
  }

  /// A sound file.
  ///
  /// - Parameter channel: the only one wanted, from 0; all when absent.
  /// - Throws: `FileError` here if it cannot be opened, later if it cannot be read.
  package convenience init(_ path: String, channel: Int? = nil) throws(FileError) {
    let reader = try AudioReader(path)
    let info = reader.info
    self.init(
      frames: info.frames, channels: channel == nil ? info.channels : 1, sampleRate: info.sampleRate
    ) { range throws(FileError) in
      try reader.seek(toFrame: range.lowerBound)
      let sound = try reader.read(maxFrames: range.count)
      return channel.map(sound.channel) ?? sound.samples
    }
  }

  /// Streams of equal shape added up, in single precision, in order.
  package convenience init(sumOf streams: [FrameStream]) {
    require(!streams.isEmpty, "FrameStream: a sum of no streams has no length")
    let channels = streams[0].channels
    self.init(frames: streams[0].frames, channels: channels, sampleRate: streams[0].sampleRate) {
      range throws(FileError) in
      var sum = [Float](repeating: 0, count: range.count * channels)
      for stream in streams {
        try stream.withSamples(range) { samples in
          for index in sum.indices { sum[index] += samples[index] }
        }
      }
      return sum
    }
  }

  /// Digital silence.
  package convenience init(silence frames: Int, channels: Int, sampleRate: Int) {
    self.init(frames: frames, channels: channels, sampleRate: sampleRate) { range in
      [Float](repeating: 0, count: range.count * channels)
    }
  }

  /// This stream, cut or followed by silence so as to have so many frames.
  package func extended(toFrames length: Int) -> FrameStream {
    if length == frames { return self }
    let limits = 0..<frames
    return FrameStream(frames: length, channels: channels, sampleRate: sampleRate) {
      [self] range throws(FileError) in
      var result: [Float] = []
      let inside = range.clamped(to: limits)
      if !inside.isEmpty { try withSamples(inside) { result = Array($0) } }
      return result + [Float](repeating: 0, count: range.count * channels - result.count)
    }
  }

  package func withSamples(
    _ range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) -> Void
  ) throws(FileError) {
    let keptEnd = keptStart + kept.count / channels
    if (keptStart..<keptEnd).contains(range.lowerBound) {
      kept.removeFirst((range.lowerBound - keptStart) * channels)
    } else {
      kept.removeAll(keepingCapacity: true)
    }
    keptStart = range.lowerBound
    let held = kept.count / channels
    if held < range.count { kept += try fetch(range.lowerBound + held..<range.upperBound) }
    kept.withUnsafeBufferPointer { samples in
      body(UnsafeBufferPointer(rebasing: samples[..<(range.count * channels)]))
    }
  }
}
