import SwiftDL
package import SwiftDLAudio

/// What a mask on the mixture's spectrogram can do that knows the true sources: a ceiling for systems
/// that estimate such masks.
///
/// Masks are made for each channel, from frames of 2048 samples every 512, and keep the mixture's phases.
/// The mixture is masked piece by piece while the estimates are read; the samples are those that the whole
/// at once would give. Memory: two pieces of 65,536 frames for each source, and their spectrograms.
package final class MaskedMixture {
  /// S is the spectrogram of a source, X that of the mixture.
  package enum Mask: Sendable {
    /// |S|² / Σ|Sⱼ|² over all sources j: the “IRM2” of F.-R. Stöter, A. Liutkus, N. Ito, "The 2018 Signal
    /// Separation Evaluation Campaign", LVA/ICA 2018.
    case ratio
    /// 1 where |S| ≥ |X| / 2, else 0: the “IBM1” of the same. Bins in which sources cancel each other may
    /// go to several of them, or to none.
    case binary
  }

  private static let transform = STFT(size: 2048, hop: 512)
  /// A multiple of the hop, so that pieces have the frames of the whole.
  private static let pieceFrames = 512 * 128
  /// How far an output sample looks: half a frame to the frame's centre, and half a frame beyond.
  private static let margin = 2048

  private let mask: Mask
  private let sources: [FrameStream]
  private let others: [FrameStream]
  private let mixture: FrameStream
  /// The last two pieces, in the order in which they were made: a block that is read may lie across both.
  private var pieces: [(index: Int, samples: [[Float]])] = []

  /// - Parameters:
  ///   - sources: those to estimate.
  ///   - others: what else is in the mixture.
  package init(
    _ mixture: FrameStream, mask: Mask, sources: [FrameStream], others: [FrameStream]
  ) {
    for stream in sources + others {
      require(
        stream.frames == mixture.frames && stream.channels == mixture.channels,
        "MaskedMixture: \(stream.frames) frames of \(stream.channels) channels in a mixture of "
          + "\(mixture.frames) of \(mixture.channels)")
    }
    self.mixture = mixture
    self.mask = mask
    self.sources = sources
    self.others = others
  }

  /// The estimates of the sources, in their order. Reading them together, front to back, is quick.
  package var estimates: [FrameStream] {
    sources.indices.map { source in
      let channels = mixture.channels
      return FrameStream(
        frames: mixture.frames, channels: channels, sampleRate: mixture.sampleRate
      ) { [self] range throws(FileError) in
        var samples: [Float] = []
        for index in range.lowerBound / Self.pieceFrames...(range.upperBound - 1) / Self.pieceFrames {
          let start = index * Self.pieceFrames
          let inside = range.clamped(to: start..<start + Self.pieceFrames)
          samples += try piece(index)[source][
            (inside.lowerBound - start) * channels..<(inside.upperBound - start) * channels]
        }
        return samples
      }
    }
  }

  /// The interleaved samples of a piece, by source.
  private func piece(_ index: Int) throws(FileError) -> [[Float]] {
    if let piece = pieces.first(where: { $0.index == index }) { return piece.samples }
    let start = index * Self.pieceFrames
    let end = min(start + Self.pieceFrames, mixture.frames)
    let range = max(0, start - Self.margin)..<min(end + Self.margin, mixture.frames)
    func sound(_ stream: FrameStream) throws(FileError) -> AudioBuffer {
      var samples: [Float] = []
      try stream.withSamples(range) { samples = Array($0) }
      return AudioBuffer(samples: samples, channels: stream.channels, sampleRate: stream.sampleRate)
    }
    let whole = try sound(mixture)
    var sounds: [AudioBuffer] = []
    for stream in sources + (mask == .ratio ? others : []) { sounds.append(try sound(stream)) }

    let channels = mixture.channels
    var samples = [[Float]](
      repeating: [Float](repeating: 0, count: (end - start) * channels), count: sources.count)
    for channel in 0..<channels {
      let estimates = masked(whole.channel(channel), sounds.map { $0.channel(channel) })
      for (source, estimate) in estimates.enumerated() {
        for frame in 0..<end - start {
          samples[source][frame * channels + channel] = estimate[start - range.lowerBound + frame]
        }
      }
    }
    pieces = pieces.suffix(1) + [(index, samples)]
    return samples
  }

  /// The estimates of all sources in one channel.
  private func masked(_ mixture: [Float], _ sounds: [[Float]]) -> [[Float]] {
    let spectrogram = Self.transform.forward(mixture)
    let powers = sounds.map { Self.transform.forward($0).power }
    var whole = spectrogram.power
    if mask == .ratio {
      whole = powers[0]
      for power in powers.dropFirst() {
        for index in whole.indices { whole[index] += power[index] }
      }
    }
    var estimates = [[Float]](repeating: [], count: sources.count)
    estimates.withUnsafeMutableBufferPointer { estimates in
      nonisolated(unsafe) let estimates = estimates
      concurrently(estimates.count) { source in
        let mask = zip(powers[source], whole).map(mask.gain)
        estimates[source] = Self.transform.inverse(
          spectrogram.masked(by: mask), length: mixture.count)
      }
    }
    return estimates
  }
}

extension MaskedMixture.Mask {
  /// - Parameter whole: the power of all sources, for a binary mask that of the mixture.
  fileprivate func gain(_ power: Float, _ whole: Float) -> Float {
    // Where all are silent there is nothing to pass.
    switch self {
    case .ratio: whole > 0 ? power / whole : 0
    case .binary: whole > 0 && 4 * power >= whole ? 1 : 0
    }
  }
}
