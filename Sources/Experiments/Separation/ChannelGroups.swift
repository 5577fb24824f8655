import SwiftDL

/// How the channels of a signal are given to a network that takes a fixed number of them: in pairs to a stereo network,
/// one by one to a mono one. A last channel without a partner is given twice, and what comes of it averaged.
struct ChannelGroups: Sendable {
  let channels: Int
  /// The network's channels.
  let width: Int

  var count: Int { (channels + width - 1) / width }

  private func members(_ group: Int) -> Range<Int> { group * width..<min(channels, group * width + width) }

  /// The network's input, `[1, frames, width]`: frames of an interleaved signal that begins at `start`; zeros outside it.
  func input(_ group: Int, _ frames: Range<Int>, of samples: [Float], from start: Int = 0) -> Tensor {
    let own = members(group)
    let known = start..<start + samples.count / channels
    return Tensor(unsafe: [1, frames.count, width]) { memory in
      for (frame, position) in frames.enumerated() {
        for channel in 0..<width {
          let source = own.lowerBound + min(channel, own.count - 1)
          memory[frame * width + channel] =
            known.contains(position) ? samples[(position - start) * channels + source] : 0
        }
      }
    }
  }

  /// Puts what the network says of a group, `[1, frames, sources · width]`, into interleaved estimates of every source.
  ///
  /// - Parameter frames: those of the output that are wanted.
  func spread(_ output: Tensor, _ frames: Range<Int>, ofGroup group: Int, into estimates: inout [[Float]]) {
    precondition(frames.upperBound <= output.shape[1], "ChannelGroups: frames \(frames) of \(output.shape)")
    let own = members(group)
    let stride = output.shape[2]
    output.withUnsafeBuffer { values in
      for source in estimates.indices {
        for (frame, position) in frames.enumerated() {
          let base = position * stride + source * width
          if own.count == width {
            for channel in 0..<width {
              estimates[source][frame * channels + own.lowerBound + channel] = values[base + channel]
            }
          } else {
            let sum = (0..<width).reduce(Float(0)) { $0 + values[base + $1] }
            estimates[source][frame * channels + own.lowerBound] = sum / Float(width)
          }
        }
      }
    }
  }
}
