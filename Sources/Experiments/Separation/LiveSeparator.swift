import Glibc
import SwiftDL
import SwiftDLAudio
public import SwiftDLModels

/// Separates sound as it is played: samples in, as many samples of every source out, `latency` frames later. Blocks may have
/// any size, and nothing is allocated after the beginning.
///
/// What comes out is what `SeparationStream` gives for the whole signal, up to rounding: a frame of the spectrogram
/// costs one step of the network, whose past it remembers.
public final class LiveSeparator {
  /// Frames between a sample and its estimates: those of a spectrogram's frame but one, and those looked ahead.
  public let latency: Int
  public let channels: Int
  public let sampleRate: Int
  /// The sources, in output order; the last one is what the others leave of the mixture.
  public let sources: [String]

  private let (size, hop, bins): (Int, Int, Int)
  private let predicted: Int
  private let transform: FrameTransform
  private let network: NetworkStream
  /// The last `size` samples of every channel; those to come are behind, so that frames need not be gathered.
  private var history: [[Float]]
  /// The mixture, as long as it is waited for, interleaved: a ring.
  private var mixture: [Float]
  /// Spectra that wait for their masks, a ring of `lookahead` + 1: [channel][place · bins].
  private var real: [[Float]]
  private var imaginary: [[Float]]
  private var magnitudes: [Float]
  private var masks: [Float]
  private var (maskedReal, maskedImaginary): ([Float], [Float])
  /// Estimates, the first `hop` of which are finished: [source · channels + channel].
  private var sums: [[Float]]
  /// Finished samples: [source · channels + channel].
  private var ready: [[Float]]
  private var frames = 0
  private var samplesIn = 0

  public init(_ model: MaskTCN) {
    let c = model.configuration
    require(c.frameSize % c.hop == 0, "LiveSeparator: frames of \(c.frameSize) samples, \(c.hop) apart")
    (channels, sampleRate, sources) = (c.channels, c.sampleRate, c.sources)
    (size, hop, bins) = (c.frameSize, c.hop, c.frameSize / 2 + 1)
    latency = c.receptiveField.after
    predicted = c.sources.count - 1
    transform = FrameTransform(size: size, hop: hop)
    network = NetworkStream(model.maskProgram(), block: 1)
    func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }
    history = Array(repeating: zeros(size + hop), count: channels)
    mixture = zeros((latency + 1) * channels)
    real = Array(repeating: zeros((c.lookahead + 1) * bins), count: channels)
    imaginary = real
    magnitudes = zeros(channels * bins)
    masks = zeros(predicted * channels * bins)
    (maskedReal, maskedImaginary) = (zeros(bins), zeros(bins))
    sums = Array(repeating: zeros(size), count: predicted * channels)
    ready = Array(repeating: zeros(hop), count: predicted * channels)
    // Before the beginning there was silence, as long as the network remembers.
    network.skip(.zeros([1, c.remembered + 1, channels * bins]))
  }

  /// Takes frames and gives the sources as they were `latency` frames ago; zeros before that.
  ///
  /// - Parameters:
  ///   - input: interleaved, `frames · channels` samples.
  ///   - outputs: one for each source, each as long as the input.
  public func process(_ input: UnsafePointer<Float>, frames count: Int, into outputs: [UnsafeMutablePointer<Float>]) {
    require(outputs.count == sources.count, "LiveSeparator: \(outputs.count) outputs for \(sources.count) sources")
    for index in 0..<count {
      let place = samplesIn % hop
      let turn = samplesIn % (latency + 1)
      for channel in 0..<channels {
        let sample = input[index * channels + channel]
        history[channel][size + place] = sample
        mixture[turn * channels + channel] = sample
      }
      samplesIn += 1
      if place == hop - 1 { advance() }
      // The oldest place of the ring is the next one to be written.
      let oldest = samplesIn % (latency + 1)
      for channel in 0..<channels {
        var rest = mixture[oldest * channels + channel]
        for source in 0..<predicted {
          // The sample that is `latency` old was finished with the frame that ended last.
          let estimate = ready[source * channels + channel][(place + 1) % hop]
          outputs[source][index * channels + channel] = estimate
          rest -= estimate
        }
        outputs[predicted][index * channels + channel] = rest
      }
    }
  }

  /// One frame of the spectrogram.
  private func advance() {
    let ahead = real[0].count / bins - 1
    let turn = frames % (ahead + 1)
    for channel in 0..<channels {
      history[channel].withUnsafeMutableBufferPointer { samples in
        guard let base = samples.baseAddress else { return }
        base.update(from: base + hop, count: size)
        real[channel].withUnsafeMutableBufferPointer { real in
          imaginary[channel].withUnsafeMutableBufferPointer { imaginary in
            guard let re = real.baseAddress, let im = imaginary.baseAddress else { return }
            transform.forward(base, real: re + turn * bins, imaginary: im + turn * bins)
            for bin in 0..<bins {
              let (x, y) = (re[turn * bins + bin], im[turn * bins + bin])
              magnitudes[channel * bins + bin] = log1p((x * x + y * y).squareRoot())
            }
          }
        }
      }
    }
    network.step(magnitudes, into: &masks)
    frames += 1
    // The spectrum the masks are for is the oldest one.
    let oldest = frames % (ahead + 1)
    for source in 0..<predicted {
      for channel in 0..<channels { synthesise(source, channel, place: oldest) }
    }
  }

  /// Masks a spectrum and adds its frame to what comes out; the first `hop` samples are then finished.
  private func synthesise(_ source: Int, _ channel: Int, place: Int) {
    let index = source * channels + channel
    for bin in 0..<bins {
      let mask = masks[index * bins + bin]
      maskedReal[bin] = real[channel][place * bins + bin] * mask
      maskedImaginary[bin] = imaginary[channel][place * bins + bin] * mask
    }
    sums[index].withUnsafeMutableBufferPointer { sums in
      guard let base = sums.baseAddress else { return }
      transform.addInverse(real: maskedReal, imaginary: maskedImaginary, to: base)
      for n in 0..<hop { ready[index][n] = base[n] }
      base.update(from: base + hop, count: size - hop)
      (base + size - hop).update(repeating: 0, count: hop)
    }
  }
}
