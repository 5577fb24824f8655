public import SwiftDLAudio

/// The best that a real, positive mask between 0 and 1 on the mixture's spectrogram can be expected
/// to do: |S|² / Σ|Sⱼ|² over all sources j (exponent 2, the “IRM2” of SiSEC 2018), for each
/// channel, with frames of 2048 samples every 512.
public enum IdealRatioMask {
  private static let transform = STFT(size: 2048, hop: 512)
  /// Frames worked on at once; a multiple of the hop, so that pieces have the frames of the whole.
  private static let piece = 512 * 1024
  /// How far an output sample looks: half a frame to the frame's centre, and half a frame beyond.
  private static let margin = 2048

  /// The estimate of a source from the mixture, knowing it and the other sources. Memory: pieces of
  /// 12 s at 44,100 Hz, which give the same samples as the whole would.
  public static func estimate(
    of source: AudioBuffer, among others: [AudioBuffer], in mixture: AudioBuffer
  ) -> AudioBuffer {
    for sound in others + [mixture] {
      precondition(
        sound.frames == source.frames && sound.channels == source.channels,
        "IdealRatioMask: \(sound.frames) frames of \(sound.channels) channels beside "
          + "\(source.frames) of \(source.channels)")
    }
    let channels = source.channels
    var result = AudioBuffer(
      silence: source.frames, channels: channels, sampleRate: source.sampleRate)
    for start in stride(from: 0, to: source.frames, by: piece) {
      let end = min(start + piece, source.frames)
      let range = max(0, start - margin)..<min(end + margin, source.frames)
      for channel in 0..<channels {
        func spectrogram(_ sound: AudioBuffer) -> Spectrogram {
          transform.forward(sound[range].channel(channel))
        }
        let own = spectrogram(source).power
        var sum = own
        for other in others {
          let power = spectrogram(other).power
          for index in sum.indices { sum[index] += power[index] }
        }
        // Where all are silent there is nothing to pass.
        let mask = zip(own, sum).map { $1 > 0 ? $0 / $1 : 0 }
        let masked = spectrogram(mixture).masked(by: mask)
        let samples = transform.inverse(masked, length: range.count)
        for frame in start..<end {
          result.samples[frame * channels + channel] = samples[frame - range.lowerBound]
        }
      }
    }
    return result
  }
}
